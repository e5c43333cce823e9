package engine

import "github.com/sockjax/sockjax/protocol"

// ended decides what becomes of the calls that the present connection has
// carried, now that it has ended.
func (e *Engine[P]) ended(end Closed) []failure[P] {
	c := e.conn
	e.conn = connection{}
	if c.turnedAway(end.Code) {
		e.takeBack()
		e.session.resume = e.session.asked
	}
	if !e.opts.Plain && end.Code == protocol.CloseTooLarge {
		return e.forget()
	}
	e.doubt()
	if e.opts.Plain {
		return e.resolve("the connection was lost after the request was sent", end.Code != protocol.CloseTooLarge, false)
	}
	return nil
}

// takeBack has what the connection that has ended has carried wait again, as
// before it was sent.
func (e *Engine[P]) takeBack() {
	e.sendAgain(e.calls.oldest(func(c *call[P]) bool { return c.carried() }), (*life).notBegun)
}

// sendAgain has calls that are not in the queue wait before all others.
func (e *Engine[P]) sendAgain(places []uint32, move func(*life)) {
	refs, bytes := make([]ref, 0, len(places)), 0
	for _, place := range places {
		c := e.calls.at(place)
		move(&c.life)
		refs = append(refs, ref{c.Key, place})
		bytes += c.Size
	}
	e.queue.pushFront(refs, bytes)
}

// doubt leaves in doubt what the connection that has ended has carried, and
// what was about to be sent again on it: the next server may not know the
// session, and must not get them before its welcome has said so. Cancels that
// were not sent wait for that too.
func (e *Engine[P]) doubt() {
	e.cancels.ended()
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
	e.session.resume, e.session.lost = false, true
	e.cancels.welcomed(false)
	e.acks.reset(0)
	return lost
}

// resolve sends again, before anything else and in the first order, calls in
// doubt: all of them if the session was resumed; otherwise the idempotent ones
// if again allows it. The others are lost, and why says how.
func (e *Engine[P]) resolve(why string, again, resumed bool) (lost []failure[P]) {
	move := (*life).sessionLost
	if resumed {
		move = (*life).resumed
	}
	var found []uint32
	for _, place := range e.calls.oldest(func(c *call[P]) bool { return c.life == inDoubt }) {
		if resumed || again && e.calls.at(place).Idempotent {
			found = append(found, place)
		} else {
			lost = append(lost, failure[P]{e.remove(place), &Error{CodeLost, Unknown, why}})
		}
	}
	e.sendAgain(found, move)
	return lost
}
