package server_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A panickingStore panics in the method that it is told to.
type panickingStore struct {
	server.SessionStore
	method atomic.Value
}

func (p *panickingStore) enter(method string) {
	if p.method.Load() == method {
		panic("secret in " + method)
	}
}

func (p *panickingStore) Attach(ctx context.Context, r server.SessionRequest, o server.SessionOwner) (server.Session, uint64, bool, error) {
	p.enter("Attach")
	s, acked, resumed, err := p.SessionStore.Attach(ctx, r, o)
	if p.method.Load() == "Attach to nothing" {
		return nil, 0, false, nil
	}
	return &panickingSession{s, p}, acked, resumed, err
}

type panickingSession struct {
	server.Session
	store *panickingStore
}

func (p *panickingSession) Begin(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	p.store.enter("Begin")
	if p.store.method.Load() == "Begin with too few verdicts" {
		return []server.Verdict{}, nil
	}
	return p.Session.Begin(ctx, keys)
}

func (p *panickingSession) Peek(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	p.store.enter("Peek")
	if p.store.method.Load() == "Peek with too few verdicts" {
		return []server.Verdict{}, nil
	}
	return p.Session.Peek(ctx, keys)
}

func (p *panickingSession) Append(ctx context.Context, frame []byte, keys []protocol.Key) (uint64, error) {
	p.store.enter("Append")
	return p.Session.Append(ctx, frame, keys)
}

func (p *panickingSession) Next(ctx context.Context, after uint64) ([]byte, uint64, error) {
	p.store.enter("Next")
	return p.Session.Next(ctx, after)
}

func (p *panickingSession) Ack(ctx context.Context, n uint64) error {
	p.store.enter("Ack")
	return p.Session.Ack(ctx, n)
}

func (p *panickingSession) Cancel(ctx context.Context, key protocol.Key) error {
	p.store.enter("Cancel")
	return p.Session.Cancel(ctx, key)
}

func (p *panickingSession) Detach(ctx context.Context) {
	p.store.enter("Detach")
	p.Session.Detach(ctx)
}
func (p *panickingSession) Close(ctx context.Context) { p.store.enter("Close"); p.Session.Close(ctx) }
func (p *panickingSession) Forget(ctx context.Context) {
	p.store.enter("Forget")
	p.Session.Forget(ctx)
}

// A store that panics, or answers what is no answer, loses the session and
// harms nobody else.
func TestPanickingStore(t *testing.T) {
	const deep = `[{"key":2,"data":DEEP}]`
	for method, frame := range map[string]string{
		"Attach": "", "Attach to nothing": "", "Next": "",
		"Begin": `[{"key":2}]`, "Begin with too few verdicts": `[{"key":2}]`,
		"Peek": deep, "Peek with too few verdicts": deep,
		"Append": `[{"key":2}]`, "Ack": `[{"ack":1}]`, "Cancel": `[{"cancel":1}]`,
		"Detach": "leave", "Close": "leave",
		"Forget": `[{"key":2}]`,
	} {
		t.Run(method, func(t *testing.T) {
			store := &panickingStore{SessionStore: server.NewMemoryStore(nil)}
			f := serve(t, echo, &server.Options{Sessions: store})
			p := f.dial(t, protocol.Subprotocol)
			if frame == "" {
				store.method.Store(method)
			}
			p.send("[" + hello + "]")
			if frame != "" {
				p.next()
				p.send(`[{"key":1,"data":1}]`)
				p.want(`{"key":1,"data":1}`)
				store.method.Store(method)
			}
			switch {
			case frame == "leave":
				p.conn.CloseNow()
				f.wantLog(t, "secret in "+method, 1)
			case method == "Forget":
				store.method.Store("")
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				f.Shutdown(ctx)
				return
			default:
				if frame != "" {
					p.send(strings.Replace(frame, "DEEP", strings.Repeat("[", 600)+strings.Repeat("]", 600), 1))
				}
				if reason := p.closed(protocol.CloseInternal); strings.Contains(reason, "secret") {
					t.Errorf("reason %q", reason)
				}
			}
			store.method.Store("")
			f.openAs(t, sessionID(1)).quiet()
		})
	}
}

// A logger that panics does so wherever the server has something to tell.
type panickingLogger struct{ told atomic.Int64 }

func (p *panickingLogger) Enabled(context.Context, slog.Level) bool { return true }
func (p *panickingLogger) WithAttrs([]slog.Attr) slog.Handler       { return p }
func (p *panickingLogger) WithGroup(string) slog.Handler            { return p }
func (p *panickingLogger) Handle(_ context.Context, r slog.Record) error {
	p.told.Add(1)
	panic("in the logger: " + r.Message)
}

func TestPanickingLogger(t *testing.T) {
	noLeaks(t)
	logger := new(panickingLogger)
	s := server.New(server.HandlerFunc(func(context.Context, *server.Request) (any, error) { panic("in the handler") }),
		&server.Options{Logger: slog.New(logger)})
	web := httptest.NewServer(s)
	defer web.Close()
	defer s.Shutdown(context.Background())
	f := &fixture{Server: s, url: web.URL}
	const internal = `"error":{"code":"internal","message":"internal error"}}`
	p := f.open(t) // connected
	p.send(`[{"key":1},{"key":2}]`)
	p.next()
	p.next() // two handlers failed
	if resp, text := f.get(t, nil); resp.StatusCode != http.StatusUpgradeRequired || !strings.Contains(text, "WebSocket endpoint") {
		t.Errorf("refused with %d %s", resp.StatusCode, text)
	}
	p.send("no JSON")
	p.closed(protocol.CloseBadMessage)
	plain := f.dial(t)
	plain.send(`{"key":1}`)
	if got := plain.mustFrame(); got != `{"key":1,`+internal {
		t.Errorf("got %s", got)
	}
	plain.conn.CloseNow()
	if n := logger.told.Load(); n < 5 {
		t.Errorf("the server had %d things to tell", n)
	}
}

// unprintable panics when it is printed, and what it panics with does too: even
// fmt gives up.
type unprintable struct{}

func (unprintable) Error() string { panic(unprintable{}) }

func TestPanicsThatCannotBePrinted(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		if string(r.Data) == "1" {
			return nil, unprintable{}
		}
		panic(unprintable{})
	}, &server.Options{Authenticate: func(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
		switch token {
		case "panic":
			panic(unprintable{})
		case "error":
			return server.Identity{}, unprintable{}
		}
		return server.Identity{}, nil
	}})
	p := f.open(t)
	p.send(`[{"key":1,"data":1}]`)
	p.want(`{"key":1,"error":{"code":"internal","message":"internal error"}}`)
	p.send(`[{"key":2,"data":2}]`)
	p.want(`{"key":2,"error":{"code":"internal","message":"internal error"}}`)
	f.wantLog(t, "err=\"panic: server_test.unprintable", 1)
	for _, token := range []string{"panic", "error"} {
		p.send(fmt.Sprintf(`[{"token":%q}]`, token))
		p.closed(protocol.CloseInternal)
		p = f.openAs(t, sessionID(1))
	}
}

// A handler of the program's that ends its goroutine, as t.FailNow does, takes
// no more than its connection with it.
func TestAuthenticateGoexit(t *testing.T) {
	f := serve(t, echo, &server.Options{Authenticate: func(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
		if token == "exit" {
			runtime.Goexit()
		}
		return server.Identity{}, nil
	}})
	for range 100 { // what is left of one batch must not get into another
		p := f.dial(t, protocol.Subprotocol)
		p.send("[" + hello + `,{"key":1,"data":"lost"},{"token":"exit"}]`)
		p.closed(protocol.CloseInternal)
		p = f.openAs(t, sessionID(1))
		p.send(`[{"key":1,"data":"mine"}]`)
		p.want(`{"key":1,"data":"mine"}`)
		p.quiet()
		p.conn.CloseNow()
	}
}

// A middleware's ResponseWriter that panics gives back the connection's place.
func TestPanickingHijack(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxConnections: 1})
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.ServeHTTP(panickingHijacker{w}, r)
	}))
	web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	web.Start()
	defer web.Close()
	for range 3 {
		other := &fixture{url: web.URL}
		conn, err := net.Dial("tcp", strings.TrimPrefix(other.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(handshake(protocol.Subprotocol)))
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Fatalf("%d bytes came", n)
		}
		conn.Close()
	}
	f.open(t)
}

type panickingHijacker struct{ http.ResponseWriter }

func (panickingHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { panic(http.ErrAbortHandler) }
