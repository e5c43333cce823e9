package server_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A hangingStore hangs in one of its methods, until ctx ends or, if it is deaf
// to that, until the test lets it go.
type hangingStore struct {
	server.SessionStore
	method  string
	deaf    bool
	release chan struct{}
}

// hang hangs in the method, and returns why it could not do its work.
func (h *hangingStore) hang(ctx context.Context, method string) error {
	if method != h.method {
		return nil
	}
	done := ctx.Done()
	if h.deaf {
		done = nil
	}
	select {
	case <-done:
		return ctx.Err()
	case <-h.release:
		return nil
	}
}

func (h *hangingStore) Attach(ctx context.Context, r server.SessionRequest, o server.SessionOwner) (server.Session, uint64, bool, error) {
	if err := h.hang(ctx, "Attach"); err != nil {
		return nil, 0, false, err
	}
	s, acked, resumed, err := h.SessionStore.Attach(ctx, r, o)
	return &hangingSession{s, h}, acked, resumed, err
}

type hangingSession struct {
	server.Session
	store *hangingStore
}

func (h *hangingSession) Begin(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	if err := h.store.hang(ctx, "Begin"); err != nil {
		return nil, err
	}
	return h.Session.Begin(ctx, keys)
}

func (h *hangingSession) Peek(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	if err := h.store.hang(ctx, "Peek"); err != nil {
		return nil, err
	}
	return h.Session.Peek(ctx, keys)
}

func (h *hangingSession) Append(ctx context.Context, frame []byte, keys []protocol.Key) (uint64, error) {
	if err := h.store.hang(ctx, "Append"); err != nil {
		return 0, err
	}
	return h.Session.Append(ctx, frame, keys)
}

func (h *hangingSession) Next(ctx context.Context, after uint64) ([]byte, uint64, error) {
	if err := h.store.hang(ctx, "Next"); err != nil {
		return nil, 0, err
	}
	return h.Session.Next(ctx, after)
}

func (h *hangingSession) Ack(ctx context.Context, n uint64) error {
	if err := h.store.hang(ctx, "Ack"); err != nil {
		return err
	}
	return h.Session.Ack(ctx, n)
}

func (h *hangingSession) Cancel(ctx context.Context, key protocol.Key) error {
	if err := h.store.hang(ctx, "Cancel"); err != nil {
		return err
	}
	return h.Session.Cancel(ctx, key)
}

func (h *hangingSession) Detach(ctx context.Context) {
	h.store.hang(ctx, "Detach")
	h.Session.Detach(ctx)
}

func (h *hangingSession) Close(ctx context.Context) {
	h.store.hang(ctx, "Close")
	h.Session.Close(ctx)
}

func (h *hangingSession) Forget(ctx context.Context) {
	h.store.hang(ctx, "Forget")
	h.Session.Forget(ctx)
}

// Whichever method of the store hangs, and whether or not it heeds its ctx:
// Shutdown returns when its own ctx ends, the client's connection is closed
// soon after, and nothing is left when the store has returned.
func TestShutdownWhileTheStoreHangs(t *testing.T) {
	const limit = 5 * time.Second // of Shutdown
	const request = `{"key":1,"data":"a"}`
	for method, frames := range map[string][]string{
		"Attach": {"[" + hello + "]"},
		"Begin":  {"[" + hello + "," + request + "]"},
		"Peek":   {"[" + hello + `,{"key":2,"data":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}]`},
		"Append": {"[" + hello + "," + request + "]"},
		"Next":   {"[" + hello + "," + request + "]"},
		"Ack":    {"[" + hello + "," + request + "]", `[{"ack":1}]`},
		"Cancel": {"[" + hello + `,{"cancel":1}]`},
		"Detach": {"[" + hello + "," + request + "]", "leave"},
		"Close":  {"[" + hello + "," + request + "]", "leave"},
		"Forget": {"[" + hello + `,{"key":1,"data":"runs"}]`},
	} {
		for name, deaf := range map[string]bool{"until ctx ends": false, "for ever": true} {
			t.Run(method+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &hangingStore{server.NewMemoryStore(nil), method, deaf, make(chan struct{})}
					g := newGated(`"a"`)
					g.release[`"a"`] <- nil
					f, l, stop := pipes(t, g.ServeCall, server.Options{Sessions: store})
					p := f.dialPipe(t, l, protocol.Subprotocol)
					ended := make(chan time.Time, 1)
					go func() {
						for {
							if _, err := p.frame(); err != nil {
								ended <- time.Now()
								return
							}
						}
					}()
					for _, frame := range frames {
						if frame == "leave" {
							p.conn.CloseNow()
						} else {
							p.send(frame)
						}
						synctest.Wait()
					}
					ctx, cancel := context.WithTimeout(context.Background(), limit)
					defer cancel()
					start := time.Now()
					err := f.Shutdown(ctx)
					inTime := method == "Attach" && !deaf // its ctx ends with the connection
					if d := time.Since(start); d > limit || d < limit != inTime || (err == nil) != inTime {
						t.Errorf("Shutdown returned %v after %v", err, d)
					}
					if at := <-ended; at.Sub(start) > limit+10*time.Second {
						t.Errorf("the connection ended %v after Shutdown began", at.Sub(start))
					}
					if deaf {
						close(store.release)
					}
					time.Sleep(15 * time.Second)
					if now := f.Stats(); now != (server.Stats{}) {
						t.Errorf("there is left: %+v", now)
					}
					stop() // the bubble takes care that no goroutine is left
				})
			})
		}
	}
}

// Handlers that wait for room for their replies are let go with the store that
// hangs, though their connection has ended.
func TestHandlersBehindAHangingStore(t *testing.T) {
	const limit = 4 << 20
	for name, deaf := range map[string]bool{"until ctx ends": false, "for ever": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &hangingStore{server.NewMemoryStore(nil), "Append", deaf, make(chan struct{})}
				reply, others := strings.Repeat("x", limit), make(chan struct{})
				f, l, stop := pipes(t, func(_ context.Context, r *server.Request) (any, error) {
					if r.Key() != "1" {
						<-others
					}
					return reply, nil
				}, server.Options{Sessions: store, MaxBuffered: limit})
				p := f.dialPipe(t, l, protocol.Subprotocol)
				p.send("[" + hello + `,{"key":1},{"key":2},{"key":3}]`)
				p.next()
				synctest.Wait() // the first reply is being stored
				close(others)
				synctest.Wait()
				p.conn.CloseNow()
				synctest.Wait()
				if now := f.Stats(); now.Requests != 2 {
					t.Errorf("the other handlers do not wait: %+v", now)
				}
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				f.Shutdown(ctx)
				time.Sleep(15 * time.Second)
				if now := f.Stats(); now.Requests != 0 {
					t.Errorf("handlers wait for ever: %+v", now)
				}
				if deaf {
					close(store.release)
				}
				stop()
			})
		})
	}
}

// A connection that is being accepted when Shutdown runs out of time ends as
// all others do, whether or not a handler of it has begun.
func TestAcceptedWhenShutdownIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, newGated().ServeCall, server.Options{})
		defer stop()
		hijacking, accept := make(chan struct{}), make(chan struct{})
		slow := newPipeListener()
		web := newWeb(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.ServeHTTP(&slowHijacker{w, hijacking, accept}, r)
		}))
		go web.Serve(slow)
		defer web.Close()
		defer l.Close()
		ended := make(chan time.Duration)
		go func() {
			p := f.dialPipe(t, slow, protocol.Subprotocol)
			start := time.Now()
			p.send("[" + hello + `,{"key":1}]`)
			p.closed(protocol.CloseRestart)
			ended <- time.Since(start)
		}()
		<-hijacking
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f.Shutdown(ctx); err != context.Canceled {
			t.Errorf("Shutdown returned %v", err)
		}
		close(accept)
		if d := <-ended; d > time.Second {
			t.Errorf("it ended after %v", d)
		}
	})
}

// A slowHijacker is a middleware's ResponseWriter that takes its time.
type slowHijacker struct {
	http.ResponseWriter
	hijacking, accept chan struct{}
}

func (s *slowHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	close(s.hijacking)
	<-s.accept
	return s.ResponseWriter.(http.Hijacker).Hijack()
}
