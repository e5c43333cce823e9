package engine

import "github.com/sockjax/sockjax/protocol"

// ended decides what becomes of the calls that the present connection has
// carried, now that it has ended.
func (e *Engine[P]) ended(end Closed) []failure[P] {
	var lost []failure[P]
	if !end.Local {
		lost = e.blame(end.Code == protocol.CloseTooLarge)
	}
	if end.Code == protocol.CloseTooLarge && lost == nil {
		if e.conn.answers {
			e.sizes.closes = 0
		}
		if end.Local || !e.sizes.learn(e.conn.largest) {
			return e.forget()
		}
	}
	turnedAway := e.conn.turnedAway(end.Code)
	e.conn = connection{}
	if turnedAway {
		e.takeBack()
		e.session.resume = e.session.asked
	}
	e.doubt()
	if e.opts.Plain {
		lost = append(lost, e.resolve("the connection was lost after the request was sent", false)...)
	}
	return lost
}

// takeBack has what the connection that has ended has carried wait again, as
// before it was sent.
func (e *Engine[P]) takeBack() {
	e.sendAgain(e.calls.oldest(func(c *call[P]) bool { return c.carried() }), (*life).notBegun)
}

// sendAgain has calls that are not in the queue wait before all others, but for
// suspects, which wait to be tried.
func (e *Engine[P]) sendAgain(places []uint32, move func(*life)) {
	refs, bytes := make([]ref, 0, len(places)), 0
	for _, place := range places {
		c := e.calls.at(place)
		move(&c.life)
		if r := (ref{c.Key, place}); c.deaths >= suspectAt {
			e.suspects = append(e.suspects, r)
			e.queue.hold(c.Size)
		} else {
			refs = append(refs, r)
			bytes += c.Size
		}
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
	suspects := e.suspects[:0]
	for _, r := range e.suspects {
		if e.calls.queued(r) {
			suspects = append(suspects, r)
		}
	}
	e.suspects = suspects
}

// forget gives up the session that the present connection has carried, after a
// frame that was too large for one of us: sending the same again, calls or
// outcomes, would close the next connection too. No call may stay in doubt, since
// the next welcome would speak of another session. Should the server never hear
// of that one, it is told of the calls that were given up.
func (e *Engine[P]) forget() (lost []failure[P]) {
	lose := func(place uint32) {
		const why = "the connection was closed because of a frame that was too large, this call's or another's of the same time"
		err := e.lossOf(place, why)
		lost = append(lost, failure[P]{e.cancel(place), err})
	}
	for _, place := range e.calls.oldest(func(c *call[P]) bool { return c.carried() || c.life == inDoubt }) {
		lose(place)
	}
	e.conn = connection{}
	e.doubt() // what waited to be sent again is not to blame
	var again []uint32
	for _, place := range e.calls.oldest(func(c *call[P]) bool { return c.life == inDoubt }) {
		if e.mayRerun(place) {
			again = append(again, place)
		} else {
			lose(place)
		}
	}
	e.sendAgain(again, (*life).sessionLost)
	e.session.resume, e.session.lost = false, true
	e.acks.anew()
	return lost
}

// resolve sends again, before anything else and in the first order, calls in
// doubt: all of them if the session was resumed, and otherwise the idempotent
// ones. The others are lost, and why says how.
func (e *Engine[P]) resolve(why string, resumed bool) (lost []failure[P]) {
	move := (*life).sessionLost
	if resumed {
		move = (*life).resumed
	}
	var found []uint32
	for _, place := range e.calls.oldest(func(c *call[P]) bool { return c.life == inDoubt }) {
		if resumed || e.mayRerun(place) {
			found = append(found, place)
		} else {
			err := e.lossOf(place, why)
			lost = append(lost, failure[P]{e.remove(place), err})
		}
	}
	e.sendAgain(found, move)
	return lost
}
