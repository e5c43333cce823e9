package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// After a reconnect, a body goes on behind what the server has got.
func TestBodyResumes(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(wide(10_000))
		c := n.start()
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 1000, 1000, 1000)
		n.engine.EndBody(1)
		n.want(">1/open,1:0+3,1:end")
		c.receive(frameOf(gotMessage(1, 0)))
		n.answers(wideResumed(10_000, 1))
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+1 open >1/open")
		n.conn().receive(frameOf(gotMessage(1, 2)))
		n.want(">1:2+1,1:end")
		if up.released != 2 {
			t.Errorf("released %d", up.released)
		}
		n.conn().receive(frameOf(takenMessage(1, 3, 10_000), replyMessage(1)))
		n.want("1=reply")
	})
}

// In a session that was lost, only what is not begun begins again.
func TestPartsOfALostSession(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(wide(10_000))
		c := n.start()
		n.openCall(Call[*fakeCall]{Window: 1000, Idempotent: true}) // 1: a part of it arrives
		n.openCall(Call[*fakeCall]{Window: 1000, Idempotent: true}) // 2: none does
		n.openCall(Call[*fakeCall]{Window: 1000})                   // 3
		for range 3 {                                               // 4: let go of, 5: not, 6: not idempotent
			n.feed(n.openCall(Call[*fakeCall]{Open: true, Idempotent: n.key < 5}), 10, 10)
		}
		n.skip()
		c.receive(frameOf(partsMessage(1, 1, 1), gotMessage(4, 1), gotMessage(5, 0), gotMessage(6, 0)))
		c.drop(protocol.CloseAbnormal)
		n.wantAll("x1006 waiting connecting dial >hello/resume+4 open " +
			"1=lost/executed 3=lost/unknown 4=lost/unknown 6=lost/unknown >2/window1000,5/open,5:0+2")
		n.conn().receive(frameOf(gotMessage(5, 0), partsMessage(2, 1, 1), replyMessage(2), replyMessage(5)))
		n.want("2=reply 5=reply")
	})
}

// A refusal, or an end before anything was begun, takes the parts back too.
func TestBodyThatWasRefused(t *testing.T) {
	bubble(t, Options{Reconnect: soon, Token: true}, func(n *fakeNet) {
		n.token = func(<-chan struct{}) (string, error) { return "t", nil }
		n.answers(wide(10_000))
		n.engine.Start()
		c := n.conn()
		n.skip()
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 10, 10)
		n.want(">1/open,1:0+2")
		c.receive(`[{"key":1,"refused":{"code":"overloaded","after":1000}}]`)
		n.feed(up, 10)
		n.want("")
		n.after(2*time.Second, ">1/open,1:0+3")
		c.receive(frameOf(gotMessage(1, 3), replyMessage(1)))
		n.want("1=reply")
	})
}

// A part that no frame can carry ends its call, and no other.
func TestPartThatIsTooLarge(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(8 << 20))
		n.start()
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 2<<20)
		n.send(bare)
		n.want(">1/open,2 >-1 1=invalid/unknown")
	})
}

// Calls take turns: one run of parts in a frame, and none where the socket has
// enough.
func TestTurns(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(1 << 20))
		c := n.start()
		c.stall(true)
		for range 3 {
			up := n.openCall(Call[*fakeCall]{Open: true})
			n.feed(up, 30_000, 30_000)
		}
		n.skip()
		c.stall(false)
		n.want(">1/open,2/open,3/open,1:0+1 >2:0+1 >3:0+1 >1:1+1 >2:1+1 >3:1+1")
	})
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(wide(1 << 20))
		c := n.start()
		c.noParts(true)
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.feed(up, 30_000)
		n.send(bare)
		n.want(">1/open,2")
		n.engine.EndBody(1)
		n.want("")
		c.noParts(false)
		n.want(">1:0+1,1:end")
	})
}

// A request that is larger than a frame goes in pieces, between other messages,
// and all of it again on the next connection.
func TestLargeRequest(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		w := wide(0)
		w.Limits.Frame = protocol.FirstFrame
		n.answers(w)
		c := n.start()
		c.stall(true)
		if _, err := n.call(bare, 150_000); err != nil {
			t.Fatal(err)
		}
		n.send(bare)
		c.stall(false)
		n.want(">1/text150000,2,1:0+65280B >1:0+65280B >1:0+19440B")
		resumed := *w
		resumed.Resumed = true
		n.answers(&resumed)
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open >1/text150000,2,1:0+65280B >1:0+65280B >1:0+19440B")
	})
	bubble(t, Options{}, func(n *fakeNet) {
		w := wide(0)
		w.Limits.Message = 2 << 20
		n.answers(w)
		n.start()
		if _, err := n.call(bare, 2<<20+1); err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
			t.Errorf("more than limits.message: %v", err)
		}
		if _, err := n.call(bare, 2<<20); err != nil {
			t.Error(err)
		}
		n.engine.Wake()
		n.skip()
	})
}
