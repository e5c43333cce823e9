package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/server"
)

// A pipeListener accepts what its dial opens, in memory and so inside a
// synctest bubble.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// pipes is serve for a synctest bubble. The caller calls stop before the
// bubble ends.
func pipes(t *testing.T, h server.HandlerFunc, opts server.Options) (f *fixture, l *pipeListener, stop func()) {
	t.Helper()
	f = &fixture{log: new(log), url: "http://pipe/"}
	opts.Logger = slog.New(slog.NewTextHandler(f.log, nil))
	f.Server = server.New(h, &opts)
	l = newPipeListener()
	web := &http.Server{Handler: f}
	go web.Serve(l)
	return f, l, func() {
		if err := f.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		web.Close()
	}
}

// dialPipe connects through memory.
func (f *fixture) dialPipe(t *testing.T, l *pipeListener, offer ...string) *peer {
	t.Helper()
	transport := &http.Transport{DialContext: l.dial}
	conn, _, err := websocket.Dial(context.Background(), f.url, &websocket.DialOptions{
		Subprotocols: offer, HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	return &peer{t: t, conn: conn, wait: 24 * time.Hour}
}

// rawPipe connects through memory without a WebSocket library: what the other
// end sends stays where it is until the test reads.
func (f *fixture) rawPipe(t *testing.T, l *pipeListener, offer string) net.Conn {
	t.Helper()
	conn, err := l.dial(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, handshake(offer)); err != nil {
		t.Fatal(err)
	}
	readHandshake(t, conn)
	return conn
}

// newWeb is a server that says nothing of what goes wrong.
func newWeb(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
}
