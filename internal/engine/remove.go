package engine

// remove takes a call out of everything that counts it, and returns its
// payload. The queue and the deadlines notice by themselves that it has gone.
func (e *Engine[P]) remove(place uint32) P {
	c := e.calls.at(place)
	e.recall(c)
	if c.parted {
		delete(e.exchanges.byKey, c.Key)
	}
	return e.calls.take(place)
}

// reached notes that the server has got the first so many frames of the present
// connection, and whether a pong says so.
func (e *Engine[P]) reached(frames uint32, pong bool) {
	if tried := e.conn.reached(frames, pong); tried > 0 {
		e.sizes.fits(tried)
	}
}

// recall takes a call out of the queue or the connection, if it is there.
func (e *Engine[P]) recall(c *call[P]) {
	switch {
	case c.waits():
		e.queue.drop(c.Size)
	case c.carried():
		if e.conn.full() && e.queue.live > 0 {
			e.conn.wake() // what waits for this may be sent now
		}
		e.conn.inFlight--
	}
}

// cancel removes a call without an outcome and has the server told of it, if
// the server may know of it: at once, or after a welcome that resumes.
func (e *Engine[P]) cancel(place uint32) P {
	c := e.calls.at(place)
	switch {
	case e.opts.Plain || !c.known():
	case e.conn.welcomed || c.carried():
		e.cancels.due = append(e.cancels.due, c.Key)
		e.conn.wake()
	default:
		e.cancels.later(c.Key)
	}
	return e.remove(place)
}

// cancelAll makes every call without an outcome, and every later one, fail with
// reason. The refusal stands before the first of them is told, so that a
// callback that makes another call gets a clean error.
func (e *Engine[P]) cancelAll(reason *Error) []failure[P] {
	e.closed = reason
	var lost []failure[P]
	for _, place := range e.calls.oldest(func(*call[P]) bool { return true }) {
		why := &Error{reason.Code, e.calls.at(place).fate(), reason.Message}
		lost = append(lost, failure[P]{e.cancel(place), why})
	}
	e.undated, e.retries, e.suspects, e.exchanges = nil, nil, nil, exchanges{}
	if e.finished {
		e.cancels = cancels{} // there will be nobody to tell
	}
	return lost
}
