package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// session is the life of an engine across its connections. Together with a
// key its id names a request for ever: a counter alone repeats, and a uuid for
// each request would cost more than the rest of the call.
type session struct {
	id     string
	resume bool // a server may have seen it
	asked  bool // the last hello asked whether the server has
	lost   bool // it had not: the session has begun anew
}

const (
	// largestFrame is a frame that nobody sends.
	largestFrame = 1 << 30

	// longestJitter is the longest that a server can keep its clients away.
	longestJitter = 10 * time.Minute

	sessionLost = "the connection was lost after the request was sent, and the server does not know the session any more"
)

func newSession(opts Options) session {
	s := session{id: opts.Session, resume: opts.Resume}
	if s.id == "" {
		s.id = newID()
	}
	return s
}

// Session is the session's id.
func (e *Engine[P]) Session() string { return e.session.id }

// hello is that of the next connection.
func (s *session) hello(ack uint64, token string) *protocol.Hello {
	h := &protocol.Hello{Session: s.id, Resume: s.resume, Ack: ack, Token: token}
	s.asked, s.resume = s.resume, true
	return h
}

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
		c.broken = &Closed{protocol.CloseBadMessage, why}
		e.rouse(e.attention)
		e.mu.Unlock()
		return
	}
	c.welcomed, c.since = true, now
	// A server may not ask for less than what was allowed before it could,
	// and one without a limit may write the largest number that it has.
	c.limits.Frame = min(max(w.Limits.Frame, protocol.FirstFrame), largestFrame)
	c.limits.Requests = max(w.Limits.Requests, protocol.FirstRequests)
	if w.Heartbeat > 0 {
		c.pulse.after = max(milliseconds(w.Heartbeat), shortest)
	}
	c.jitter = min(milliseconds(w.Jitter), longestJitter)
	c.pass = e.pass(now, milliseconds(w.Expires))
	switch {
	case w.Resumed:
		e.acks.reset(w.Acked)
		e.cancels = append(e.owed, e.cancels...)
	case !c.adopted: // or the host may have heard outcomes already
		e.acks.reset(0)
		e.session.lost = e.session.lost || e.session.asked
	}
	e.owed = nil
	lost := e.resolve(sessionLost, true, w.Resumed)
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

// doubt leaves in doubt what the connection that has ended has carried, and
// what was about to be sent again on it: the next server may not know the
// session, and must not get them before its welcome has said so. Cancels that
// were not sent wait for that too.
func (e *Engine[P]) doubt() {
	e.owed = append(e.owed, e.cancels[:min(len(e.cancels), max(0, maxOwed-len(e.owed)))]...)
	e.cancels = nil
	for i := range e.calls.places {
		switch c := &e.calls.places[i]; {
		case c.Key == 0:
		case c.carried():
			c.ended()
		case c.life == toResend:
			c.ended()
			e.queue.drop(c.Size)
		}
	}
	e.queue.compact(e.calls.queued) // or they would stand there twice when resolved
	e.retries.compact(e.calls.queued)
}

// forget gives up the session, after a frame that was too large for one of us:
// sending the same again, calls or outcomes, would close the next connection
// too. No call may stay in doubt, since the next welcome would speak of another
// session.
func (e *Engine[P]) forget() []failure[P] {
	const why = "the connection was closed because of a frame that was too large, this call's or another's of the same time"
	for i := range e.calls.places {
		if c := &e.calls.places[i]; c.Key != 0 && c.carried() {
			c.ended()
		}
	}
	lost := e.resolve(why, false, false)
	e.doubt() // what waited to be sent again is not to blame
	lost = append(lost, e.resolve(why, true, false)...)
	e.session.resume, e.session.lost, e.owed = false, true, nil
	e.acks.reset(0)
	return lost
}

// resolve sends again, before anything else and in the first order, calls in
// doubt: all of them if the session was resumed; otherwise the idempotent ones
// if again allows it. The others are lost, and why says how.
func (e *Engine[P]) resolve(why string, again, resumed bool) (lost []failure[P]) {
	var older []ref
	bytes := 0
	doubt := func(c *call[P]) bool { return c.life == inDoubt }
	for _, place := range e.calls.oldest(doubt) {
		c := e.calls.at(place)
		if !resumed && !(again && c.Idempotent) {
			lost = append(lost, failure[P]{e.remove(place), &Error{CodeLost, Unknown, why}})
			continue
		}
		if resumed {
			c.resumed()
		} else {
			c.sessionLost()
		}
		older = append(older, ref{c.Key, place})
		bytes += c.Size
	}
	if older != nil {
		e.queue.pushFront(older, bytes)
	}
	return lost
}
