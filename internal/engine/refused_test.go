package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// refuses refuses calls, once they have been sent.
func (c *fakeConn) refuses(code string, after time.Duration, keys ...protocol.Key) {
	c.net.skip()
	var frame []byte
	for _, key := range keys {
		frame = protocol.AppendRefused(protocol.Join(frame), key, protocol.Error{Code: code, After: after.Milliseconds()})
	}
	c.receive(string(append(frame, ']')))
}

var quiet = Options{Heartbeat: Heartbeat{After: -1}, Reconnect: soon}

func TestRefusedWithoutAfterEnds(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		c.refuses(protocol.Overloaded, 0, 1)
		n.want("1=overloaded/unsent")
		n.after(time.Hour, "")
	})
}

func TestRefusedAsInvalidEnds(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		c.refuses(protocol.Invalid, time.Second, 1)
		n.want("1=invalid/unsent")
		n.after(time.Hour, "")
	})
}

func TestRefusedIsSentAgain(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		c.refuses(protocol.Overloaded, 250*time.Millisecond, 1)
		n.want("")
		if s := n.engine.Stats(); s.Pending != 1 || s.Queued != 1 || s.QueuedBytes != 1 {
			t.Errorf("%+v", s)
		}
		n.after(250*time.Millisecond-1, "")
		n.after(1, ">1")
		c.refuses(protocol.Overloaded, 100*time.Millisecond, 1) // as often as it likes
		n.after(100*time.Millisecond, ">1")
		c.reply(1)
		n.want("1=reply")
	})
}

// It goes to the queue's end when its time has come.
func TestRefusedIsSentBehindOthers(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare, bare)
		c.refuses(protocol.Overloaded, time.Second, 1)
		c.refuses(protocol.Overloaded, time.Second/2, 2)
		c.stall(true)
		n.send(bare)
		time.Sleep(time.Second + 1)
		n.send(bare)
		c.stall(false)
		n.want(">3,2,1,4")
	})
}

// It leaves room for others in the window while it waits.
func TestRefusedLeavesTheWindow(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		w := welcome
		w.Limits.Requests = protocol.FirstRequests
		n.answers(&w)
		c := n.start()
		n.send(times(protocol.FirstRequests+1, bare)...)
		n.want(">1,2,3,…,64")
		c.refuses(protocol.Overloaded, time.Second, 1)
		n.want(">65")
		n.after(time.Second, "")
		c.reply(2)
		n.want("2=reply >1")
	})
}

func TestRefusedUntilItsDeadline(t *testing.T) {
	for after, want := range map[time.Duration]string{
		time.Second - 1e6: "", time.Second: "1=overloaded/unsent", time.Minute: "1=overloaded/unsent",
		1 << 62: "1=overloaded/unsent",
	} {
		bubble(t, quiet, func(n *fakeNet) {
			c := n.start()
			n.send(within(time.Second))
			c.refuses(protocol.Overloaded, after, 1)
			n.want(want)
			n.skip()
		})
	}
}

func TestRefusedForEverEnds(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		n.start()
		n.send(bare)
		n.skip()
		time.Sleep(time.Hour)
		p, ok := n.engine.Refused(1, 1<<63-1)
		if !ok {
			t.Fatal("it waits until the clock has run over")
		}
		p.ends++
	})
}

// A call that waits for its second try certainly did not run.
func TestRefusedGivenUpIsUnsent(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare, within(10*time.Second), bare)
		n.skip()
		time.Sleep(9 * time.Second)
		c.refuses(protocol.Overloaded, 900*time.Millisecond, 1, 2, 3)
		c.stall(true)
		n.abort(1)
		n.want("1=aborted/unsent")
		n.after(time.Second, "2=timeout/unsent")
		n.engine.Close()
		n.wantAll("3=closed/unsent closed x1000")
	})
}

func TestRefusedWaitsOnWithoutAConnection(t *testing.T) {
	bubble(t, Options{Heartbeat: quiet.Heartbeat, Reconnect: Reconnect{Min: time.Second, Max: time.Second}}, func(n *fakeNet) {
		c := n.start()
		n.send(bare, bare)
		c.refuses(protocol.Overloaded, 10*time.Second, 1)
		c.refuses(protocol.Overloaded, 2*time.Second, 2)
		n.dials(refuse)
		c.drop(protocol.CloseAbnormal)
		time.Sleep(5 * time.Second)
		n.dials(accept)
		n.engine.Reconnect()
		n.skip()
		if got := n.conn().lines(); len(got) != 1 || got[0] != "hello/resume,2" {
			t.Errorf("%q", got)
		}
		n.after(5*time.Second, ">1")
	})
}

// A refusal tells of this connection only. What an earlier one says late, or
// what a server makes up, changes nothing.
func TestRefusedOfWhatWasNotSent(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.answers(nil)
		n.send(bare, bare)
		n.want(">1,2")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume")
		c = n.conn()
		c.refuses(protocol.Overloaded, 0, 1)
		c.receive(`[{"key":1,"forgotten":true},{"key":99,"refused":{"code":"overloaded","message":"","after":1}},{"key":99,"forgotten":true}]`)
		n.want("")
		n.engine.Welcome(c, resumed(true))
		n.want("open >1,2")
		c.refuses(protocol.Overloaded, 2*time.Second, 1)
		c.refuses(protocol.Overloaded, 0, 1) // it waits
		n.want("")
		n.after(2*time.Second, ">1")
		c.refuses(protocol.Overloaded, 0, 1)
		n.want("")
		c.receive(`[{"key":1}]`) // of what was sent on the first connection
		n.want("1=reply")
		n.after(ackAfter, ">+1")
	})
}

// An idempotent call that an earlier session may have run is not unsent
// because this one refuses it.
func TestRefusedAfterALostSession(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(idempotent, idempotent, idempotent)
		n.want(">1,2,3")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open >1,2,3")
		c = n.conn()
		c.refuses(protocol.Overloaded, 0, 1)
		n.want("1=lost/unknown")
		c.refuses(protocol.Overloaded, time.Second, 2, 3)
		n.abort(2)
		n.want("2=aborted/unknown")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open")
		n.after(time.Second, ">3")
	})
}

// Neither heap nor queue grows with what a busy server refuses.
func TestRefusedLeavesNothing(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare) // keeps both from becoming empty
		for range 1000 {
			n.send(bare)
			c.refuses(protocol.Overloaded, time.Hour, n.key)
			n.abort(n.key)
		}
		n.skip()
		if entries := len(n.engine.retries); entries > 100 {
			t.Errorf("%d entries for no call", entries)
		}
		for range 1000 {
			c.refuses(protocol.Overloaded, time.Millisecond, 1)
			time.Sleep(time.Millisecond)
		}
		n.skip()
		if refs := len(n.engine.queue.refs); refs > 100 {
			t.Errorf("%d references to 1 call", refs)
		}
	})
}

func TestForgottenRan(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		w := resumed(true)
		n.answers(&w)
		n.send(Call[*fakeCall]{Sent: true}, Call[*fakeCall]{Sent: true})
		n.engine.Start()
		n.want("connecting dial >hello/resume open >1,2")
		n.conn().receive(`[{"key":1,"forgotten":true},{"key":2}]`)
		n.want("1=lost/executed 2=reply")
		n.after(ackAfter, ">+1")
	})
}

// A refusal speaks of what this connection has carried: what was sent before
// may be running, and its outcome may come.
func TestRefusedOfWhatWasSentBefore(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		w := resumed(true)
		n.answers(&w)
		n.send(bare, bare, within(time.Second/2), bare)
		n.want(">1,2,3,4")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open >1,2,3,4")
		c = n.conn()
		c.refuses(protocol.Overloaded, 10*time.Second, 1, 3)
		c.refuses(protocol.Overloaded, 0, 2)
		c.refuses(protocol.Invalid, 0, 4)
		n.want("4=lost/unknown")
		n.after(time.Second/2, "3=timeout/unknown >-3")
		n.after(time.Second/2, ">2")
		c.reply(1)
		n.want("1=reply")
		// In doubt again, it is sent again with the others, and once.
		c.refuses(protocol.Overloaded, time.Second, 2)
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+1 open >2")
		n.after(10*time.Second, "")
		if refs := len(n.engine.queue.refs) + len(n.engine.retries); refs > 0 {
			t.Errorf("%d references to a call that was sent", refs)
		}
	})
}
