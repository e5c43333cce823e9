package engine

import (
	"fmt"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// turnedAwayCodes are those with which a server ends a connection that it does
// not take.
var turnedAwayCodes = []protocol.CloseCode{protocol.CloseUnauthorized, protocol.CloseForbidden, protocol.CloseVersion}

// A server runs nothing before its welcome.
func TestTurnedAwayBeforeTheWelcomeIsUnsent(t *testing.T) {
	for _, code := range turnedAwayCodes {
		bubble(t, Options{}, func(n *fakeNet) {
			n.answers(nil)
			n.send(bare, idempotent)
			n.engine.Start()
			n.want("connecting dial >hello,1,2")
			n.conn().drop(code)
			n.want(fmt.Sprintf("x%d 1=closed/unsent 2=closed/unsent closed", code))
			n.engine.Reconnect()
			n.want("connecting dial >hello") // no server has seen the session
		})
	}
}

// Reconnect may come before the calls have been failed: with another token
// they run, once, in the same session.
func TestTurnedAwayAndConnectedAnew(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(nil)
		n.send(times(2, bare)...)
		n.engine.Start()
		n.want("connecting dial >hello,1,2")
		n.hold(true)
		n.engine.detach(Closed{Code: protocol.CloseUnauthorized})
		n.engine.Reconnect()
		n.send(bare)
		n.want("x1000 dial >hello,1,2,3")
	})
}

// As soon as anything has come, the server may have begun what it had.
func TestTurnedAwayAfterTheWelcomeIsUnknown(t *testing.T) {
	for _, frame := range []string{`[{"welcome":{}}]`, protocol.Ping} {
		bubble(t, Options{}, func(n *fakeNet) {
			n.answers(nil)
			n.send(bare)
			n.engine.Start()
			n.skip()
			n.conn().receive(frame)
			n.skip()
			n.conn().drop(protocol.CloseUnauthorized)
			n.want("x4401 1=closed/unknown closed")
		})
	}
}

// What an earlier connection has brought may run, whatever is said to this one;
// what this one was the first to bring does not.
func TestTurnedAwayLater(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.answers(nil)
		n.send(bare, idempotent)
		n.want(">1,2")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume")
		n.send(bare)
		n.want(">3")
		n.conn().drop(protocol.CloseUnauthorized)
		n.want("x4401 1=closed/unknown 2=closed/unknown 3=closed/unsent closed")
	})
}

// A page's first connection is opened without the engine, which may take it
// over before it ends.
func TestTurnedAwayAfterItWasAdopted(t *testing.T) {
	for _, heard := range []bool{false, true} {
		bubble(t, Options{}, func(n *fakeNet) {
			c := n.made()
			n.engine.Adopt(c, 0, heard)
			n.send(sentBefore, bare)
			n.engine.Start()
			go c.pump()
			n.want(">2")
			c.drop(protocol.CloseUnauthorized)
			if heard {
				n.want("x4401 1=closed/unknown 2=closed/unknown closed")
			} else {
				n.want("x4401 1=closed/unsent 2=closed/unsent closed")
			}
		})
	}
}

// A call of an earlier life may have run in that.
func TestTurnedAwayInALaterLife(t *testing.T) {
	bubble(t, Options{Resume: true}, func(n *fakeNet) {
		n.answers(nil)
		n.send(sentBefore, bare)
		n.engine.Start()
		n.want("connecting dial >hello/resume,2")
		n.conn().drop(protocol.CloseUnauthorized)
		n.want("x4401 1=closed/unknown 2=closed/unsent closed")
	})
}
