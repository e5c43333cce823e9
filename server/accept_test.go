package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// from connects as a page of this origin.
func (f *fixture) from(t *testing.T, origin string, offer ...string) (*peer, int) {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{
		Subprotocols: offer, HTTPHeader: http.Header{"Origin": {origin}},
	})
	if resp == nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &peer{t: t, conn: conn, wait: patience}, resp.StatusCode
}

func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		origin  string
		origins []string
		want    bool
	}{
		{"http://HOST", nil, true},
		{"https://HOST", nil, true},        // behind a proxy that ends TLS
		{"http://127.0.0.1:1", nil, false}, // another port
		{"https://evil.example", nil, false},
		{"null", nil, false},
		{"http://[::1", nil, false},
		{"https://evil.example", []string{"https://good.example"}, false},
		{"https://good.example", []string{"https://good.example"}, true},
		{"https://good.example", []string{"https://GOOD.example:443"}, true},
		{"http://good.example", []string{"http://good.example:80"}, true},
		{"http://good.example", []string{"http://good.example:443"}, false},
		{"https://GOOD.example", []string{"https://good.example"}, true},
		{"http://good.example", []string{"https://good.example"}, false},
		{"https://good.example:8443", []string{"https://good.example"}, false},
		{"https://good.example.evil.example", []string{"https://good.example"}, false},
		{"https://evil.example", []string{"*"}, true},
		{"null", []string{"null"}, true},
	} {
		t.Run(tt.origin, func(t *testing.T) {
			f := serve(t, echo, &server.Options{Origins: tt.origins})
			origin := strings.ReplaceAll(tt.origin, "HOST", strings.TrimPrefix(f.url, "http://"))
			p, status := f.from(t, origin)
			if allowed := p != nil; allowed != tt.want {
				t.Errorf("%s with %v: status %d", origin, tt.origins, status)
			}
			p, _ = f.from(t, origin, protocol.Subprotocol)
			if tt.want {
				p.send("[" + hello + "]")
				p.next()
			} else if reason := p.closed(protocol.CloseForbidden); !strings.Contains(reason, origin) || !strings.Contains(reason, "server.Options.Origins") {
				t.Errorf("reason: %s", reason)
			}
		})
	}
}

func TestCheckOrigin(t *testing.T) {
	f := serve(t, echo, &server.Options{CheckOrigin: func(r *http.Request) error {
		if r.Header.Get("Origin") == "https://evil.example" {
			return errors.New("not you")
		}
		return nil
	}})
	if p, status := f.from(t, "https://any.example"); p == nil {
		t.Errorf("status %d", status)
	}
	p, _ := f.from(t, "https://evil.example", protocol.Subprotocol)
	if reason := p.closed(protocol.CloseForbidden); reason != "not you" {
		t.Errorf("reason %q", reason)
	}
	resp, text := f.get(t, http.Header{"Origin": {"https://evil.example"}})
	if resp.StatusCode != http.StatusForbidden || text != "not you\n" {
		t.Errorf("status %d, %q", resp.StatusCode, text)
	}
}

func TestVersions(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.dial(t, "chat", "sockjax.2", protocol.Subprotocol)
	if got := p.conn.Subprotocol(); got != protocol.Subprotocol {
		t.Errorf("chose %q", got)
	}
	p = f.dial(t, "chat", "sockjax.9", "sockjax.2")
	if got := p.conn.Subprotocol(); got != "sockjax.9" {
		t.Errorf("answered as %q", got)
	}
	if reason := p.closed(protocol.CloseVersion); reason != "this server speaks sockjax.1, not sockjax.9: use a client of that version" {
		t.Errorf("reason %q", reason)
	}
	_, resp, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{Subprotocols: []string{"chat", "graphql-ws"}})
	if err == nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a foreign subprotocol: %v", err)
	}
}

func TestNotAWebSocket(t *testing.T) {
	f := serve(t, echo, nil)
	resp, text := f.get(t, nil)
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" || !strings.Contains(text, "WebSocket endpoint") {
		t.Errorf("status %d, %v, %q", resp.StatusCode, resp.Header, text)
	}
	resp, text = f.get(t, http.Header{"Sec-Websocket-Protocol": {"sockjax.7"}})
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("status %d, %q", resp.StatusCode, text)
	}
	resp, text = f.get(t, http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"7"}})
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "version") {
		t.Errorf("an old version: status %d, %q", resp.StatusCode, text)
	}
}

// A failed handshake gives its place back.
func TestFailedHandshakes(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxConnections: 1})
	for range 3 {
		f.get(t, http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}})
		rec := httptest.NewRecorder() // can't be hijacked
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
		f.ServeHTTP(rec, r)
		if rec.Code != http.StatusNotImplemented {
			t.Errorf("status %d", rec.Code)
		}
	}
	f.open(t)
}

type connKey struct{}

// Handlers see what ConnContext knows, and through a ResponseWriter that
// middleware has wrapped.
func TestConnContext(t *testing.T) {
	noLeaks(t)
	s := server.New(server.HandlerFunc(func(ctx context.Context, r *server.Request) (any, error) {
		return []any{ctx.Value(connKey{}), r.HTTP.Context().Value(connKey{})}, nil
	}), nil)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(unwrapper{w}, r)
	}))
	web.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, "value")
	}
	web.Start()
	defer web.Close()
	defer s.Shutdown(context.Background())
	p := (&fixture{url: web.URL}).dial(t)
	p.send(`{"key":1}`)
	if got := p.mustFrame(); got != `{"key":1,"data":["value","value"]}` {
		t.Errorf("got %s", got)
	}
	p.conn.Close(websocket.StatusNormalClosure, "")
}

// unwrapper hides http.Hijacker, as much middleware does.
type unwrapper struct{ w http.ResponseWriter }

func (u unwrapper) Header() http.Header         { return u.w.Header() }
func (u unwrapper) Write(p []byte) (int, error) { return u.w.Write(p) }
func (u unwrapper) WriteHeader(status int)      { u.w.WriteHeader(status) }
func (u unwrapper) Unwrap() http.ResponseWriter { return u.w }
