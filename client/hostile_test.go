//go:build !js

package client

import (
	"crypto/sha1"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/engine/contract"
)

// raw is a server that does the handshake, and then what bytes say.
func raw(t *testing.T, do func(net.Conn)) *Client {
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		write(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sockjax.1\r\nSec-WebSocket-Accept: ",
			base64.StdEncoding.EncodeToString(accept[:]), "\r\n\r\n")
		do(conn)
	}))
	t.Cleanup(l.Close)
	c := newClient(l.URL, &DialOptions{Options: Options{
		Reconnect: Reconnect{Attempts: -1},
		Heartbeat: Heartbeat{Timeout: 300 * time.Millisecond},
	}})
	t.Cleanup(func() { c.Close() })
	c.engine.Start()
	return c
}

func write(conn net.Conn, parts ...string) {
	for _, part := range parts {
		_, _ = conn.Write([]byte(part)) // the client may have hung up
	}
}

// text is a WebSocket frame.
func text(payload string) string {
	return "\x81\x7e" + string([]byte{byte(len(payload) >> 8), byte(len(payload))}) + payload
}

// Whatever the server does, the call ends, and so does the client.
func TestHostileServer(t *testing.T) {
	for name, does := range map[string]func(net.Conn){
		"hangs up at once":         func(net.Conn) {},
		"hangs up in a header":     func(c net.Conn) { write(c, "\x81") },
		"hangs up in a frame":      func(c net.Conn) { write(c, text(contract.Welcome(false)), "\x81\x7e\x10\x00[") },
		"announces 2^62 bytes":     func(c net.Conn) { write(c, "\x81\x7f\x40\x00\x00\x00\x00\x00\x00\x00[") },
		"announces -1 bytes":       func(c net.Conn) { write(c, "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff[") },
		"sends an unknown opcode":  func(c net.Conn) { write(c, "\x83\x00") },
		"sends reserved bits":      func(c net.Conn) { write(c, "\xf1\x00") },
		"continues nothing":        func(c net.Conn) { write(c, "\x80\x00") },
		"speaks HTTP":              func(c net.Conn) { write(c, "HTTP/1.1 400 Bad Request\r\n\r\n") },
		"closes without a code":    func(c net.Conn) { write(c, "\x88\x00") },
		"closes with code 0":       func(c net.Conn) { write(c, "\x88\x02\x00\x00") },
		"closes with half a code":  func(c net.Conn) { write(c, "\x88\x01\x03") },
		"closes, and talks on":     func(c net.Conn) { write(c, "\x88\x02\x03\xe8", text("[]"), text(`[{"key":1}]`)) },
		"breaks in the handshake":  func(c net.Conn) { write(c, text(`[{"welcome":{"limits":{"frame":1e99}}}]`)) },
		"pings itself to death":    func(c net.Conn) { write(c, text(contract.Welcome(false)), strings.Repeat(text("ping"), 10_000)) },
		"pings on the other layer": func(c net.Conn) { write(c, strings.Repeat("\x89\x02hi", 10_000)) },
		"answers what nobody asked": func(c net.Conn) {
			write(c, strings.Repeat(text("["+strings.Repeat(`{"key":9},`, 1000)+"{}]"), 100))
		},
		"nests deeply": func(c net.Conn) {
			write(c, text(`[{"key":1,"data":`+strings.Repeat("[", 30_000)+strings.Repeat("]", 30_000)+"}]"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := raw(t, does)
			got := c.told(t.Context(), "1", nil)
			if !strings.HasPrefix(got, "closed/") && !strings.Contains(got, "exceeded max depth") {
				t.Errorf("the outcome is %s", got)
			}
		})
	}
}

// The memory for a frame grows with what has come.
func TestAnnouncedSizeIsNotBelieved(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	release := make(chan struct{})
	c := raw(t, func(conn net.Conn) {
		write(conn, text(contract.Welcome(false)), "\x81\x7f\x00\x00\x00\x00\x00\xff\xff\xff[")
		<-release
	})
	for c.Stats().FramesIn < 1 {
		runtime.Gosched()
	}
	runtime.ReadMemStats(&after)
	close(release)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes for a frame of which 1 has come", grown)
	}
}

// A server that takes nothing any more: the write blocks, and the heartbeat
// finds out.
func TestServerThatStopsReading(t *testing.T) {
	release := make(chan struct{})
	c := raw(t, func(conn net.Conn) {
		write(conn, text(contract.Welcome(false)))
		<-release
	})
	defer close(release)
	for c.State() != StateOpen {
		runtime.Gosched()
	}
	big := `"` + strings.Repeat("x", 1<<20-100) + `"`
	outcomes := make(chan string, 12)
	for range 12 { // more than the buffers of the kernel hold
		go func() { outcomes <- c.told(t.Context(), big, nil) }()
	}
	for c.Stats().Pending < 12 {
		runtime.Gosched()
	}
	c.Nudge() // and soon it is dead
	for range 12 {
		if got := <-outcomes; !strings.HasPrefix(got, "closed/") {
			t.Errorf("the outcome is %s", got)
		}
	}
}
