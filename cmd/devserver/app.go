package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// stopTime is how long a stop waits for requests under way.
const stopTime = 3 * time.Second

// An app is one run of the server.
type app struct {
	addr           string
	origins        origins
	root           string // the checkout
	build          buildFunc
	quiet          time.Duration // see watcher
	stdout, stderr io.Writer

	started func(url string) // for tests; may be nil
}

// serve runs until ctx is done. It listens before it builds: a port in use
// shows at once, and a page that is opened early waits instead of failing.
func (a *app) serve(ctx context.Context) error {
	listeners, err := listen(a.addr)
	if err != nil {
		return err
	}
	defer closeAll(listeners) // for the ways out before the server owns them
	url, outward := pageURL(a.addr, listeners[0])
	a.origins.loopback = !outward

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fmt.Fprintln(a.stdout, "sockjax: building") // a cold build cache takes a minute
	// The watcher is first, so that no change during the first build is lost.
	w, watchErr := newWatcher(a.root, a.quiet)
	d := &dev{root: a.root, build: a.build, board: newBoard(), log: a.stderr}
	if err := d.rebuild(ctx); err != nil {
		if watchErr == nil {
			w.fs.Close()
		}
		return err
	}
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	if watchErr == nil {
		batches := make(chan []string)
		tasks.Go(func() { w.run(ctx, batches) })
		tasks.Go(func() { d.follow(ctx, batches) })
	} else {
		fmt.Fprintln(a.stderr, "devserver:", watchErr, "(serving without reload)")
	}
	fmt.Fprintf(a.stdout, "sockjax: open %s\n", url)
	if outward {
		fmt.Fprintln(a.stdout, "sockjax: other machines reach this server too")
	}
	if a.started != nil {
		a.started(url)
	}
	return a.answer(ctx, d, listeners)
}

// answer serves requests until ctx is done, then stops gracefully.
func (a *app) answer(ctx context.Context, d *dev, listeners []net.Listener) error {
	ws := newSocket(a.origins.allowed, a.stderr)
	srv := &http.Server{
		Handler:           newMux(config{site: d.site, board: d.board, socket: ws}),
		ReadHeaderTimeout: 10 * time.Second,
		ConnContext:       faultContext,
	}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- srv.Serve(faultListener{l}) }()
	}
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("failed to serve: %w", err)
	case <-ctx.Done():
	}
	d.board.close()
	// Not ctx, which is over.
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	stopErr := errors.Join(ws.Shutdown(stop), srv.Shutdown(stop))
	if stopErr != nil {
		srv.Close()
		fmt.Fprintln(a.stderr, "devserver: stopped with requests under way:", stopErr)
	}
	return err
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close() // twice is harmless
	}
}
