package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// leaveInDoubt starts an engine, sends calls 1 to 4, of which 2 and 4 are
// idempotent, and has the connection drop. Call 5 was not sent.
func leaveInDoubt(n *fakeNet, code protocol.CloseCode) {
	n.t.Helper()
	c := n.start()
	n.answers(nil)
	n.send(bare, idempotent, bare, idempotent)
	n.want(">1,2,3,4")
	c.stall(true)
	n.send(bare)
	c.drop(code)
}

func resumed(yes bool) protocol.Welcome {
	w := welcome
	w.Resumed = yes
	return w
}

func TestInDoubtResumed(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		leaveInDoubt(n, protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume,5")
		n.send(bare) // new ones do not wait
		n.want(">6")
		n.engine.Welcome(n.conn(), resumed(true))
		n.want("open >1,2,3,4")
		n.conn().reply(4, 1)
		n.want("4=reply 1=reply")
	})
}

func TestInDoubtNotResumed(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		leaveInDoubt(n, protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume,5")
		n.engine.Welcome(n.conn(), resumed(false))
		n.wantAll("1=lost/unknown 3=lost/unknown open >2,4")
		n.conn().reply(2, 4, 5)
		n.want("2=reply 4=reply 5=reply")
	})
}

// What was sent again is in doubt again, with what was sent beside it.
func TestInDoubtTwice(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		leaveInDoubt(n, protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume,5")
		n.engine.Welcome(n.conn(), resumed(true))
		n.want("open >1,2,3,4")
		n.conn().drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume")
		n.conn().drop(protocol.CloseAbnormal) // never welcomed
		n.want("x1006 waiting connecting dial >hello/resume")
		n.engine.Welcome(n.conn(), resumed(true))
		n.want("open >1,2,3,4,5")
	})
}

func TestInDoubtResentInTheWindow(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.send(times(1000, bare)...)
		n.want(">1,2,3,…,1000")
		n.answers(nil)
		c.drop(protocol.CloseAbnormal)
		n.skip()
		w := resumed(true)
		w.Limits.Requests = 64
		n.engine.Welcome(n.conn(), w)
		n.want("open >1,2,3,…,64")
		n.conn().reply(1)
		n.want("1=reply >65")
		n.conn().drop(protocol.CloseAbnormal)
		n.skip()
		n.engine.Welcome(n.conn(), w)
		n.want("open >2,3,4,…,65")
		if q := &n.engine.queue; len(q.refs)-q.head != q.live {
			t.Errorf("%d references for %d calls: queued twice", len(q.refs)-q.head, q.live)
		}
		// Still to be resent and given up: it has been sent before.
		n.abort(1000)
		n.want("1000=aborted/unknown >-1000")
	})
}

func TestInDoubtAbortedOrExpired(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.answers(nil)
		n.send(bare, within(2*time.Second), bare)
		n.want(">1,2,3")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume")
		n.abort(1)
		n.after(2*time.Second, "1=aborted/unknown 2=timeout/unknown")
		n.engine.Welcome(n.conn(), resumed(true))
		n.want("open >-1,-2,3")
	})
}

// The window counts what is on this connection, not what is in doubt.
func TestInDoubtDoesNotFillTheWindow(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.answers(nil)
		n.send(times(64, bare)...)
		n.skip()
		c.drop(protocol.CloseAbnormal)
		n.skip()
		n.send(times(65, bare)...)
		n.want(">65,66,67,…,128")
		n.abort(1) // on no connection
		n.want("1=aborted/unknown")
	})
}

// It may be the server that sends too much, again and again as long as the
// session is resumed.
func TestTooLargeIsNotResentForEver(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		leaveInDoubt(n, protocol.CloseTooLarge)
		n.want("x1009 waiting connecting dial >hello/resume,5")
		for range suspectAt + maxCloses {
			n.engine.Welcome(n.conn(), resumed(n.engine.session.resume))
			n.skip()
			n.conn().drop(protocol.CloseTooLarge) // its outcomes come right behind the welcome
			n.skip()
		}
		for _, c := range n.calls {
			if got := verdict(c.out); c.key%2 == 1 && got != "lost/unknown" { // the others may run again
				t.Errorf("%d: %s", c.key, got)
			}
		}
		if !n.engine.session.lost {
			t.Error("the session goes on")
		}
	})
}

func TestInDoubtFatal(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		leaveInDoubt(n, protocol.CloseUnauthorized)
		n.want("x4401 1=closed/unknown 2=closed/unknown 3=closed/unknown 4=closed/unknown 5=closed/unsent closed")
	})
}

func TestInDoubtPlain(t *testing.T) {
	bubble(t, Options{Plain: true, Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.send(Call[*fakeCall]{Name: "a"}, Call[*fakeCall]{Name: "b", Idempotent: true})
		n.want(`>{"key":"a"} >{"key":"b"}`)
		c.drop(protocol.CloseAbnormal)
		n.wantAll(`1=lost/unknown x1006 waiting connecting dial open >{"key":"b"}`)
		n.conn().receive(`{"key":"b"}`)
		n.want("2=reply")
	})
}

// A server may have seen the hello, and run what came with it, although its
// welcome got lost.
func TestResumeAfterTheFirstHello(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Start()
		n.want("connecting dial >hello")
		n.conn().drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume")
	})
}

func TestSessionIsTheSameOnEachConnection(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		first := <-c.sent
		c.drop(protocol.CloseAbnormal)
		second := <-n.conn().sent
		r := protocol.NewReader([]byte(first))
		r.Next()
		a, err := r.Message().Hello()
		if err != nil {
			t.Fatal(err)
		}
		r = protocol.NewReader([]byte(second))
		r.Next()
		b, err := r.Message().Hello()
		if err != nil || a.Session != b.Session || len(a.Session) != 36 {
			t.Errorf("%q, %q: %v", a.Session, b.Session, err)
		}
	})
}
