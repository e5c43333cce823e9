package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Welcome tells that the server has answered the hello on conn, and decides
// what becomes of the calls in doubt: those that were sent on an earlier
// connection and not answered.
func (e *Engine[P]) Welcome(conn Conn, w protocol.Welcome) {
	now := e.now()
	e.mu.Lock()
	if e.conn.Conn != conn || e.conn.welcomed {
		e.mu.Unlock()
		return
	}
	c := &e.conn
	if why := e.unfit(w); why != "" {
		c.broken = &Closed{Code: protocol.CloseBadMessage, Reason: why}
		e.rouse(e.attention)
		e.mu.Unlock()
		return
	}
	c.welcomed, c.since = true, now
	// A server may not ask for less than what was allowed before it could,
	// and one without a limit may write the largest number that it has.
	c.limits.Frame = min(max(w.Limits.Frame, protocol.FirstFrame), largestFrame)
	c.limits.Requests = max(w.Limits.Requests, protocol.FirstRequests)
	c.limits.Message = min(w.Limits.Message, largestFrame)
	c.limits.Window = min(w.Limits.Window, largestFrame)
	if w.Heartbeat > 0 {
		c.heartbeat.silence = min(c.heartbeat.silence, max(milliseconds(w.Heartbeat), shortest))
	}
	c.jitter = min(milliseconds(w.Jitter), longestJitter)
	e.authorize(now, milliseconds(w.Expires))
	switch {
	case w.Resumed:
		e.acks.resume(w.Acked)
	case !c.adopted: // or the host may have heard outcomes already
		e.acks.anew()
		e.session.lost = e.session.lost || e.session.asked
	}
	e.cancels.welcomed(w.Resumed)
	e.noted = false
	lost := e.resolve(sessionLost, w.Resumed)
	e.change(Change{State: StateOpen})
	c.wake()
	e.rouse(e.attention) // what depends on time has changed
	e.mu.Unlock()
	e.fail(lost)
	e.tell()
}

// unfit says what is wrong with a welcome.
func (e *Engine[P]) unfit(w protocol.Welcome) string {
	switch {
	case w.Session != "" && w.Session != e.session.id:
		return "the welcome names a session that is not this client's"
	case w.Acked > uint64(protocol.MaxKey):
		return "the welcome counts more outcomes than there can be"
	}
	return ""
}

// milliseconds is a number of them from the wire, cut to what can be reckoned
// with.
func milliseconds(ms int64) time.Duration {
	return time.Duration(min(max(ms, 0), int64(never/time.Millisecond))) * time.Millisecond
}
