package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sockjax/sockjax/server"
)

// restartGrace is how long running calls have to end when the demo restarts
// its socket.
const restartGrace = 100 * time.Millisecond

// A socket answers the WebSockets of the demo. Connections must come through a
// faultListener and faultContext for the faults to work.
type socket struct {
	api     server.Handler
	options *server.Options
	clock   *clock

	mutex   sync.Mutex     // protects following
	current *server.Server // nil while it restarts
	stopped bool
	number  int // of the newest handshake
}

type numberKey struct{}

// newSocket makes the demo's WebSocket endpoint. allowed decides by the Origin
// and Host of a request; what the server has to tell goes to log.
func newSocket(allowed func(origin, host string) bool, log io.Writer) *socket {
	s := &socket{options: &server.Options{
		CheckOrigin: func(r *http.Request) error {
			origin := r.Header.Get("Origin")
			if allowed(origin, r.Host) {
				return nil
			}
			return fmt.Errorf("this page may not connect: start the server with -allow-origin %s", origin)
		},
		Topics: newTopics(),
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}}
	api := newAPI()
	handleFaults(api, s.restart)
	api.HandleFunc("socket", s.describe)
	api.Handle("publish", publish(s.options.Topics))
	s.clock = startClock(s.options.Topics)
	s.api = api
	s.current = server.New(s.api, s.options)
	return s
}

func (s *socket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	s.number++
	current, number := s.current, s.number
	s.mutex.Unlock()
	if current == nil {
		w.Header().Set("Retry-After", "1")
		plain(w, r, http.StatusServiceUnavailable, "503 the socket restarts, as the demo has asked it to")
		return
	}
	current.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), numberKey{}, number)))
}

// describe answers the number of the socket on which the call came, so that
// tabs can tell whether they share one, and how many sockets are open.
func (s *socket) describe(_ context.Context, r *server.Request) (any, error) {
	s.mutex.Lock()
	current := s.current
	s.mutex.Unlock()
	open := 0
	if current != nil {
		open = current.Stats().Connections
	}
	return map[string]any{"number": r.HTTP.Context().Value(numberKey{}), "open": open}, nil
}

// restart closes all connections and accepts none for this time. While it
// restarts it does nothing.
func (s *socket) restart(down time.Duration) {
	s.mutex.Lock()
	old := s.current
	s.current = nil
	s.mutex.Unlock()
	if old == nil {
		return
	}
	time.AfterFunc(down, func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if !s.stopped {
			s.current = server.New(s.api, s.options)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), restartGrace)
	defer cancel()
	old.Shutdown(ctx) // its error says that calls were still running
}

// Shutdown ends the WebSockets before the process does; an http.Server does
// not know of connections that have become WebSockets.
func (s *socket) Shutdown(ctx context.Context) error {
	s.clock.stop()
	s.mutex.Lock()
	current := s.current
	s.stopped, s.current = true, nil
	s.mutex.Unlock()
	if current == nil {
		return nil
	}
	return current.Shutdown(ctx)
}
