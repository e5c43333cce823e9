package server_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A reader that has seen many quick calls runs handlers itself, and is held up
// by one that is not quick for two ticks of the watchdog at most, 5 ms each.
const (
	manyQuick = 300
	heldUp    = 10 * time.Millisecond
)

// trusting is a server whose handler echoes, unless the data names something
// else to do, and a client of it that has made so many quick calls that the
// reader runs handlers.
func trusting(t *testing.T, act map[string]func(ctx context.Context) error) (p *peer, key int, stop func()) {
	t.Helper()
	f, l, stop := pipes(t, func(ctx context.Context, r *server.Request) (any, error) {
		if act := act[string(r.Data)]; act != nil {
			return nil, act(ctx)
		}
		return r.Data, nil
	}, server.Options{})
	p = f.dialPipe(t, l, protocol.Subprotocol)
	p.send("[" + hello + "]")
	p.next()
	for key = 1; key <= manyQuick; key++ {
		p.send(fmt.Sprintf(`[{"key":%d,"data":1}]`, key))
		p.want(fmt.Sprintf(`{"key":%d,"data":1}`, key))
	}
	return p, key, stop
}

// wait waits until the caller gives up.
func wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestHandlerHoldsUpReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, key, stop := trusting(t, map[string]func(context.Context) error{`"wait"`: wait})
		defer stop()
		for try := range 3 {
			start := time.Now()
			p.send(fmt.Sprintf(`[{"key":%d,"data":"wait"},{"key":%d,"data":2}]`, key, key+1))
			p.want(fmt.Sprintf(`{"key":%d,"data":2}`, key+1))
			d := time.Since(start)
			if try == 0 && (d == 0 || d > heldUp) {
				t.Errorf("the call behind one that waits was answered after %v: did the reader run it?", d)
			}
			if try > 0 && d != 0 {
				t.Errorf("the call behind one that waits was answered after %v: one such should have been enough", d)
			}
			p.send(fmt.Sprintf(`[{"cancel":%d},{"key":%d,"data":3}]`, key, key+2))
			p.want(fmt.Sprintf(`{"key":%d,"data":3}`, key+2))
			key += 3
		}
		p.conn.CloseNow()
	})
}

// A cancel is read although the reader is in the very handler that waits for it.
func TestCancelOfReadersCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		p, key, stop := trusting(t, map[string]func(context.Context) error{`"wait"`: func(ctx context.Context) error {
			ended <- wait(ctx)
			return nil
		}})
		defer stop()
		start := time.Now()
		p.send(fmt.Sprintf(`[{"key":%d,"data":"wait"}]`, key))
		go p.send(fmt.Sprintf(`[{"cancel":%d}]`, key)) // a pipe takes it only when somebody reads
		if err := <-ended; err != context.Canceled {
			t.Errorf("the context ended with %v", err)
		}
		if d := time.Since(start); d == 0 || d > heldUp {
			t.Errorf("the cancel was read after %v: did the reader run the handler?", d)
		}
		p.conn.CloseNow()
	})
}

// The client is gone while the reader is in a handler.
func TestDisconnectInReadersCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, release := make(chan bool), make(chan bool)
		p, key, stop := trusting(t, map[string]func(context.Context) error{`"wait"`: func(context.Context) error {
			started <- true
			<-release
			return nil
		}})
		p.send(fmt.Sprintf(`[{"key":%d,"data":"wait"}]`, key))
		<-started
		p.conn.CloseNow()
		time.Sleep(heldUp)
		release <- true
		stop() // waits for the connection
	})
}

// Shutdown waits for the handler that the reader is in, and sends its reply.
func TestShutdownInReadersCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := make(chan bool)
		p, key, stop := trusting(t, map[string]func(context.Context) error{`"wait"`: func(context.Context) error {
			started <- true
			time.Sleep(time.Second)
			return nil
		}})
		p.send(fmt.Sprintf(`[{"key":%d,"data":"wait"}]`, key))
		<-started
		done := make(chan bool)
		go func() {
			stop()
			close(done)
		}()
		p.want(fmt.Sprintf(`{"key":%d,"data":null}`, key))
		p.closed(protocol.CloseRestart)
		<-done
	})
}

// A handler that ends its goroutine, as t.FailNow does, or panics, does not end
// the connection's reading.
func TestGoexitInReadersCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, key, stop := trusting(t, map[string]func(context.Context) error{
			`"exit"`:  func(context.Context) error { runtime.Goexit(); return nil },
			`"panic"`: func(context.Context) error { panic("on purpose") },
		})
		defer stop()
		for _, data := range []string{`"panic"`, `"exit"`} {
			p.send(fmt.Sprintf(`[{"key":%d,"data":%s},{"key":%d,"data":2}]`, key, data, key+1))
			got := map[string]bool{p.next(): true, p.next(): true} // in any order
			for _, want := range []string{
				fmt.Sprintf(`{"key":%d,"error":{"code":"internal","message":"internal error"}}`, key),
				fmt.Sprintf(`{"key":%d,"data":2}`, key+1),
			} {
				if !got[want] {
					t.Fatalf("after %s got %v, want %s", data, got, want)
				}
			}
			key += 2
		}
		p.conn.CloseNow()
	})
}

// The reader runs handlers one after another, but where many calls come
// together, others help after half a millisecond.
func TestReaderGetsHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, each = 200, 40 * time.Microsecond
		p, key, stop := trusting(t, map[string]func(context.Context) error{"null": func(context.Context) error {
			time.Sleep(each)
			return nil
		}})
		defer stop()
		start := time.Now()
		p.send(requests(key, calls))
		for range calls {
			p.next()
		}
		// In a row they would take 8 ms. The reader has run 13 when it calls
		// for help, and then each call has a goroutine of its own.
		if d := time.Since(start); d < 13*each || d > 16*each {
			t.Errorf("%d calls of %v took %v", calls, each, d)
		}
		p.conn.CloseNow()
	})
}

// A call that is slow, but not so slow that the watchdog must act, also shows that
// the reader should leave the next ones to others, and for long: where one call
// in a hundred waits, the reader must not run any.
func TestReaderRemembersSlowCalls(t *testing.T) {
	t.Run("that return", func(t *testing.T) { remembersSlowCalls(t, func() {}) })
	t.Run("that panic", func(t *testing.T) { remembersSlowCalls(t, func() { panic("on purpose") }) })
}

func remembersSlowCalls(t *testing.T, end func()) {
	synctest.Test(t, func(t *testing.T) {
		p, key, stop := trusting(t, map[string]func(context.Context) error{`"slow"`: func(context.Context) error {
			time.Sleep(3 * time.Millisecond)
			end()
			return nil
		}})
		defer stop()
		for try := range 3 {
			start := time.Now()
			p.send(fmt.Sprintf(`[{"key":%d,"data":"slow"},{"key":%d,"data":2}]`, key, key+1))
			first := p.next()
			d := time.Since(start)
			p.next()
			quick := fmt.Sprintf(`{"key":%d,"data":2}`, key+1)
			if try == 0 && (first == quick || d == 0) {
				t.Errorf("got %s after %v: did the reader run the slow call?", first, d)
			}
			if try > 0 && (first != quick || d != 0) {
				t.Errorf("got %s after %v, want the quick call's reply at once", first, d)
			}
			for key += 2; key%100 != 0; key++ {
				p.send(fmt.Sprintf(`[{"key":%d,"data":1}]`, key))
				p.next()
			}
		}
		p.conn.CloseNow()
	})
}
