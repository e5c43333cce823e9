package main

import (
	"bytes"
	"context"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Sizes at which the frame header changes its length, and those at which a
// frame begins to need a second write of bufio's.
var sizes = []int{0, 1, 13, 14, 15, 16, 125, 126, 4092, 4093, 16 << 10, 65535, 65536, 300_000}

func TestEcho(t *testing.T) {
	for _, library := range libraries {
		for _, deadline := range []bool{false, true} {
			server := httptest.NewServer(library.handler(deadline))
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			conn, _, err := websocket.Dial(ctx, server.URL, nil)
			if err != nil {
				t.Fatalf("%s: %v", library.name, err)
			}
			defer conn.CloseNow()
			conn.SetReadLimit(maxMessage)
			for _, size := range sizes {
				want := bytes.Repeat([]byte("x"), size)
				if err := conn.Write(ctx, websocket.MessageText, want); err != nil {
					t.Fatalf("%s, %d bytes: %v", library.name, size, err)
				}
				if _, got, err := conn.Read(ctx); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s, %d bytes: got %d bytes, error %v", library.name, size, len(got), err)
				}
			}
		}
	}
}

// countingConn counts the writes that reach the kernel.
type countingConn struct {
	net.Conn
	writes int
	bytes  int
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes++
	c.bytes += len(p)
	return len(p), nil
}

func TestWholeFramesWritesEachFrameOnce(t *testing.T) {
	for _, size := range sizes {
		if size > 65535 {
			continue // textFrame has no longer lengths
		}
		_, frame := textFrame(size)
		conn := &countingConn{}
		w := &wholeFrames{conn: conn}
		for p := frame; len(p) > 0; {
			n := min(headerBuffer, len(p))
			if len(p) < len(frame) {
				n = len(p)
			}
			if _, err := w.Write(p[:n]); err != nil {
				t.Fatal(err)
			}
			p = p[n:]
		}
		if conn.writes != 1 || conn.bytes != len(frame) {
			t.Errorf("%d bytes: got %d writes of %d bytes, want 1 of %d", size, conn.writes, conn.bytes, len(frame))
		}
	}
}
