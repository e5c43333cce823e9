package server

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A Server is an http.Handler that answers requests over WebSockets. Mount it
// at any path of an http.Server; it needs HTTP/1.1, which browsers use for
// WebSockets by themselves.
type Server struct {
	service
	acceptor acceptor
	kill     context.CancelFunc // ends life

	mutex   sync.Mutex // protects following
	open    int        // connections, those that are being accepted included
	conns   map[*conn]struct{}
	closing bool
	empty   chan struct{} // closed when closing and none is open; nil before closing
}

// New makes a Server of a handler. opts may be nil. It panics on options that
// can't work.
func New(h Handler, opts *Options) *Server {
	if h == nil {
		panic("sockjax: New needs a handler")
	}
	s := &Server{conns: make(map[*conn]struct{})}
	s.service = service{handler: h, options: opts.withDefaults(), remove: s.remove}
	s.life, s.kill = context.WithCancel(context.Background())
	s.acceptor.options = &s.options
	return s
}

// ServeHTTP makes a WebSocket of the request and returns; the connection lives
// on. A request that is none, or may not connect, gets an HTTP error in plain
// text; a sockjax client that may not connect is accepted and closed, since a
// browser shows a page the close code, but not the HTTP error.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	opened := time.Now() // before the client can know, and open the next
	name, no := s.acceptor.check(r)
	if no == nil {
		no = s.reserve()
	}
	if no != nil {
		s.acceptor.refuse(w, r, name, no)
		return
	}
	accepted := false
	defer func() {
		if !accepted {
			s.remove(nil)
		}
	}()
	ws, transport := s.acceptor.accept(w, r, name)
	if ws == nil {
		return // accept has answered
	}
	accepted = true
	c := newConn(&s.service, r, ws, transport, name == "")
	c.opened = opened
	s.add(c)
	go c.start()
}

// reserve takes a place for a connection, or returns why there is none.
func (s *Server) reserve() *refusal {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.closing:
		return restarting
	case s.options.MaxConnections > 0 && s.open >= s.options.MaxConnections:
		return full
	}
	s.open++
	return nil
}

// add fills the place. If Shutdown has been called meanwhile, the connection
// ends as those do that were there before.
func (s *Server) add(c *conn) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.conns[c] = struct{}{}
	switch {
	case s.life.Err() != nil:
		go c.kill()
	case s.closing:
		go c.drain()
	}
}

// remove frees the place; c is nil if it was never filled.
func (s *Server) remove(c *conn) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.conns, c)
	s.open--
	if s.closing && s.open == 0 {
		close(s.empty)
	}
}

// Shutdown ends all connections in good order. It refuses new connections and
// new requests, waits for the handlers that run, also those whose connections
// have ended, sends or stores their outcomes, closes each connection with code
// 1012, after which clients connect again, and returns. The sessions stay in
// Options.Sessions: a Server that shares it resumes them.
//
// When ctx ends first, Shutdown cancels the contexts of the handlers that still
// run with ErrShutdown, and those of the calls to Options.Sessions, and returns
// ctx.Err() at once, whatever the handlers and the store do. The sessions of
// those handlers are forgotten and the connections closed in the background,
// which takes a few seconds at most.
//
// http.Server.Shutdown neither waits for WebSockets nor closes them: call both.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mutex.Lock()
	if !s.closing {
		s.closing = true
		s.empty = make(chan struct{})
		if s.open == 0 {
			close(s.empty)
		}
		for c := range s.conns {
			go c.drain()
		}
	}
	s.mutex.Unlock()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
	}
	s.kill()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.open == 0 {
		return nil
	}
	for c := range s.conns {
		go c.kill()
	}
	return ctx.Err()
}
