package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func TestWelcomeThatIsUnfit(t *testing.T) {
	for _, w := range []protocol.Welcome{
		{Session: "0f8fad5b-d9cb-469f-a165-70867728950e", Resumed: true},
		{Session: "x"},
		{Resumed: true, Acked: uint64(protocol.MaxKey) + 1},
	} {
		bubble(t, Options{}, func(n *fakeNet) {
			n.answers(nil)
			n.send(bare)
			n.engine.Start()
			n.want("connecting dial >hello,1")
			n.engine.Welcome(n.conn(), w)
			if _, err := n.call(bare, 1); err != nil { // it has closed already
				n.want("x4400 1=closed/unknown closed")
			} else {
				n.want("x4400 1=closed/unknown 2=closed/unsent closed")
			}
		})
	}
}

// A server with many clients asks them not to come back all at once.
func TestJitterOfTheWelcome(t *testing.T) {
	for jitter, limit := range map[int64]time.Duration{
		0: time.Millisecond, 1: time.Millisecond, 5000: 5 * time.Second, -1: time.Millisecond, 1<<63 - 1: longestJitter,
	} {
		most := time.Duration(0)
		bubble(t, Options{Reconnect: Reconnect{Min: time.Millisecond, Max: time.Millisecond}, Heartbeat: Heartbeat{After: -1}}, func(n *fakeNet) {
			w := welcome
			w.Jitter = jitter
			n.answers(&w)
			n.start()
			for range 200 {
				for len(n.changes) > 0 {
					<-n.changes
				}
				n.conn().drop(protocol.CloseAbnormal)
				n.skip()
				c := <-n.changes
				if c.State != StateWaiting || c.Delay >= limit {
					t.Fatalf("jitter %d: %+v", jitter, c)
				}
				most = max(most, c.Delay)
				time.Sleep(c.Delay)
				n.skip()
			}
		})
		if most < limit*9/10 {
			t.Errorf("jitter %d: never more than %v", jitter, most)
		}
	}
}

// Only the first attempt after the loss waits for it.
func TestJitterOnce(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: time.Millisecond, Max: time.Millisecond}}, func(n *fakeNet) {
		w := welcome
		w.Jitter = time.Hour.Milliseconds()
		n.answers(&w)
		c := n.start()
		n.dials(refuse)
		for len(n.changes) > 0 {
			<-n.changes
		}
		c.drop(protocol.CloseAbnormal)
		n.skip()
		<-n.changes
		n.engine.Nudge()
		n.skip()
		for range 10 {
			if c := <-n.changes; c.Delay > time.Millisecond {
				t.Fatalf("%+v", c)
			}
			time.Sleep(time.Millisecond)
			n.skip()
		}
	})
}
