package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func TestDeadlinesManyTheSameAndDifferent(t *testing.T) {
	bubble(t, Options{Heartbeat: Heartbeat{Timeout: -1}}, func(n *fakeNet) {
		n.start()
		begin := time.Now()
		want := map[protocol.Key]time.Duration{}
		got := map[protocol.Key]time.Duration{}
		n.ended = func(c *fakeCall) {
			n.mu.Lock()
			defer n.mu.Unlock()
			got[c.key] = time.Since(begin)
		}
		for i := range 900 {
			d := time.Duration(rand.N(50)+1) * time.Second
			if i%3 == 0 {
				d = 7 * time.Second
			}
			n.send(within(d))
			want[n.key] = d
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		n.mu.Lock()
		defer n.mu.Unlock()
		for key, d := range want {
			if got[key] != d {
				t.Fatalf("call %d of %v ended after %v", key, d, got[key])
			}
		}
	})
}

func TestDeadlineIsFromSubmitOn(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.send(within(3 * time.Second))
		time.Sleep(2 * time.Second)
		n.start()
		n.after(time.Second, "1=timeout/unknown >-1")
	})
}

func TestDeadlineEarlierThanTheEarliest(t *testing.T) {
	bubble(t, Options{Heartbeat: Heartbeat{Timeout: -1}}, func(n *fakeNet) {
		n.start()
		n.send(within(time.Hour))
		n.after(time.Second, ">1")
		n.send(within(time.Second))
		n.after(time.Second, ">2 2=timeout/unknown >-2")
		n.send(within(1<<63 - 1)) // so late that it overflows: none
		n.after(time.Minute-time.Second, ">3 >ping >ping")
	})
}

// In turns the time runs from EndTurn or Next on, and a call that has ended in
// its own turn has none.
func TestDeadlineFromTheEndOfTheTurn(t *testing.T) {
	bubble(t, Options{Turns: true}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.send(within(3*time.Second), within(time.Second))
		n.abort(2)
		n.after(2*time.Second, "connecting dial 2=aborted/unsent")
		n.engine.EndTurn()
		n.engine.EndTurn()
		n.after(3*time.Second-1, "")
		n.after(1, "1=timeout/unsent")
	})
	bubble(t, Options{Turns: true}, func(n *fakeNet) {
		n.start()
		n.send(within(3*time.Second), within(time.Second))
		n.want(">1,2")
		n.abort(2)
		n.after(3*time.Second-1, "2=aborted/unknown >-2")
		n.after(1, "1=timeout/unknown >-1")
	})
}

func TestDeadlineHeap(t *testing.T) {
	for range 100 {
		var d deadlines
		var model []time.Duration
		for i := range rand.N(200) {
			at := time.Duration(rand.N(50))
			d.push(at, ref{protocol.Key(i + 1), 0})
			model = append(model, at)
			if rand.N(4) == 0 {
				i := slices.Index(model, d.pop().at)
				if model[i] != slices.Min(model) {
					t.Fatal("pop took one that is not the earliest")
				}
				model = slices.Delete(model, i, i+1)
			}
		}
		even := func(r ref) bool { return r.key%2 == 0 }
		d.compact(even)
		last := time.Duration(0)
		for len(d) > 0 {
			e := d.pop()
			if e.at < last || !even(e.ref) {
				t.Fatalf("%v after %v", e, last)
			}
			last = e.at
		}
	}
}

func TestDeadlineHeapIsCompacted(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(within(time.Hour)) // stays
		for range 3_000 {
			n.send(within(time.Minute))
			c.reply(n.key)
		}
		if entries := len(n.engine.deadlines); entries > 100 {
			t.Errorf("%d entries for 1 call", entries)
		}
		n.skip()
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := n.engine.Stats(); s.Pending != 0 {
			t.Error("the deadline of the call that stayed was lost")
		}
	})
}

// The program stands still in the host's Fail, over the deadline of call 2.
// The reply to that has arrived meanwhile and is read as soon as it goes on.
func TestStallReplyWins(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.ended = func(call *fakeCall) {
			if call.key == 1 {
				time.Sleep(time.Second)
				time.AfterFunc(time.Millisecond, func() { c.receive(`[{"key":2}]`) })
			}
		}
		n.send(within(10*time.Second), within(10500*time.Millisecond), within(10500*time.Millisecond))
		n.after(20*time.Second, ">1,2,3 1=timeout/unknown >-1 2=reply 3=timeout/unknown >-3 >+1")
	})
}

// A frame that comes after a deadline whose timer has not fired, as in a
// hidden tab, has what is overdue looked at; and what the frame holds wins.
func TestReceivedWakesOverdue(t *testing.T) {
	for _, late := range []time.Duration{0, stall, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			n := newNet(t, Options{})
			e := n.engine
			conn := &fakeConn{net: n, wake: make(chan struct{}, 1)}
			e.adopt(conn, "", e.now())
			n.send(within(time.Second), within(time.Second))
			var b Batch[*fakeCall]
			e.Next(conn, &b)
			<-e.sooner
			time.Sleep(time.Second + late)
			e.Received(conn, 0)
			select {
			case <-e.sooner:
			default:
				t.Error("nobody was woken")
			}
			e.Received(&fakeConn{}, 0)
		})
	}
}

func TestExpireHoldsBackAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Options{})
		e := n.engine
		conn := &fakeConn{net: n, wake: make(chan struct{}, 1)}
		e.adopt(conn, "", e.now())
		n.send(within(time.Second), within(time.Second))
		var b Batch[*fakeCall]
		e.Next(conn, &b)
		time.Sleep(time.Minute)
		e.Received(conn, 0) // the frame that is being read now holds the reply to 1
		go e.expire()
		defer close(e.closing)
		synctest.Wait()
		n.want("")
		n.frames.Text(conn, []byte(`[{"key":1}]`))
		n.after(stall/10, "1=reply 2=timeout/unknown")
	})
}
