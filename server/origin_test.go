package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// A proxy may write the port into Host that the browser leaves out of Origin,
// as nginx does with $host:$server_port: that is the same host.
func TestOriginWithoutTheDefaultPort(t *testing.T) {
	f := serve(t, echo, nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = r.Header.Get("X-Host")
		f.ServeHTTP(w, r)
	}))
	defer web.Close()
	for _, tt := range []struct {
		host, origin string
		want         bool
	}{
		{"example.com:443", "https://example.com", true},
		{"example.com", "https://example.com", true},
		{"example.com:443", "https://EXAMPLE.com", true},
		{"example.com", "https://example.com:443", true}, // no browser's
		{"example.com:", "https://example.com", true},
		{"example.com:80", "http://example.com", true},
		{"[2001:db8::1]:443", "https://[2001:db8::1]", true},
		{"[2001:db8::1]", "https://[2001:db8::1]", true},
		{"[2001:db8::1]:80", "http://[2001:db8::1]", true},
		{"example.com", "http://example.com", true}, // a proxy may have ended TLS
		{"example.com:8443", "https://example.com:8443", true},
		{"example.com:80", "https://example.com", false},
		{"example.com:443", "http://example.com", false},
		{"example.com:8443", "https://example.com", false},
		{"example.com", "https://example.com:8443", false},
		{"example.com:443", "https://evil.example", false},
		{"example.com:443", "https://example.com.evil.example", false},
		{"[2001:db8::1]:443", "https://[2001:db8::2]", false},
		{"[2001:db8::1:443]", "https://[2001:db8::1]", false},
		{"[2001:db8::1]:8443", "https://[2001:db8::1]", false},
		{"id:443", "chrome-extension://id", false}, // has no default port
		{"", "https://", false},
	} {
		for _, offer := range [][]string{nil, {protocol.Subprotocol}} {
			conn, resp, err := websocket.Dial(t.Context(), web.URL, &websocket.DialOptions{
				Subprotocols: offer, HTTPHeader: http.Header{"Origin": {tt.origin}, "X-Host": {tt.host}},
			})
			switch {
			case resp == nil:
				t.Fatal(err)
			case offer == nil || err != nil:
				if got := err == nil; got != tt.want || !got && resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s at %q: status %d", tt.origin, tt.host, resp.StatusCode)
				}
			case tt.want:
				p := &peer{t: t, conn: conn, wait: patience}
				p.send("[" + hello + "]")
				if got := p.mustFrame(); !strings.Contains(got, "welcome") {
					t.Errorf("%s at %q: got %s", tt.origin, tt.host, got)
				}
			default:
				(&peer{t: t, conn: conn, wait: patience}).closed(protocol.CloseForbidden)
			}
			if conn != nil {
				conn.CloseNow()
			}
		}
	}
}
