package server_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// What was sent and not acknowledged is sent again, in its order, and its keys
// never run again.
func TestResumeOutcomeLost(t *testing.T) {
	var r runs
	f := serve(t, r.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"}]`)
	p.want(`{"key":1,"data":"a"}`)
	p.send(`[{"key":2,"data":"b"}]`)
	p.want(`{"key":2,"data":"b"}`)
	f.cut(p)
	p = f.comeBack(t, 0, true, 0)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"},{"key":3,"data":"c"}]`)
	p.want(`{"key":1,"data":"a"}`, `{"key":2,"data":"b"}`, `{"key":3,"data":"c"}`)
	p.send(`[{"ack":2}]`)
	p.quiet()
	f.cut(p)
	p = f.comeBack(t, 2, true, 2)
	p.want(`{"key":3,"data":"c"}`)
	for _, data := range []string{`"a"`, `"b"`, `"c"`} {
		if n := r.of(data); n != 1 {
			t.Errorf("%s ran %d times", data, n)
		}
	}
}

// A handler goes on without its connection, and its outcome finds the client
// on the next one.
func TestResumeHandlerRunning(t *testing.T) {
	g := newGated(`"a"`, `"b"`)
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	<-g.started
	<-g.started
	f.cut(p)
	g.release[`"b"`] <- nil // while nobody is there
	p = f.comeBack(t, 0, true, 0)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	p.want(`{"key":2,"data":"b"}`)
	g.release[`"a"`] <- nil
	p.want(`{"key":1,"data":"a"}`)
	p.quiet()
	if len(g.started) != 0 {
		t.Error("a handler ran twice")
	}
}

func TestResumeRequestLost(t *testing.T) {
	f := serve(t, echo, nil)
	f.cut(f.open(t))
	p := f.dial(t, protocol.Subprotocol)
	p.send("[" + resume(session, 0) + `,{"key":3,"data":3}]`) // never sent before, and so with the hello
	p.wantWelcome(true, 0)
	p.want(`{"key":3,"data":3}`)
	p.send(`[{"key":1,"data":1},{"key":2,"data":2},{"key":1,"data":"twice in a frame"}]`)
	if got := p.next() + p.next(); !strings.Contains(got, `{"key":1,"data":1}`) || !strings.Contains(got, `{"key":2,"data":2}`) {
		t.Errorf("got %s", got)
	}
	p.quiet()
}

// What was acknowledged is let go, whichever way it was.
func TestResumeAcknowledged(t *testing.T) {
	var r runs
	f := serve(t, r.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":1}]`)
	p.want(`{"key":1,"data":1}`)
	p.send(`[{"ack":1},{"ack":1}]`) // again is harmless
	p.send(`[{"key":1,"data":1}]`)
	p.want(`{"key":1,"forgotten":true}`)
	p.send(`[{"key":2,"data":2}]`)
	p.want(`{"key":2,"data":2}`)
	f.cut(p)
	p = f.comeBack(t, 2, true, 2)
	p.send(`[{"key":1},{"key":2},{"key":3,"data":3}]`)
	p.want(`{"key":1,"forgotten":true}`, `{"key":2,"forgotten":true}`, `{"key":3,"data":3}`)
	f.cut(p)
	p = f.comeBack(t, 0, true, 2) // a page that was reloaded
	p.want(`{"key":3,"data":3}`)
}

// Frames are kept whole: an acknowledgement of half of one has all of it sent
// again, which the welcome tells.
func TestResumeInsideAFrame(t *testing.T) {
	f := serve(t, echo, nil)
	for {
		p := f.open(t)
		p.send(requests(1, 10))
		if frame := p.mustFrame(); strings.Count(frame, `"key"`) < 10 {
			p.conn.CloseNow()
			continue // they did not share a frame, for once
		}
		p.send(`[{"ack":4}]`)
		p.quiet()
		f.cut(p)
		p = f.comeBack(t, 5, true, 0)
		if frame := p.mustFrame(); strings.Count(frame, `"key"`) != 10 {
			t.Errorf("got %s", frame)
		}
		p.send(`[{"ack":10}]`)
		p.quiet()
		return
	}
}

func TestNotResumed(t *testing.T) {
	f := serve(t, echo, nil)
	f.comeBack(t, 41, false, 0) // never heard of it
	p := f.open(t)
	p.send(`[{"key":1,"data":1}]`)
	p.next()
	f.cut(p)
	p = f.comeBack(t, 2, false, 0) // of another life of the session
	p.send(`[{"key":1,"data":"no key is known"}]`)
	got := p.mustFrame() + p.mustFrame()
	if got = strings.Replace(got, "ping", "", 1); got != `[{"key":1,"data":"no key is known"}]` {
		t.Errorf("got %s", got)
	}
	f.cut(p)
	p = f.open(t) // says resume:false
	p.send(`[{"key":1,"data":"begun anew"}]`)
	p.want(`{"key":1,"data":"begun anew"}`)
}

// A client must not take for known what a lost session knew: until it has
// heard that its session began anew, it can't resume that. Else a call that
// ran in the lost one would run again.
func TestLossUnheard(t *testing.T) {
	for name, hear := range map[string]func(p *peer){
		"nothing": nil,
		"pong":    func(p *peer) { p.send("pong") },
		"ack":     func(p *peer) { p.send(`[{"ack":1}]`) },
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, echo, nil)
			p := f.dial(t, protocol.Subprotocol)
			p.send("pong") // is no answer to a ping that was never sent
			p.send("[" + resume(session, 0) + `,{"key":9}]`)
			if hear == nil {
				f.wantLog(t, "connected", 1)
				f.cut(p)
				p = f.comeBack(t, 0, false, 0)
				f.cut(p)
				f.comeBack(t, 0, false, 0)
				return
			}
			p.wantWelcome(false, 0)
			for asked, answered := false, false; !asked || !answered; {
				if frame := p.mustFrame(); frame == "ping" {
					asked = true
				} else {
					answered = true
				}
			}
			hear(p)
			p.quiet()
			f.cut(p)
			f.comeBack(t, 1, true, 1)
		})
	}
}

// A cancel that comes late, on the next connection, finds its handler.
func TestCancelAfterResume(t *testing.T) {
	g := newGated()
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"}]`)
	<-g.started
	f.cut(p)
	p = f.comeBack(t, 0, true, 0)
	p.send(`[{"cancel":1},{"cancel":2},{"key":2},{"key":1}]`)
	if cause := <-g.ended; cause != server.ErrCanceled {
		t.Errorf("the cause is %v", cause)
	}
	p.want(`{"key":2,"forgotten":true}`, `{"key":1,"forgotten":true}`)
	p.quiet()
	f.cut(p)
	f.comeBack(t, 0, true, 0).quiet()
}

// The old connection is told, and nothing that it still brings begins.
func TestReplaced(t *testing.T) {
	var r runs
	f := serve(t, r.ServeCall, nil)
	old := f.open(t)
	p := f.comeBack(t, 0, true, 0)
	if err := old.conn.Write(t.Context(), 1, []byte(`[{"key":1,"data":"old"},{"cancel":2}]`)); err == nil {
		old.closed(protocol.CloseReplaced)
	}
	p.send(`[{"key":1,"data":"new"}]`)
	p.want(`{"key":1,"data":"new"}`)
	p.send(`[{"key":2,"data":"new"}]`)
	p.want(`{"key":2,"data":"new"}`)
	if r.of(`"old"`) != 0 {
		t.Error("a replaced connection began a request")
	}
	// The same for one that begins anew.
	f.open(t).quiet()
	p.closed(protocol.CloseReplaced)
}

// A hello that was held up on its way must not take the session away from the
// connection that the client opened after it.
func TestLateHello(t *testing.T) {
	f := serve(t, echo, nil)
	f.cut(f.open(t))
	for _, late := range []string{resume(session, 0), hello} {
		first := f.dial(t, protocol.Subprotocol)
		first.quiet()
		second := f.comeBack(t, 0, true, 0)
		first.send("[" + late + `,{"key":1}]`)
		first.closed(protocol.CloseReplaced)
		second.quiet()
		third := f.dial(t, protocol.Subprotocol)
		third.quiet()
		f.cut(second)
		second = f.comeBack(t, 0, true, 0)
		f.cut(second)
		third.send("[" + late + `]`) // nobody is connected, but somebody was
		third.closed(protocol.CloseReplaced)
	}
	f.comeBack(t, 0, true, 0).quiet()
}

// Only outcomes are said again: a refusal may have become a lie.
func TestRefusalsAreNotKept(t *testing.T) {
	stop := make(chan struct{})
	f := serve(t, func(context.Context, *server.Request) (any, error) { <-stop; return 1, nil }, &server.Options{MaxRequests: 64})
	p := f.open(t)
	p.send(requests(1, 65))
	p.wantAfter(50, 150, `{"key":65,"refused":{"code":"overloaded","message":"64 requests are in flight, the limit of this connection","after":N}}`)
	f.cut(p)
	p = f.comeBack(t, 0, true, 0)
	p.send(`[{"key":65}]`) // was never begun
	close(stop)
	seen := map[string]bool{}
	for range 65 {
		seen[p.next()] = true
	}
	if len(seen) != 65 || !seen[`{"key":65,"data":1}`] {
		t.Errorf("got %v", seen)
	}
	p.quiet()
}

// The client says what it has, not the server what it has sent.
func TestAckCountsOutcomesAlone(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxRequests: 64})
	p := f.open(t)
	p.send(`[{"key":1,"data":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `},{"key":2,"data":2}]`)
	p.next()
	p.next()
	p.send(`[{"ack":1}]`)
	p.quiet()
	p.send(`[{"ack":2}]`)
	p.closed(protocol.CloseBadMessage)
}

// A refusal says that a call has not run and will not. So what has been begun
// is not refused when it is sent again, however little room there is.
func TestWhatRunsIsNotRefused(t *testing.T) {
	stop := make(chan struct{})
	release := sync.OnceFunc(func() { close(stop) })
	defer release()
	f := serve(t, func(context.Context, *server.Request) (any, error) { <-stop; return 1, nil },
		&server.Options{MaxRequests: 64, Rate: 1e-6, Burst: 135})
	p := f.open(t) // hello takes 1 of the burst
	p.send(requests(1, 64))
	p.quiet()
	f.cut(p)
	const full = `,"refused":{"code":"overloaded","message":"64 requests are in flight, the limit of this connection","after":N}}`
	p = f.dial(t, protocol.Subprotocol)
	p.send("[" + resume(session, 0) + "]")
	p.wantWelcome(true, 0)
	p.send(requests(65, 64)) // to a new connection's limit
	p.send(requests(60, 70))
	p.wantAfter(50, 150, `{"key":129`+full)
	p.send(requests(60, 5)) // and beyond the rate
	p.send(`[{"key":130}]`)
	p.wantAfter(60_000, 60_000, `{"key":130,"refused":{"code":"overloaded","message":"more than 1e-06 requests per second","after":N}}`)
	release()
	seen := map[string]bool{}
	for range 128 {
		seen[p.next()] = true
	}
	if len(seen) != 128 {
		t.Errorf("%d have outcomes", len(seen))
	}
	p.send(`[{"key":1},{"key":131}]`) // beyond the rate, answered and not acknowledged
	p.wantAfter(60_000, 60_000, `{"key":131,"refused":{"code":"overloaded","message":"more than 1e-06 requests per second","after":N}}`)
}

func TestWhatRunsIsNotRefusedInShutdown(t *testing.T) {
	stop := make(chan struct{})
	release := sync.OnceFunc(func() { close(stop) })
	defer release()
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		if string(r.Data) == `"slow"` {
			<-stop
		}
		return r.Data, nil
	}, nil)
	p := f.open(t)
	done := make(chan error)
	for key, refused := 2, false; !refused; key++ {
		p.send(fmt.Sprintf(`[{"key":1,"data":"slow"},{"key":%d,"data":2}]`, key))
		got := p.next()
		refused = got == fmt.Sprintf(`{"key":%d,"refused":{"code":"overloaded","message":"the server shuts down","after":1000}}`, key)
		if !refused && got != fmt.Sprintf(`{"key":%d,"data":2}`, key) {
			t.Fatalf("got %s", got)
		}
		if key == 2 {
			go func() { done <- f.Shutdown(context.Background()) }()
		}
	}
	release()
	p.want(`{"key":1,"data":"slow"}`)
	p.closed(protocol.CloseRestart)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
