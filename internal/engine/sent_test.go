package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// The calls of an earlier life of the session.

var sentBefore = Call[*fakeCall]{Sent: true}

func resumedWelcome(acked uint64) *protocol.Welcome {
	w := resumed(true)
	w.Acked = acked
	return &w
}

func TestSentWaitsForTheWelcome(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		n.answers(nil)
		n.send(sentBefore, bare, sentBefore)
		n.engine.Start()
		n.want("connecting dial >hello/resume,2")
		if s := n.engine.Stats(); s.InDoubt != 2 || s.Queued != 0 || s.Pending != 3 {
			t.Errorf("%+v", s)
		}
		n.engine.Welcome(n.conn(), *resumedWelcome(7))
		n.want("open >1,3")
		n.conn().reply(3, 1)
		n.want("3=reply 1=reply")
	})
}

// The server sends what it has at once.
func TestSentSettledBeforeItIsSentAgain(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		n.answers(nil)
		n.send(sentBefore, sentBefore)
		n.engine.Start()
		n.want("connecting dial >hello/resume")
		c := n.conn()
		c.stall(true)
		n.engine.Welcome(c, *resumedWelcome(0))
		c.reply(1)
		c.stall(false)
		n.want("open 1=reply >2")
	})
}

func TestSentLost(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		n.send(sentBefore, Call[*fakeCall]{Sent: true, Idempotent: true}, bare)
		n.engine.Start()
		n.want("connecting dial >hello/resume,3 1=lost/unknown open >2")
	})
}

// A host that reads its calls from a disk is later than the welcome.
func TestSentSubmittedLate(t *testing.T) {
	bubble(t, Options{Resume: true, Reconnect: soon}, func(n *fakeNet) {
		n.answers(resumedWelcome(0))
		n.key = 10
		c := n.start()
		n.send(bare)
		n.want(">11")
		n.send(Call[*fakeCall]{Key: 3, Sent: true}, Call[*fakeCall]{Key: 2, Sent: true})
		n.want(">3,2")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open >2,3,11")
	})
}

// Once a server did not know the session, what was sent before that is lost,
// whatever is resumed since.
func TestSentSubmittedAfterTheSessionWasLost(t *testing.T) {
	bubble(t, Options{Resume: true, Reconnect: soon}, func(n *fakeNet) {
		n.key = 10
		c := n.start() // not resumed
		n.answers(resumedWelcome(0))
		_, err := n.submit(Call[*fakeCall]{Key: 1, Sent: true}, &fakeCall{})
		if err == nil || err.Code != CodeLost || err.Fate != Unknown {
			t.Errorf("%+v", err)
		}
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open")
		if _, err = n.submit(Call[*fakeCall]{Key: 1, Sent: true}, &fakeCall{}); err == nil || err.Code != CodeLost {
			t.Errorf("%+v", err)
		}
		n.send(Call[*fakeCall]{Key: 2, Sent: true, Idempotent: true})
		n.want(">2")
		n.abort(2)
		n.want("2=aborted/unknown >-2")
	})
}

// It has passed the queue's limits once, and to refuse it as unsent would be a
// lie.
func TestSentPassesTheQueue(t *testing.T) {
	bubble(t, Options{Resume: true, Queue: Queue{Calls: 1, Bytes: 1}}, func(n *fakeNet) {
		n.answers(resumedWelcome(0))
		n.send(bare, sentBefore, sentBefore)
		n.engine.Start()
		n.want("connecting dial >hello/resume,1 open >2,3")
	})
}

func TestSentRefusals(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		n.send(Call[*fakeCall]{Key: 5, Sent: true})
		_, err := n.submit(Call[*fakeCall]{Key: 5, Sent: true}, &fakeCall{})
		if err == nil || err.Code != CodeInvalid || err.Fate != Unknown {
			t.Errorf("its key twice: %+v", err)
		}
		n.abort(5)
		n.engine.Close()
		_, err = n.submit(Call[*fakeCall]{Key: 6, Sent: true}, &fakeCall{})
		if err == nil || err.Code != CodeClosed || err.Fate != Unknown {
			t.Errorf("after Close: %+v", err)
		}
	})
}

// Keys need not grow, but each names one call.
func TestKeysInAnyOrder(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.start()
		at := func(key protocol.Key) Call[*fakeCall] { return Call[*fakeCall]{Key: key} }
		n.send(at(5), at(3), at(1<<53-1), at(4))
		n.want(">5,3,9007199254740991,4")
		for _, key := range []protocol.Key{3, 4, 5, 1<<53 - 1} {
			if _, err := n.call(at(key), 1); err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
				t.Errorf("%d again: %v", key, err)
			}
		}
		if err := n.engine.Submit(Call[*fakeCall]{}); err == nil {
			t.Error("the key 0 was taken")
		}
		n.conn().reply(1<<53-1, 3, 5, 4)
		n.wantAll("9007199254740991=reply 3=reply 5=reply 4=reply")
	})
}

// The server is told of each call that was given up while in doubt, if it
// knows the session.
func TestGivenUpInDoubtIsCancelled(t *testing.T) {
	for _, knows := range []bool{true, false} {
		bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
			c := n.start()
			n.answers(nil)
			n.send(bare, within(2*time.Second), bare, idempotent)
			n.want(">1,2,3,4")
			c.stall(true)
			n.abort(3) // the cancel does not leave any more
			c.drop(protocol.CloseAbnormal)
			n.want("3=aborted/unknown x1006 waiting connecting dial >hello/resume")
			n.abort(1)
			n.after(2*time.Second, "1=aborted/unknown 2=timeout/unknown")
			n.conn().drop(protocol.CloseAbnormal) // never welcomed
			n.want("x1006 waiting connecting dial >hello/resume")
			n.engine.Welcome(n.conn(), resumed(knows))
			if knows {
				n.want("open >-3,-1,-2,4")
			} else {
				n.want("open >4")
			}
			n.conn().drop(protocol.CloseAbnormal)
			n.want("x1006 waiting connecting dial >hello/resume")
			n.engine.Welcome(n.conn(), resumed(true))
			n.want("open >4")
		})
	}
}

// So are the calls that failed when the client gave up.
func TestGivenUpAtTheEndIsCancelledIfItGoesOn(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.answers(resumedWelcome(0))
		n.send(bare, bare)
		n.want(">1,2")
		c.drop(protocol.CloseUnauthorized)
		n.want("x4401 1=closed/unknown 2=closed/unknown closed")
		n.engine.Reconnect()
		n.want("connecting dial >hello/resume open >-1,-2")
	})
}

// A server that accepts, never welcomes, and drops makes nothing grow.
func TestOwedCancelsAreBounded(t *testing.T) {
	bubble(t, Options{Reconnect: soon, Heartbeat: Heartbeat{After: -1}}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Start()
		for range maxLate/protocol.FirstRequests + 10 {
			n.send(times(protocol.FirstRequests, within(time.Second))...)
			n.skip()
			n.conn().drop(protocol.CloseAbnormal)
			time.Sleep(2 * time.Second)
			n.skip()
		}
		if owed := len(n.engine.cancels.late); owed != maxLate {
			t.Errorf("%d cancels wait", owed)
		}
		n.engine.Welcome(n.conn(), resumed(true))
		n.skip()
		if e := n.engine; len(e.cancels.late) != 0 || len(e.cancels.due) != 0 {
			t.Errorf("%d and %d cancels are left", len(e.cancels.late), len(e.cancels.due))
		}
	})
}

func TestSessionIsTheOneGiven(t *testing.T) {
	const id = "0f8fad5b-d9cb-469f-a165-70867728950e"
	bubble(t, Options{Session: id}, func(n *fakeNet) {
		c := n.start()
		r := protocol.NewReader([]byte(<-c.sent))
		r.Next()
		if h, err := r.Message().Hello(); err != nil || h.Session != id || h.Resume || n.engine.Session() != id {
			t.Errorf("%+v, %v; it says %s", h, err, n.engine.Session())
		}
	})
}

// After a frame that was too large the session is given up, and nothing that
// was sent in it may be sent in the next as if that knew of it.
func TestTooLargeLeavesNoDoubt(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.answers(nil)
		n.send(bare, idempotent)
		n.want(">1,2")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume")
		n.conn().stall(true)
		n.engine.Welcome(n.conn(), resumed(true)) // 1 and 2 wait to be sent again
		n.conn().drop(protocol.CloseTooLarge)
		n.want("open 1=lost/unknown x1009 waiting connecting dial >hello,2")
		n.conn().drop(protocol.CloseAbnormal) // its welcome is lost
		n.want("x1006 waiting connecting dial >hello/resume")
		n.engine.Welcome(n.conn(), resumed(true)) // it has never heard of the new session
		n.want("open >-1,2")
	})
}

// A call in doubt stands once in the queue, wherever it stood when the
// connection ended.
func TestInDoubtStandsOnceInTheQueue(t *testing.T) {
	bubble(t, Options{Resume: true, Reconnect: soon, Heartbeat: quiet.Heartbeat}, func(n *fakeNet) {
		w := resumedWelcome(0)
		w.Limits.Requests = protocol.FirstRequests
		n.answers(w)
		n.key = 10
		once := func() {
			e, refs := n.engine, map[protocol.Key]int{}
			for _, r := range e.queue.refs[e.queue.head:] {
				refs[r.key]++
			}
			for _, entry := range e.retries {
				refs[entry.key]++
			}
			for key, count := range refs {
				if count > 1 {
					t.Errorf("%d stands in the queue %d times", key, count)
				}
			}
		}
		c := n.start()
		n.send(times(2*protocol.FirstRequests+1, bare)...)
		n.send(Call[*fakeCall]{Key: 1, Sent: true}) // waits behind them
		n.skip()
		c.refuses(protocol.Overloaded, time.Second, 11) // and this beside them
		n.skip()
		n.answers(nil)
		c.drop(protocol.CloseAbnormal)
		n.skip() // 64 others leave with the hello
		n.engine.Welcome(n.conn(), *w)
		n.skip()
		once()
		n.conn().drop(protocol.CloseAbnormal)
		n.skip()
		n.engine.Welcome(n.conn(), *w) // 11 was sent again, and is older now
		n.skip()
		n.conn().refuses(protocol.Overloaded, time.Second, 1)
		n.conn().drop(protocol.CloseAbnormal)
		n.skip()
		n.conn().stall(true)
		n.engine.Welcome(n.conn(), *w)
		time.Sleep(2 * time.Second)
		n.skip()
		once()
	})
}
