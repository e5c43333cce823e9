//go:build !js

package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// nodes are the servers that can be reached, in memory, and the lines to them.
type nodes struct {
	mu    sync.Mutex // protects following
	nodes []*node
	now   int   // the one that is dialed
	down  bool  // nothing is reached
	line  *line // the last
}

// node is a net.Listener.
type node struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (n *nodes) listen(handler http.Handler) (stop func()) {
	l, stop := newNode(handler)
	n.mu.Lock()
	n.nodes = append(n.nodes, l)
	n.mu.Unlock()
	return stop
}

func newNode(handler http.Handler) (l *node, stop func()) {
	l = &node{conns: make(chan net.Conn), closed: make(chan struct{})}
	web := &http.Server{Handler: handler}
	go web.Serve(l)
	return l, func() { web.Close() }
}

func (l *node) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *node) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *node) Addr() net.Addr { return &net.UnixAddr{Name: "node"} }

func (n *nodes) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	l := &line{}
	l.near, l.far = &end{Conn: near, silent: &l.deaf}, &end{Conn: far, silent: &l.dumb}
	n.mu.Lock()
	to, down := n.nodes[n.now], n.down
	n.line = l
	n.mu.Unlock()
	if down {
		return nil, errors.New("the network is down")
	}
	select {
	case to.conns <- l.far:
		return l.near, nil
	case <-to.closed:
		return nil, net.ErrClosed
	}
}

// line is a connection that can fall silent in each direction, for ever, and
// be cut.
type line struct {
	near, far  *end
	deaf, dumb atomic.Bool // what the client sends, what the server sends vanishes
}

func (l *line) cut() {
	l.near.Conn.Close()
	l.far.Conn.Close()
}

// latency is how long what is written is on its way, and can be lost.
const latency = 5 * time.Millisecond

type end struct {
	net.Conn
	silent *atomic.Bool
}

func (e *end) Write(p []byte) (int, error) {
	time.Sleep(latency)
	if e.silent.Load() {
		return len(p), nil
	}
	return e.Conn.Write(p)
}
