package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// Two servers that know nothing of each other but a store. That it is in
// memory makes no difference to them: only keys and frames go through it.
func twoNodes(t *testing.T, h server.HandlerFunc) (a, b *fixture) {
	store := &strictStore{server.NewMemoryStore(nil), t}
	return serve(t, h, &server.Options{Sessions: store}), serve(t, h, &server.Options{Sessions: store})
}

// A client is cut from A and goes on at B. The handler that still runs on A
// runs once, and its outcome arrives through B.
func TestNodesResume(t *testing.T) {
	g := newGated(`"a"`, `"b"`)
	a, b := twoNodes(t, g.ServeCall)
	p := a.open(t)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	<-g.started
	<-g.started
	g.release[`"a"`] <- nil
	p.want(`{"key":1,"data":"a"}`)
	a.cut(p)

	p = b.comeBack(t, 0, true, 0)
	p.want(`{"key":1,"data":"a"}`)
	p.send(`[{"ack":1},{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	p.want(`{"key":1,"forgotten":true}`)
	g.release[`"b"`] <- nil
	p.want(`{"key":2,"data":"b"}`)
	p.send(`[{"ack":2}]`)
	p.quiet()
	if len(g.started) != 0 {
		t.Error("a handler ran twice")
	}
	b.cut(p)
	a.comeBack(t, 2, true, 2).quiet() // and back again
}

// The connection to A is not even broken.
func TestNodesReplace(t *testing.T) {
	var r runs
	a, b := twoNodes(t, r.ServeCall)
	old := a.open(t)
	p := b.comeBack(t, 0, true, 0)
	old.closed(protocol.CloseReplaced)
	p.send(`[{"key":1,"data":1}]`)
	p.want(`{"key":1,"data":1}`)
	a.open(t).quiet() // begins anew
	p.closed(protocol.CloseReplaced)
}

func TestNodesCancel(t *testing.T) {
	g := newGated()
	a, b := twoNodes(t, g.ServeCall)
	p := a.open(t)
	p.send(`[{"key":1,"data":"a"}]`)
	<-g.started
	a.cut(p)
	p = b.comeBack(t, 0, true, 0)
	p.send(`[{"cancel":1}]`)
	if cause := <-g.ended; cause != server.ErrCanceled {
		t.Errorf("the cause is %v", cause)
	}
	p.quiet()
	// A session that begins anew at B ends what runs at A.
	a.cut(a.comeBack(t, 0, true, 0))
	p = a.comeBack(t, 0, true, 0)
	p.send(`[{"key":2,"data":"b"}]`)
	<-g.started
	b.open(t)
	if cause := <-g.ended; cause != server.ErrDisconnected {
		t.Errorf("the cause is %v", cause)
	}
}

// A server is shut down; the next one has its store. What was running when
// Shutdown began has been finished, and nothing was lost.
func TestNodesShutdown(t *testing.T) {
	g := newGated(`"a"`, `"b"`)
	a, b := twoNodes(t, g.ServeCall)
	p := a.open(t)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	<-g.started
	<-g.started
	a.cut(p) // a detached session's handlers are waited for as well
	done := make(chan error)
	go func() { done <- a.Shutdown(context.Background()) }()
	p = b.comeBack(t, 0, true, 0) // before the handlers have returned
	g.release[`"a"`] <- nil
	p.want(`{"key":1,"data":"a"}`)
	b.cut(p)
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v while a handler runs", err)
	default:
	}
	g.release[`"b"`] <- nil
	if err := <-done; err != nil {
		t.Error(err)
	}
	p = b.comeBack(t, 1, true, 1) // and after
	p.want(`{"key":2,"data":"b"}`)
	p.send(`[{"key":1},{"key":2}]`)
	p.want(`{"key":1,"forgotten":true}`)
	p.quiet()
}

// What Shutdown had to break off has no outcome: the session is lost, and the
// client is told so.
func TestNodesShutdownGivesUp(t *testing.T) {
	g := newGated()
	a, b := twoNodes(t, g.ServeCall)
	p := a.open(t)
	other := a.openAs(t, sessionID(1))
	p.send(`[{"key":1,"data":"a"}]`)
	<-g.started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.Shutdown(ctx)
	if cause := <-g.ended; cause != server.ErrShutdown {
		t.Errorf("the cause is %v", cause)
	}
	p.closed(protocol.CloseRestart)
	other.closed(protocol.CloseRestart)
	b.comeBack(t, 0, false, 0)
	p = b.dial(t, protocol.Subprotocol)
	p.send("[" + resume(sessionID(1), 0) + "]")
	p.wantWelcome(true, 0) // nothing of it was broken off
}

// A call whose body comes through B, to the handler that runs on A, whose parts
// go out through B.
func TestNodesStream(t *testing.T) {
	a, b := twoNodes(t, pipe)
	nodes := []*fixture{a, b}
	p := a.open(t)
	p.send(`[{"key":1,"open":true,"window":500}]`)
	s := &said{}
	for i := range 40 {
		if i%4 == 3 {
			p.conn.CloseNow()
			p = nodes[i/4%2].dial(t, protocol.Subprotocol)
			p.send("[" + resume(session, s.all) + "]")
			if acked := p.welcomed(t); acked != s.all {
				t.Fatalf("acked %d, want %d", acked, s.all)
			}
			p.send(fmt.Sprintf(`[{"key":1,"open":true,"window":500},{"key":1,"taken":%d,"window":500}]`, len(s.parts)))
			for before := s.all; s.all == before; {
				p.readInto(1, s)
			}
		}
		if i%2 == 0 {
			p.send(fmt.Sprintf(`[{"key":1,"from":%d,"parts":[%d]}]`, i, i))
		} else {
			p.chunk(1, i, strings.Repeat("x", i))
		}
		for len(s.parts) < i+1 || s.taken < i+1 {
			p.readInto(1, s)
		}
		p.take(1, i+1, 500)
	}
	p.send(`[{"key":1,"end":true}]`)
	for s.reply == "" {
		p.readInto(1, s)
	}
	if s.reply != `{"key":1,"data":40}` || s.parts[38] != "38" || s.parts[39] != "+39" {
		t.Errorf("got %s, %s", s.reply, s.parts)
	}
}
