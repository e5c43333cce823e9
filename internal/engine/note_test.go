package engine

import (
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// The host is asked for what it has to say behind each welcome, and when it has
// more; never before one.
func TestNote(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Note()
		n.engine.Start()
		n.want("connecting dial >hello")
		n.send(bare)
		n.want(">1")
		c := n.conn()
		n.engine.Welcome(c, resumed(false))
		n.want("open >note")
		n.engine.Note()
		n.want(">note")
		n.send(bare)
		n.want(">2") // nothing new
		c.reply(1, 2)
		n.want("1=reply 2=reply")
		n.answers(resumedWelcome(2))
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume+2 open >note")
	})
}

func TestNoNoteUnlessThereIsOne(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open")
	})
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		n.engine.Note()
		n.start()
		n.engine.Note()
		n.want("")
	})
}

// It waits while the connection has to show that it is alive.
func TestNoteWaitsForAProbe(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.engine.Nudge()
		n.want(">ping")
		n.engine.Note()
		n.want("")
		c.receive(protocol.Pong)
		n.want(">note")
	})
}
