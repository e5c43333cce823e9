package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func TestCloseAtEachPhase(t *testing.T) {
	closed := func(t *testing.T, n *fakeNet, trace string) {
		t.Helper()
		n.engine.Close()
		n.engine.Close()
		<-n.engine.Done()
		n.wantAll(trace)
		if _, err := n.call(bare, 1); err == nil || err.Code != CodeClosed || err.Fate != Unsent {
			t.Errorf("a call after Close: %v", err)
		}
		if n.engine.State() != StateClosed {
			t.Errorf("it is %s", n.engine.State())
		}
		n.engine.Reconnect()
		n.engine.Nudge()
		n.engine.Pause()
		n.engine.Wake()
		n.after(time.Hour, "")
	}
	t.Run("new - close - start", func(t *testing.T) {
		bubble(t, Options{}, func(n *fakeNet) {
			n.send(bare)
			closed(t, n, "1=closed/unsent closed")
			n.engine.Start()
			n.want("")
		})
	})
	t.Run("dialing - close", func(t *testing.T) {
		bubble(t, Options{}, func(n *fakeNet) {
			n.dials(hang)
			n.engine.Start()
			n.send(bare)
			n.want("connecting dial")
			closed(t, n, "1=closed/unsent closed")
		})
	})
	t.Run("open - close", func(t *testing.T) {
		bubble(t, Options{}, func(n *fakeNet) {
			c := n.start()
			n.send(bare)
			n.want(">1")
			c.stall(true)
			n.send(bare)
			closed(t, n, "1=closed/unknown 2=closed/unsent closed x1000")
		})
	})
	t.Run("waiting - close", func(t *testing.T) {
		bubble(t, Options{}, func(n *fakeNet) {
			n.dials(refuse)
			n.engine.Start()
			n.send(bare)
			n.want("connecting dial waiting")
			closed(t, n, "1=closed/unsent closed")
		})
	})
	t.Run("given up - close", func(t *testing.T) {
		bubble(t, Options{Reconnect: Reconnect{Attempts: -1}}, func(n *fakeNet) {
			n.dials(refuse)
			n.engine.Start()
			n.want("connecting dial closed")
			closed(t, n, "")
		})
	})
}

func TestHostCallsBack(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		var refused *Error
		n.ended = func(c *fakeCall) {
			if c.key == 1 {
				_, refused = n.call(bare, 1)
				n.engine.Settle(2)
				n.engine.Abort(3)
				n.engine.Stats()
				n.engine.Close()
			}
		}
		n.start()
		n.send(bare, bare)
		n.want(">1,2")
		n.engine.Close()
		n.wantAll("1=closed/unknown 2=closed/unknown closed x1000")
		if refused == nil || refused.Code != CodeClosed {
			t.Errorf("a call from inside: %v", refused)
		}
	})
	bubble(t, Options{}, func(n *fakeNet) {
		n.told = func(c Change) {
			switch c.State {
			case StateOpen:
				n.send(bare)
				n.engine.Close()
				n.engine.Reconnect()
			case StateClosed:
				n.engine.Nudge()
			}
		}
		n.engine.Start()
		time.Sleep(time.Hour)
		n.skip()
		if n.calls[0].ends != 1 || n.engine.State() != StateClosed {
			t.Errorf("%+v, %s", n.calls[0], n.engine.State())
		}
	})
	bubble(t, Options{}, func(n *fakeNet) {
		n.ended = func(c *fakeCall) {
			if c.key < 5 {
				n.send(within(time.Second)) // from inside the goroutine that expires calls
			}
		}
		n.start()
		n.send(within(time.Second))
		time.Sleep(5 * time.Second)
		n.skip()
		if s := n.engine.Stats(); n.key != 5 || s.Pending != 0 {
			t.Errorf("after %d calls: %+v", n.key, s)
		}
	})
}

func TestEventsOfAnOldConnectionAreIgnored(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		old := n.start()
		n.answers(nil)
		n.engine.Reconnect()
		n.want("x1000 connecting dial >hello/resume")
		n.send(bare)
		n.want(">1")
		e := n.engine
		e.Welcome(old, welcome)
		e.Pinged(old)
		e.Received(old, 0)
		old.drop(protocol.CloseForbidden)
		var b Batch[*fakeCall]
		if e.Next(old, &b) {
			t.Errorf("an old connection gets %+v", b)
		}
		n.want("")
		if e.State() != StateConnecting {
			t.Errorf("it is %s", e.State())
		}
		n.after(protocol.Handshake, "x4408 waiting")
	})
}

func TestWelcomeTwice(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		n.want(">1")
		n.engine.Welcome(c, protocol.Welcome{})
		n.want("")
		if n.engine.conn.limits.Frame != 1<<20 {
			t.Error("the second welcome counts")
		}
	})
}

func TestStateBeforeStart(t *testing.T) {
	n := newNet(t, Options{})
	if s := n.engine.State(); s != StateConnecting {
		t.Errorf("it is %q", s)
	}
}
