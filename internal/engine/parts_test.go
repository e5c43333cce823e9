package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// wide is a server that takes bodies and large requests.
func wide(window int) *protocol.Welcome {
	w := welcome
	w.Limits.Message, w.Limits.Window = 16<<20, window
	return &w
}

func wideResumed(window int, acked uint64) *protocol.Welcome {
	w := wide(window)
	w.Resumed, w.Acked = true, acked
	return w
}

// A body follows its request at once, as far as its window allows, and goes on as
// the server takes it.
func TestBody(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(5_000))
		c := n.start()
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 2000, 2000, 2000)
		n.want(">1/open,1:0+2")
		c.receive(frameOf(gotMessage(1, 0))) // as a server says of each body
		n.want("")
		c.receive(frameOf(takenMessage(1, 1, 5_000)))
		n.want(">1:2+1")
		if up.released != 1 {
			t.Errorf("released %d", up.released)
		}
		n.engine.EndBody(1)
		n.want(">1:end")
		n.engine.EndBody(1)
		if n.engine.Feed(1, 1) {
			t.Error("fed a body that is complete")
		}
		n.want("")
		c.receive(frameOf(takenMessage(1, 3, 5_000), replyMessage(1)))
		n.want("1=reply")
		if n.engine.Feed(1, 1) {
			t.Error("fed a call that has ended")
		}
	})
}

// A part that is larger than the window goes alone, when all before were taken;
// with no window at all, none does.
func TestLargePart(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(1000))
		c := n.start()
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 500, 3000, 500)
		n.want(">1/open,1:0+1")
		c.receive(frameOf(takenMessage(1, 1, 1000)))
		n.want(">1:1+1")
		c.receive(frameOf(takenMessage(1, 2, 0)))
		n.want("")
		c.receive(frameOf(takenMessage(1, 2, 100)))
		n.want(">1:2+1")
	})
}

// What a server says that can't be changes nothing.
func TestCreditThatCantBe(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(1000))
		c := n.start()
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 600, 600, 600)
		n.want(">1/open,1:0+1")
		c.receive(frameOf(takenMessage(1, 2, 9000), gotMessage(1, 2), takenMessage(7, 1, 9000), gotMessage(7, 1), partsMessage(1, 1, 1), `{"key":1,"taken":-1,"window":9}`, `{"key":1,"taken":1,"window":-9}`))
		n.want("")
		c.receive(frameOf(takenMessage(1, 1, 1000)))
		n.want(">1:1+1")
		c.receive(frameOf(takenMessage(1, 0, 9000)))
		n.want("")
		if n.frames.Garbage() != 2 || len(up.arrived) > 0 {
			t.Errorf("%d pieces of garbage, %d parts", n.frames.Garbage(), len(up.arrived))
		}
	})
}

// A chunk has a size before there is a connection, and fits into the frames of
// any server.
func TestChunkBeforeThereIsAConnection(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		up := n.openCall(Call[*fakeCall]{Open: true})
		if got := n.engine.Chunk(up.key); got < 4<<10 || got > protocol.FirstFrame {
			t.Errorf("%d B", got)
		}
		n.answers(wide(1000))
		n.start()
		if got := n.engine.Chunk(up.key); got < 4<<10 || got > chunkSize {
			t.Errorf("%d B on a connection", got)
		}
	})
}

// Bodies wait for the server to say whether it takes any.
func TestBodyWaitsForTheWelcome(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Start()
		n.want("connecting dial >hello")
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 10)
		n.send(bare)
		n.want("") // it may not overtake
		c := n.conn()
		n.answers(wide(1000))
		c.drop(protocol.CloseAbnormal)
		n.wantAll("x1006 waiting connecting dial >hello/resume open >1/open,2,1:0+1")
		n.conn().reply(2)
		n.want("2=reply")

		n.answers(&welcome)
		n.conn().drop(protocol.CloseAbnormal)
		n.wantAll("x1006 waiting connecting dial >hello/resume+1 open 1=lost/unknown")
		if _, err := n.call(Call[*fakeCall]{Open: true}, 1); err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
			t.Errorf("a server without bodies: %v", err)
		}
	})
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Start()
		n.openCall(Call[*fakeCall]{Open: true})
		n.want("connecting dial >hello")
		n.engine.Welcome(n.conn(), welcome)
		n.wantAll("open 1=invalid/unsent")
	})
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		for _, spec := range []Call[*fakeCall]{{Open: true}, {Window: 1}} {
			if _, err := n.call(spec, 1); err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
				t.Errorf("plain mode: %v", err)
			}
		}
	})
}

// A stream is read from any connection of its session, each part once.
func TestStream(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(wide(0))
		c := n.start()
		down := n.openCall(Call[*fakeCall]{Window: 40_000})
		n.want(">1/window40000")
		c.receive(frameOf(partsMessage(1, 2, 100), asking(partsMessage(1, 1, 9000))))
		n.took(down, 2)
		n.want("") // worth no word
		n.took(down, 1)
		n.want(">1:taken3/40000")
		n.answers(wideResumed(0, 1)) // one fewer than have come
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+3 open >1/window40000,1:taken3/40000")
		n.conn().receive(frameOf(partsMessage(1, 1, 100), partsMessage(1, 1, 9000), partsMessage(1, 1, 7), replyMessage(1)))
		n.want("1=reply")
		if len(down.arrived) != 4 || len(down.arrived[3]) != 7 {
			t.Errorf("%d parts have arrived", len(down.arrived))
		}
	})
}

// The server is told of the last parts too, or a larger one might wait for ever.
func TestStreamIsToldOfInTheEnd(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(0))
		c := n.start()
		down := n.openCall(Call[*fakeCall]{Window: 40_000})
		n.want(">1/window40000")
		c.receive(frameOf(partsMessage(1, 2, 100)))
		n.took(down, 1)
		n.after(ackAfter, ">+2 >1:taken1/40000")
		n.took(down, 1)
		n.want(">1:taken2/40000")
	})
}

// A call with parts has time as long as something moves, or its own end is slow.
func TestTimeWithoutProgress(t *testing.T) {
	bubble(t, Options{Heartbeat: Heartbeat{After: -1}}, func(n *fakeNet) {
		n.answers(wide(1000))
		c := n.start()
		down := n.openCall(Call[*fakeCall]{Window: 40_000, Timeout: 10 * time.Second})
		n.want(">1/window40000")
		for range 3 {
			time.Sleep(9 * time.Second)
			c.receive(frameOf(partsMessage(1, 1, 1)))
			n.took(down, 1)
		}
		c.receive(frameOf(partsMessage(1, 1, 1)))
		time.Sleep(time.Minute) // nobody reads
		n.skip()
		n.took(down, 1)
		time.Sleep(9 * time.Second)
		n.skip()
		n.after(2*time.Second, ">-1 1=timeout/unknown")

		up := n.openCall(Call[*fakeCall]{Open: true, Timeout: 10 * time.Second})
		n.skip()
		time.Sleep(time.Minute) // nobody writes
		n.skip()
		n.feed(up, 600, 600)
		n.engine.EndBody(2)
		n.want(">2:0+1")
		time.Sleep(9 * time.Second)
		n.conn().receive(frameOf(takenMessage(2, 1, 1000)))
		n.skip()
		time.Sleep(9 * time.Second)
		n.skip()
		n.after(2*time.Second, ">-2 2=timeout/unknown")
	})
}
