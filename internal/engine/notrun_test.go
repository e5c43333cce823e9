package engine

import (
	"errors"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// notRun answers calls as a server that has no handler for them.
func (c *fakeConn) notRun(keys ...protocol.Key) {
	c.net.skip()
	var frame []byte
	for _, key := range keys {
		frame = protocol.AppendError(protocol.Join(frame), key, protocol.Error{Code: "not_found", Message: "no handler", NotRun: true})
	}
	c.receive(string(append(frame, ']')))
}

// It is an outcome: the server keeps it until it is acknowledged.
func TestNotRunIsUnsentAndAcknowledged(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		c.notRun(1)
		n.want("1=invalid/unsent")
		var refusal *Refusal
		if !errors.As(n.calls[0].out.Err, &refusal) || refusal.Reason != "not_found" || refusal.Error() != "no handler" {
			t.Errorf("%#v", n.calls[0].out.Err)
		}
		n.after(ackAfter, ">+1")
		c.notRun(1)
		n.after(ackAfter, ">+2")
		if n.frames.Unmatched() != 1 {
			t.Errorf("%d unmatched", n.frames.Unmatched())
		}
	})
}

// An earlier session may have had a handler.
func TestNotRunAfterALostSessionIsLost(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		c := n.start()
		n.send(idempotent)
		n.want(">1")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open >1")
		n.conn().notRun(1)
		n.want("1=lost/unknown")
		n.after(ackAfter, ">+1")
	})
}

// In one session a key runs once: what the first connection began would be
// answered with its own outcome.
func TestNotRunInAResumedSessionIsUnsent(t *testing.T) {
	bubble(t, quiet, func(n *fakeNet) {
		w := resumed(true)
		c := n.start()
		n.answers(&w)
		n.send(bare)
		n.want(">1")
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 waiting connecting dial >hello/resume open >1")
		n.conn().notRun(1)
		n.want("1=invalid/unsent")
	})
}
