//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/sockjax/sockjax/server"
)

// serve is the child: it prints its two addresses, and serves until its
// standard input ends, which it does when the parent dies. At the first it
// echoes calls. At the second it takes orders:
//
//	/stats        what the process takes, as JSON
//	/cut?n=5000   resets that many connections, and answers, as JSON, how many
//	              nanoseconds later each of as many came: when all have, or
//	              no more within a minute
func (p plan) serve(ctx context.Context, out io.Writer) error {
	if err := enoughFiles(p.conns); err != nil {
		return err
	}
	calls, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	orders, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	conns := &counted{Listener: calls, open: map[*member]struct{}{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(measure())
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		_ = json.NewEncoder(w).Encode(conns.cut(r.Context(), n))
	})
	echo := server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) { return r.Data, nil })
	web := &http.Server{Handler: server.New(echo, &server.Options{Jitter: p.jitter, Logger: slog.New(slog.DiscardHandler)})}
	fmt.Fprintln(out, calls.Addr(), orders.Addr())
	failed := make(chan error, 2)
	go func() { failed <- web.Serve(conns) }()
	go func() { failed <- (&http.Server{Handler: mux}).Serve(orders) }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// counted is a listener that knows its connections.
type counted struct {
	net.Listener

	mu      sync.Mutex // protects following
	open    map[*member]struct{}
	came    []time.Duration // since the cut
	since   time.Time       // the cut; zero until then
	arrived chan struct{}
}

// member is one connection.
type member struct {
	*net.TCPConn
	of *counted
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	m := &member{c.(*net.TCPConn), l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[m] = struct{}{}
	if !l.since.IsZero() {
		l.came = append(l.came, time.Since(l.since))
		l.arrived <- struct{}{}
	}
	return m, nil
}

func (m *member) Close() error {
	m.of.mu.Lock()
	delete(m.of.open, m)
	m.of.mu.Unlock()
	return m.TCPConn.Close()
}

// cut resets n connections and returns when they came back.
func (l *counted) cut(ctx context.Context, n int) []time.Duration {
	l.mu.Lock()
	var hit []*member
	for m := range l.open { // in no order
		if len(hit) == n {
			break
		}
		hit = append(hit, m)
	}
	l.arrived = make(chan struct{}, 4*n)
	l.since = time.Now()
	l.mu.Unlock()
	for _, m := range hit {
		_ = m.SetLinger(0) // if it fails, the client sees a FIN
		m.Close()
	}
	for range n {
		select {
		case <-l.arrived:
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.came
}
