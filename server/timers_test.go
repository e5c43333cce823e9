package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func TestHelloTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		start := time.Now()
		go func() { // bytes alone are no hello
			for range 8 {
				time.Sleep(time.Second)
				p.send("ping")
			}
		}()
		p.closed(protocol.CloseHandshake)
		if d := time.Since(start); d != protocol.Handshake {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestIdleTimeout(t *testing.T) {
	for _, offer := range [][]string{{protocol.Subprotocol}, nil} {
		for _, idle := range []time.Duration{0, time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				f, l, stop := pipes(t, echo, server.Options{IdleTimeout: idle})
				defer stop()
				p := f.dialPipe(t, l, offer...)
				if offer != nil {
					p.send("[" + hello + "]")
					p.next()
				}
				want := idle
				if idle == 0 {
					want = protocol.Idle
				}
				for range 5 { // any frame is a sign of life
					time.Sleep(want - time.Millisecond)
					p.send("pong")
				}
				start := time.Now()
				go func() { // reads, or the pipe has no end to write to
					p.closed(protocol.CloseHeartbeat)
					if d := time.Since(start); d != want {
						t.Errorf("closed after %v, want %v", d, want)
					}
				}()
				time.Sleep(want + time.Second)
				synctest.Wait()
			})
		}
	}
}

func TestHeartbeatOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Heartbeat: 10 * time.Second})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		if got := p.next(); !strings.Contains(got, `"heartbeat":10000`) {
			t.Errorf("got %s", got)
		}
		p.conn.CloseNow()
	})
}

// A client that takes no replies is cut off, and until then costs no more than
// MaxBuffered and what its running handlers hold.
func TestSlowReader(t *testing.T) {
	const reply, limit, requests = 64 << 10, 4 << 20, 64
	for _, offer := range []string{protocol.Subprotocol, ""} {
		synctest.Test(t, func(t *testing.T) {
			var ran atomic.Int64
			data := json.RawMessage(`"` + strings.Repeat("x", reply) + `"`)
			f, l, stop := pipes(t, func(context.Context, *server.Request) (any, error) {
				ran.Add(1)
				return data, nil
			}, server.Options{MaxBuffered: limit, MaxRequests: requests})
			defer stop()
			conn := f.rawPipe(t, l, offer)
			start := time.Now()
			if offer != "" {
				conn.Write(rawFrame(opText, []byte("["+hello+"]")))
			}
			sent := 0
			for {
				request := fmt.Sprintf(`[{"key":%d}]`, sent+1)
				if offer == "" {
					request = fmt.Sprintf(`{"key":%d}`, sent+1)
				}
				if _, err := conn.Write(rawFrame(opText, []byte(request))); err != nil {
					break // cut off
				}
				sent++
				synctest.Wait()
			}
			if d := time.Since(start); d != server.DefaultWriteTimeout {
				t.Errorf("cut off after %v", d)
			}
			if n := ran.Load(); n < limit/reply || n > limit/reply+requests+2 {
				t.Errorf("%d handlers ran for %d requests", n, sent)
			}
			synctest.Wait()
			if text := f.log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, "takes no replies") {
				t.Errorf("log: %s", text)
			}
		})
	}
}

// Refusals count as well: a frame of a megabyte may ask for 100,000 of them.
func TestSlowReaderOfRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, func(ctx context.Context, _ *server.Request) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, server.Options{})
		defer stop()
		conn := f.rawPipe(t, l, protocol.Subprotocol)
		start := time.Now()
		conn.Write(rawFrame(opText, []byte("["+hello+"]")))
		sent := 0
		for ; ; sent++ {
			if _, err := conn.Write(rawFrame(opText, []byte(requests(1+sent*50_000, 50_000)))); err != nil {
				break
			}
		}
		if d := time.Since(start); d != server.DefaultWriteTimeout || sent > 3 {
			t.Errorf("cut off after %v and %d frames", d, sent)
		}
	})
}

// A slow client is not a dead one: each piece of a large reply has its time.
func TestSlowButAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
		f, l, stop := pipes(t, func(context.Context, *server.Request) (any, error) { return data, nil }, server.Options{})
		defer stop()
		conn := f.rawPipe(t, l, "")
		go conn.Write(rawFrame(opText, []byte(`{"key":1}`)))
		got := 0
		for buf := make([]byte, 16<<10); got < len(data); {
			time.Sleep(time.Second)
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("cut off after %d bytes: %v", got, err)
			}
			got += n
		}
		conn.Close()
	})
}

// A peer that never answers the close does not hold up anything for long.
func TestCloseUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{})
		defer stop()
		conn := f.rawPipe(t, l, protocol.Subprotocol)
		go drainPipe(conn)
		conn.Write(rawFrame(opText, []byte("["+hello+"]")))
		start := time.Now()
		if err := f.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("Shutdown took %v", d)
		}
	})
}

// drainPipe reads and says nothing.
func drainPipe(conn net.Conn) {
	for buf := make([]byte, 4096); ; {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}
