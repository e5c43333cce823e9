package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// upgrade is a handshake's header.
func upgrade(more ...string) http.Header {
	h := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] == "" {
			h.Del(more[i])
		} else {
			h.Set(more[i], more[i+1])
		}
	}
	return h
}

// shake makes a handshake that must be refused by an HTTP status.
func (f *fixture) shake(t *testing.T, status int, h http.Header, wrap func(http.ResponseWriter) http.ResponseWriter) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = h
	if wrap != nil {
		f.ServeHTTP(wrap(w), r)
	} else {
		f.ServeHTTP(w, r)
	}
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
}

// warnings are the lines of the log at level Warn.
func (l *log) warnings() (lines []string) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level=WARN") {
			lines = append(lines, line)
		}
	}
	return lines
}

// A gzipWriter is a middleware's, without Hijack or Unwrap.
type gzipWriter struct{ http.ResponseWriter }

// A loggingWriter is a middleware's that has a Hijack, which fails because
// there is no Hijacker below.
type loggingWriter struct{ http.ResponseWriter }

func (loggingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("the underlying ResponseWriter is no http.Hijacker")
}

// Each handshake that is refused in a way that a page can't see makes a line
// that says why, and what to do.
func TestUnseenRefusalsAreLogged(t *testing.T) {
	for name, tt := range map[string]struct {
		opts   server.Options
		header http.Header
		wrap   func(http.ResponseWriter) http.ResponseWriter
		status int
		want   []string
	}{
		"middleware": {header: upgrade(), status: 501,
			wrap: func(w http.ResponseWriter) http.ResponseWriter { return gzipWriter{w} },
			want: []string{"middleware", "server_test.gzipWriter", "http.Hijacker", "Unwrap()", "status=501"}},
		"middleware's Hijack fails": {header: upgrade(), status: 101, // which the library has written by then
			wrap: func(w http.ResponseWriter) http.ResponseWriter { return loggingWriter{w} },
			want: []string{"Hijack failed", "the underlying ResponseWriter is no http.Hijacker"}},
		"no upgrade": {header: http.Header{}, status: 426,
			want: []string{"WebSocket endpoint", "proxy", "forward Upgrade and Connection", "status=426"}},
		"no Connection header": {header: upgrade("Connection", ""), status: 426,
			wrap: func(w http.ResponseWriter) http.ResponseWriter { return loggingWriter{w} },
			want: []string{"Connection", "does not contain Upgrade"}},
		"an old version": {header: upgrade("Sec-Websocket-Version", "7"), status: 400,
			wrap: func(w http.ResponseWriter) http.ResponseWriter { return loggingWriter{w} },
			want: []string{"unsupported WebSocket protocol version"}},
		"a foreign subprotocol": {header: upgrade("Sec-Websocket-Protocol", "graphql-ws"), status: 400,
			want: []string{"none of the subprotocols is known", "sockjax.1", "status=400"}},
		"a foreign origin in plain mode": {header: upgrade("Origin", "https://evil.example"), status: 403,
			want: []string{"https://evil.example is not allowed", "server.Options.Origins", "status=403"}},
		"too many connections in plain mode": {opts: server.Options{MaxConnections: 1}, header: upgrade(), status: 503,
			want: []string{"too many connections", "status=503"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, echo, &tt.opts)
			if tt.opts.MaxConnections > 0 {
				f.open(t)
			}
			f.shake(t, tt.status, tt.header, tt.wrap)
			lines := f.log.warnings()
			if len(lines) != 1 {
				t.Fatalf("%d warnings: %q", len(lines), lines)
			}
			for _, want := range append(tt.want, "refused a handshake", "remote=") {
				if !strings.Contains(lines[0], want) {
					t.Errorf("no %q in %s", want, lines[0])
				}
			}
		})
	}
}

func TestRefusalOverHTTP2IsLogged(t *testing.T) {
	f := serve(t, echo, nil)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header, r.Proto, r.ProtoMajor, r.ProtoMinor = upgrade(), "HTTP/2.0", 2, 0
	f.ServeHTTP(httptest.NewRecorder(), r)
	if lines := f.log.warnings(); len(lines) != 1 || !strings.Contains(lines[0], "over HTTP/2.0: a WebSocket needs HTTP/1.1") {
		t.Errorf("%q", lines)
	}
}

// What a page can see by its close code is nothing to warn of, unless there is
// too much of it to say so.
func TestSeenRefusalsAreNoWarnings(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxConnections: 1})
	f.open(t)
	f.dial(t, protocol.Subprotocol).closed(protocol.CloseTryLater)
	f.dial(t, "sockjax.9").closed(protocol.CloseVersion)
	p, _ := f.from(t, "https://evil.example", protocol.Subprotocol)
	p.closed(protocol.CloseForbidden)
	if lines := f.log.warnings(); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	const places = 256
	for range places { // they do not answer the close, so that it goes on for 5 s
		conn, _, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}})
		if err != nil {
			break
		}
		defer conn.CloseNow()
	}
	f.shake(t, http.StatusServiceUnavailable, upgrade("Sec-Websocket-Protocol", protocol.Subprotocol), nil)
	if lines := f.log.warnings(); len(lines) != 1 || !strings.Contains(lines[0], "256 connections are open only to be told why not: too many connections") {
		t.Errorf("%q", lines)
	}
}

// Strangers can't flood the log, nor hide one reason behind another: each is
// reported once a minute.
func TestStrangersCannotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, stop := pipes(t, echo, server.Options{})
		defer stop()
		const strangers = 1000
		for i := range strangers {
			f.shake(t, 426, http.Header{}, nil)
			f.shake(t, 403, upgrade("Origin", fmt.Sprintf("https://evil%d.example", i)), nil)
			f.shake(t, 400, upgrade("Sec-Websocket-Protocol", fmt.Sprintf("evil-%d", i)), nil)
		}
		f.shake(t, 501, upgrade(), nil)
		if lines := f.log.warnings(); len(lines) != 4 {
			t.Fatalf("%d warnings", len(lines))
		}
		time.Sleep(time.Minute - time.Nanosecond)
		f.shake(t, 501, upgrade(), nil)
		if lines := f.log.warnings(); len(lines) != 4 {
			t.Fatalf("%d warnings", len(lines))
		}
		time.Sleep(time.Nanosecond)
		f.shake(t, 426, http.Header{}, nil)
		f.shake(t, 501, upgrade(), nil)
		lines := f.log.warnings()
		if len(lines) != 6 || !strings.Contains(lines[4], "unreported=999") || !strings.Contains(lines[5], "unreported=1") {
			t.Fatalf("%d warnings, the last %q", len(lines), lines[4:])
		}
	})
}

// Shutdown refuses, too.
func TestRefusalOfAServerThatShutsDownIsLogged(t *testing.T) {
	f := serve(t, echo, nil)
	if err := f.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.shake(t, http.StatusServiceUnavailable, upgrade(), nil)
	if lines := f.log.warnings(); len(lines) != 1 || !strings.Contains(lines[0], "the server restarts") {
		t.Errorf("%q", lines)
	}
}
