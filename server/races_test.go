package server_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// The client comes back while its handler returns: its outcome arrives once,
// in whichever way.
func TestResumeWhileHandlerReturns(t *testing.T) {
	g := newGated()
	a, b := twoNodes(t, func(_ context.Context, r *server.Request) (any, error) {
		g.started <- ""
		return r.Data, <-g.ended
	})
	for i := range 200 {
		f := []*fixture{a, b}[i%2]
		p := a.open(t)
		p.send(`[{"key":1,"data":1}]`)
		<-g.started
		go func() { g.ended <- nil }()
		p.conn.CloseNow()
		p = f.comeBack(t, 0, true, 0)
		p.send(`[{"key":1,"data":1}]`)
		p.want(`{"key":1,"data":1}`)
		p.quiet()
		p.conn.CloseNow()
	}
}

// Two connections resume at once, while the first is alive: the one that was
// opened last has the session, and all requests run once.
func TestResumeTwiceAtOnce(t *testing.T) {
	var r runs
	f := serve(t, r.ServeCall, nil)
	for i := range 100 {
		data := fmt.Sprint(i)
		request := fmt.Sprintf(`{"key":1,"data":%s}`, data)
		first := f.open(t)
		second, third := f.dial(t, protocol.Subprotocol), f.dial(t, protocol.Subprotocol)
		var all sync.WaitGroup
		for _, p := range []*peer{first, second, third} {
			all.Go(func() {
				frame := "[" + resume(session, 0) + "," + request + "]"
				if p == first {
					frame = "[" + request + "]"
				}
				p.conn.Write(t.Context(), 1, []byte(frame))
			})
		}
		all.Wait()
		third.wantWelcome(true, 0)
		third.want(request)
		third.quiet()
		for _, p := range []*peer{first, second} {
			p.closed(protocol.CloseReplaced)
		}
		third.conn.CloseNow()
		if n := r.of(data); n != 1 {
			t.Fatalf("the request ran %d times", n)
		}
	}
}

// The client comes back in the moment in which its session's time is over:
// either it is resumed and all goes on, or it is not and all has ended.
func TestResumeWhileForgotten(t *testing.T) {
	outcomes := map[bool]int{}
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			g := newGated(`"a"`)
			f, l, stop := pipes(t, g.ServeCall, server.Options{
				Sessions: server.NewMemoryStore(&server.MemoryStoreOptions{Keep: time.Second})})
			defer stop()
			p := f.dialPipe(t, l, protocol.Subprotocol)
			p.send("[" + hello + `,{"key":1,"data":"a"}]`)
			p.next()
			<-g.started
			p.conn.CloseNow()
			synctest.Wait()
			p = f.dialPipe(t, l, protocol.Subprotocol)
			time.Sleep(time.Second) // the very moment
			p.send("[" + resume(session, 0) + "]")
			resumed := strings.Contains(p.next(), `"resumed":true`)
			outcomes[resumed]++
			if !resumed {
				if cause := <-g.ended; cause != server.ErrDisconnected {
					t.Errorf("the cause is %v", cause)
				}
				p.quiet()
			} else {
				g.release[`"a"`] <- nil
				p.want(`{"key":1,"data":"a"}`)
			}
			p.conn.CloseNow()
			synctest.Wait()
		})
	}
	t.Logf("resumed: %v", outcomes)
}

// A handler that waits for its client is told when the session is forgotten,
// to the nanosecond, and not before.
func TestForgottenAfterKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		f, l, stop := pipes(t, g.ServeCall, server.Options{})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + `,{"key":1,"data":"a"}]`)
		p.next()
		<-g.started
		p.conn.CloseNow()
		start := time.Now()
		if cause := <-g.ended; cause != server.ErrDisconnected {
			t.Errorf("the cause is %v", cause)
		}
		if d := time.Since(start); d != server.DefaultKeep {
			t.Errorf("after %v", d)
		}
		p = f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + resume(session, 0) + "]")
		p.wantWelcome(false, 0)
		p.conn.CloseNow()
	})
}

// The server shuts down while the client comes back to it, and so the client
// goes on at the next one.
func TestResumeWhileShuttingDown(t *testing.T) {
	for i := range 30 {
		t.Run(fmt.Sprint(i), resumeWhileShuttingDown)
	}
}

func resumeWhileShuttingDown(t *testing.T) {
	g := newGated(`"a"`)
	a, b := twoNodes(t, g.ServeCall)
	p := a.open(t)
	p.send(`[{"key":1,"data":"a"}]`)
	<-g.started
	p.conn.CloseNow()
	p = a.dial(t, protocol.Subprotocol)
	done := make(chan error)
	go func() { done <- a.Shutdown(context.Background()) }()
	p.conn.Write(t.Context(), 1, []byte("["+resume(session, 0)+`,{"key":1,"data":"a"}]`)) // or is closed
	p.closed(protocol.CloseRestart)
	p = b.comeBack(t, 0, true, 0)
	p.send(`[{"key":1,"data":"a"}]`)
	g.release[`"a"`] <- nil
	p.want(`{"key":1,"data":"a"}`)
	p.quiet()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(g.started) != 0 {
		t.Fatal("it ran twice")
	}
}

// While a server drains, whatever arrives is refused or not read at all, but
// never taken and dropped: here a client sends without pause until the end.
func TestRefusedUntilTheEnd(t *testing.T) {
	g := newGated(`0`, `1`)
	close(g.release[`1`]) // what comes in time is answered at once
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":0}]`)
	<-g.started
	done := make(chan error)
	go func() { done <- f.Shutdown(context.Background()) }()
	f.wantRefusals(t, p, g)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// wantRefusals sends one request after the other, lets the handler go after
// the first refusal, and wants an answer to each until the close.
func (f *fixture) wantRefusals(t *testing.T, p *peer, g *gated) {
	refused := 0
	for key := 2; ; key++ {
		if err := p.conn.Write(t.Context(), 1, fmt.Appendf(nil, `[{"key":%d,"data":1}]`, key)); err != nil {
			break
		}
		text, err := p.frame()
		for err == nil && !strings.Contains(text, fmt.Sprintf(`"key":%d,`, key)) {
			if text != `[{"key":1,"data":0}]` {
				t.Fatalf("got %s", text)
			}
			text, err = p.frame()
		}
		if err != nil {
			break
		}
		if !strings.Contains(text, `"refused"`) {
			<-g.started // it was in time
			continue
		}
		if refused++; refused == 1 {
			g.release[`0`] <- nil
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// The client goes on elsewhere while the old connection is stuck in a frame
// that nobody takes: what waits behind that frame must not wait for long.
func TestReplacedWhileStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated(`"a"`, `"b"`)
		f, l, stop := pipes(t, g.ServeCall, server.Options{})
		defer stop()
		old := f.rawPipe(t, l, protocol.Subprotocol)
		go old.Write(rawFrame(opText, []byte("["+hello+`,{"key":1,"data":"a"},{"key":2,"data":"b"}]`)))
		<-g.started
		<-g.started
		synctest.Wait() // stuck in the welcome
		g.release[`"a"`] <- nil
		synctest.Wait()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		start := time.Now()
		p.send("[" + resume(session, 0) + "]")
		p.wantWelcome(true, 0)
		p.want(`{"key":1,"data":"a"}`)
		if d := time.Since(start); d != time.Second {
			t.Errorf("it waited for %v", d)
		}
		g.release[`"b"`] <- nil
		p.want(`{"key":2,"data":"b"}`)
		if d := time.Since(start); d != time.Second {
			t.Errorf("it waited for %v", d)
		}
		p.conn.CloseNow()
		old.Close()
	})
}
