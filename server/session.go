package server

import (
	"errors"
	"log/slog"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// What a connection does with its session.

// hello acts on the first message.
func (c *conn) hello(m *protocol.Message) *ending {
	if m.Kind != protocol.HelloKind {
		return closing(protocol.CloseBadMessage, "the first message must be hello")
	}
	hello, err := m.Hello()
	if err != nil {
		return closing(protocol.CloseBadMessage, "%v", err)
	}
	if !isUUID4(hello.Session) {
		return closing(protocol.CloseBadMessage, "the session in hello must be a random (version 4) uuid")
	}
	identity, end := c.authenticate(hello.Token)
	if end != nil {
		return end
	}
	guarded, acked, resumed, err := c.attach(session.Request{
		Principal: identity.Principal,
		ID:        hello.Session,
		Resume:    hello.Resume,
		Ack:       hello.Ack,
		Opened:    c.opened,
		Address:   network(c.http.RemoteAddr),
	})
	switch {
	case errors.Is(err, session.ErrReplaced):
		return replaced
	case err != nil && c.ctx.Err() != nil:
		return &ending{reason: "closed while it attached to its session"}
	case err != nil:
		c.log(slog.LevelError, "sockjax: failed to attach to a session", "err", err)
		return closing(protocol.CloseInternal, "the sessions can't be reached: try again later")
	}
	c.client.Store(&client{principal: identity.Principal, id: hello.Session, session: guarded})
	c.heard = resumed || !hello.Resume
	c.transport.Greeted()
	o := &c.options
	c.queue.Greet(guarded, protocol.AppendWelcome(nil, protocol.Welcome{
		Session:   hello.Session,
		Resumed:   resumed,
		Acked:     acked,
		Heartbeat: int64(o.Heartbeat / time.Millisecond),
		Expires:   c.expireAt(identity.Expires),
		Jitter:    int64(o.Jitter / time.Millisecond),
		Limits:    protocol.Limits{Frame: o.MaxFrame, Requests: o.MaxRequests, Message: o.MaxMessage, Window: o.Window},
	}), acked)
	c.log(slog.LevelDebug, "sockjax: connected", "resumed", resumed)
	return nil
}

// attach is Attach of Options.Sessions.
func (c *conn) attach(r session.Request) (g *guardedSession, acked uint64, resumed bool, err error) {
	defer guard(c.log, "Attach", &err)
	s, acked, resumed, err := c.options.Sessions.Attach(c.ctx, r, c)
	if err == nil && s == nil {
		err = errors.New("server.Options.Sessions: Attach returned neither a session nor an error")
	}
	return &guardedSession{s, c.life, c.log}, acked, resumed, err
}

// ask sends a ping behind the welcome: the client's pong shows that it has
// received both. Until a client knows that its session began anew, the next
// welcome must not say that it is resumed: the client would send calls of the
// lost session again, and they would run twice.
func (c *conn) ask() {
	c.asked = true
	c.writeIf(c.queue.Frame([]byte(protocol.Ping)))
}

func (c *conn) ponged() *ending {
	if c.heard || !c.asked {
		return nil
	}
	c.heard = true
	return c.lostEnding(c.client.Load().session.Ack(0))
}

// ack acts on an acknowledgement.
func (c *conn) ack(n uint64) *ending {
	switch {
	case n == 0:
		return closing(protocol.CloseBadMessage, "an ack must be an integer from 1 to %d", protocol.MaxKey)
	case !c.queue.Sent(n):
		return closing(protocol.CloseBadMessage, "an ack names more outcomes than were sent")
	}
	c.heard = true
	return c.lostEnding(c.client.Load().session.Ack(n))
}

// cancelCall acts on a cancel.
func (c *conn) cancelCall(name protocol.Key) *ending {
	c.forgetLarge(name)
	c.Canceled(name)
	return c.lostEnding(c.client.Load().session.Cancel(name))
}

var (
	replaced = &ending{protocol.CloseReplaced, "the session goes on on another connection"}
	lost     = &ending{protocol.CloseInternal, "the session is lost: connect again"}
)

// lostEnding is how the connection ends after a method of the session has
// returned err; nil if err is nil.
func (c *conn) lostEnding(err error) *ending {
	if err == nil {
		return nil
	}
	if errors.Is(err, session.ErrReplaced) {
		return replaced
	}
	c.SessionFailed(err)
	return lost
}

// SessionFailed implements sendq.Conn. Forget comes first, and tells the other
// connections that the session may have: a client that comes back in between
// must not be told that its calls are known.
func (c *conn) SessionFailed(err error) {
	if errors.Is(err, session.ErrReplaced) {
		c.Replaced()
		return
	}
	if !errors.Is(err, session.ErrForgotten) {
		c.log(slog.LevelError, "sockjax: failed to use a session, which is lost", "err", err)
	}
	c.client.Load().session.Forget()
	c.Forgotten()
}

// Replaced implements session.Owner. No request that arrives from now on
// begins.
func (c *conn) Replaced() {
	c.calls.stop(overloaded(afterStop, "%s", replaced.reason))
	if c.queue.Stop() {
		// The client has most likely left this connection. What is being sent
		// must not delay the outcomes behind it on their way to the session.
		c.transport.Hurry()
		go c.close(replaced.code, replaced.reason)
	}
}

// Forgotten implements session.Owner.
func (c *conn) Forgotten() {
	c.calls.end(ErrDisconnected)
	if c.queue.Drop() {
		go c.close(lost.code, lost.reason)
	}
}

// Appended implements session.Owner.
func (c *conn) Appended() { c.writeIf(c.queue.Replay()) }

// Canceled implements session.Owner.
func (c *conn) Canceled(name protocol.Key) { c.calls.cancel(key{n: name}) }

// isUUID4 tells whether text is a uuid of version 4 as RFC 9562 writes it.
func isUUID4(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f'):
			return false
		}
	}
	variant := text[19] | 0x20
	return text[14] == '4' && (text[19] == '8' || text[19] == '9' || variant == 'a' || variant == 'b')
}
