package engine

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

// answered starts an engine, sends so many calls and replies to them in one
// frame.
func answered(n *fakeNet, count int) *fakeConn {
	n.t.Helper()
	c := n.start()
	n.send(times(count, bare)...)
	n.skip()
	n.replyTo(c, 1, count)
	return c
}

// lines are the frames that were sent since the last lines.
func (c *fakeConn) lines() (all []string) {
	synctest.Wait()
	for len(c.sent) > 0 {
		all = append(all, contract.Brief(<-c.sent))
	}
	return all
}

// replyTo replies in one frame to the calls from first to last.
func (n *fakeNet) replyTo(c *fakeConn, first, last int) {
	var keys []protocol.Key
	for key := first; key <= last; key++ {
		keys = append(keys, protocol.Key(key))
	}
	c.reply(keys...)
	n.skip()
}

func TestAckAloneAfterASecond(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		answered(n, 1)
		n.after(ackAfter-1, "")
		n.after(1, ">+1")
		n.after(ackAfter, "")
	})
}

// The second counts from the first outcome that is not acknowledged.
func TestAckSecondCountsFromTheFirst(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := answered(n, 1)
		n.after(900*time.Millisecond, "")
		n.send(bare)
		c.reply(2)
		n.want(">2 2=reply")
		n.after(100*time.Millisecond, ">+2")
	})
}

func TestAckRides(t *testing.T) {
	for count, want := range map[int]string{ackRide - 1: ">16", ackRide: ">+16,17"} {
		bubble(t, Options{}, func(n *fakeNet) {
			answered(n, count)
			n.send(bare)
			n.want(want)
		})
	}
}

func TestAckRidesOnACancel(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(times(ackRide+1, bare)...)
		n.skip()
		n.replyTo(c, 2, ackRide+1)
		n.abort(1)
		n.want("1=aborted/unknown >+16,-1")
	})
}

// What has waited behind a full socket for a second leaves with what waits
// there too.
func TestAckThatIsLateRides(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := answered(n, 1)
		c.stall(true)
		time.Sleep(ackAfter)
		n.send(bare)
		n.want("")
		c.stall(false)
		n.want(">+1,2")
	})
}

// While acks ride, nothing leaves by itself.
func TestAcksOfSteadyTrafficRide(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(times(ackRide, bare)...)
		for range 50 {
			n.skip()
			n.replyTo(c, int(n.key)-ackRide+1, int(n.key))
			n.send(times(ackRide, bare)...)
			time.Sleep(100 * time.Millisecond)
		}
		for _, frame := range c.lines() {
			if strings.HasPrefix(frame, "+") && !strings.Contains(frame, ",") {
				t.Errorf("%s left alone", frame)
			}
		}
	})
}

func TestAckAloneAfterMany(t *testing.T) {
	for count, want := range map[int][]string{
		ackAlone - 1: {""},
		ackAlone:     {"+1000"},
		ackAlone + 1: {"+1000", "+1001"}, // by whether the sender is quicker than the reader
	} {
		bubble(t, Options{}, func(n *fakeNet) {
			c := n.start()
			n.send(times(count, bare)...)
			n.skip()
			c.lines()
			n.replyTo(c, 1, count)
			if got := strings.Join(c.lines(), " "); !slices.Contains(want, got) {
				t.Errorf("%d outcomes: %q, not one of %q", count, got, want)
			}
		})
	}
}

func TestAckAloneAfterManyBytes(t *testing.T) {
	reply := func(key string, size int) string {
		return `[{"key":` + key + `,"data":"` + strings.Repeat("x", size-len(`[{"key":`+key+`,"data":""}]`)) + `"}]`
	}
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(bare, bare, bare)
		n.skip()
		c.receive(reply("1", ackBytes-1))
		n.want("1=reply")
		c.receive("pong") // whatever it is
		n.want("")
		c.receive(reply("2", 100))
		n.want("2=reply >+2")
		c.receive(reply("3", ackBytes))
		n.want("3=reply >+3")
	})
}

// Bytes before the first outcome do not count.
func TestAckBytesCountFromTheFirst(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		c.receive("[" + strings.Repeat(" ", ackBytes) + "]")
		n.send(bare)
		c.reply(1)
		n.want(">1 1=reply")
	})
}

// Outcomes are counted, whether or not somebody waits for them; other answers
// are not.
func TestAckCountsOutcomesOnly(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.send(bare, bare, bare)
		n.skip()
		c.receive(`[{"key":1,"error":{"code":"x","message":""}},{"key":2,"refused":{"code":"overloaded","message":""}},{"key":3,"forgotten":true},{"key":77},{"key":78,"error":{"code":"x","message":""}}]`)
		n.skip()
		n.after(ackAfter, ">+3")
	})
}

func TestAckInTheHello(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		w := resumed(true)
		w.Acked = 3
		c := answered(n, 3)
		n.answers(&w)
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+3 open")
		n.after(2*ackAfter, "")
		n.send(bare)
		n.conn().reply(4)
		n.want(">4 4=reply")
		n.after(ackAfter, ">+4")
	})
}

// An ack that got lost with its connection is in the next hello.
func TestAckLostInTheHello(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := answered(n, 3)
		n.after(ackAfter, ">+3")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+3 open")
	})
}

// The server may know better, if this is a later life of the session.
func TestAckGoesOnFromTheWelcome(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		w := resumed(true)
		w.Acked = 40
		n.answers(&w)
		n.engine.Start()
		n.want("connecting dial >hello/resume open")
		n.conn().receive(`[{"key":7},{"key":9}]`) // of the earlier life
		n.after(ackAfter, ">+42")
	})
}

func TestAckStartsAnewWithTheSession(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := answered(n, 3)
		n.send(idempotent)
		n.skip()
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+3 open >4")
		n.conn().reply(4)
		n.want("4=reply")
		n.after(ackAfter, ">+1")
	})
}

// A server that sends outcomes before its welcome does not get them counted
// into whatever session that names.
func TestNoAckBeforeTheWelcome(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(nil)
		n.send(times(ackRide, bare)...)
		n.engine.Start()
		n.skip()
		n.replyTo(n.conn(), 1, ackRide)
		n.send(bare)
		n.want(">17")
		n.after(2*ackAfter, "")
		w := resumed(true)
		w.Acked = 5
		n.engine.Welcome(n.conn(), w)
		n.want("open")
		n.conn().reply(17)
		n.want("17=reply")
		n.after(ackAfter, ">+6")
	})
}

// An ack takes no request's place in a frame that the request fills.
func TestAckMakesWayForALargeRequest(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := answered(n, ackRide)
		n.call(bare, fits(welcome.Limits.Frame)-1) // its key has two digits
		n.engine.Wake()
		n.want(">17")
		c.lengths()
		n.send(bare)
		n.want(">+16,18")
		n.replyTo(c, 17, 18)
		c.stall(true)
		time.Sleep(ackAfter)
		n.skip() // until the ack is due
		n.call(bare, fits(welcome.Limits.Frame)-1)
		c.stall(false)
		n.want(">+18 >19")
	})
}

func TestPlainHasNoAcks(t *testing.T) {
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		c := n.start()
		for range 2 * ackAlone {
			n.send(Call[*fakeCall]{Name: "a"})
			n.skip()
			c.receive(`{"key":"a"}`)
			n.skip()
		}
		n.after(2*ackAfter, "")
		if s := n.engine.Stats(); s.Unacked != 0 {
			t.Errorf("%+v", s)
		}
	})
}
