package engine

// Submit takes a call. It is sent by the next Next; Wake asks for one, once
// for as many calls as one likes. The error says why the call was not taken,
// with the fate Unsent, or Unknown for a call with Sent; the payload then
// stays with the caller.
func (e *Engine[P]) Submit(c Call[P]) *Error {
	e.mu.Lock()
	err := e.submit(&c)
	e.mu.Unlock() // not deferred: this is the hot path, and straight-line code
	return err
}

func (e *Engine[P]) submit(c *Call[P]) *Error {
	if err := e.refuse(c); err != nil {
		return err
	}
	e.last = max(e.last, c.Key)
	r := ref{c.Key, e.calls.add(c)}
	if c.Open || c.Window > 0 {
		e.exchanges.add(&exchange{ref: r, body: body{open: c.Open}, stream: newStream(c.Window)})
	}
	if !c.Sent || !e.doubted(r) {
		e.queue.hold(c.Size)
		e.enqueue(r)
	}
	if c.Timeout > 0 {
		e.undated = append(e.undated, r)
		if !e.opts.Turns {
			e.date(e.now())
		}
	}
	return nil
}

// doubted reports whether a call with Sent need not be sent now, since it was
// sent on the adopted connection, or is in doubt. It is neither if the server
// knows the session, or if the session of its earlier life was lost, in which
// case refuse has taken it only because it is idempotent.
func (e *Engine[P]) doubted(r ref) bool {
	c := e.calls.at(r.place)
	switch {
	case e.conn.adopted:
		c.life, c.frame = sent, e.conn.frames
		e.conn.inFlight++
		e.conn.largest = max(e.conn.largest, frameSize(c.Key, c.Size))
		return true
	case e.session.lost:
		c.life = toRerun
	case e.conn.welcomed:
		c.life = toResend
	default:
		c.life = inDoubt
		return true
	}
	return false
}

// enqueue puts a call, which the queue has counted, at its end.
func (e *Engine[P]) enqueue(r ref) {
	if e.queue.wasteful() {
		e.queue.compact(e.calls.queued)
	}
	e.queue.enter(r)
}

// refuse says why a call can't be taken. Calls with Sent have passed the
// queue's limits once.
func (e *Engine[P]) refuse(c *Call[P]) *Error {
	fate := Unsent
	if c.Sent {
		fate = Unknown
	}
	if e.closed != nil {
		return &Error{CodeClosed, fate, e.closed.Message}
	}
	if c.Key <= e.last && e.calls.has(c.Key) || c.Key == 0 || c.Name != "" && e.calls.names.has(c.Name) {
		return &Error{CodeInvalid, fate, "the key is in flight already: each call needs one of its own"}
	}
	if e.opts.Plain && (c.Open || c.Window > 0) {
		return &Error{CodeInvalid, Unsent, "plain mode has neither bodies nor streams"}
	}
	if c.Sent {
		if e.session.lost && !c.Idempotent {
			return &Error{CodeLost, Unknown, sessionLost}
		}
		return nil
	}
	if e.queue.live >= e.opts.Queue.Calls && !(e.opts.bytesBound && e.conn.welcomed) {
		return &Error{CodeOverloaded, Unsent, "the queue is full: too many calls wait to be sent"}
	}
	if e.queue.bytes+c.Size > e.opts.Queue.Bytes {
		return &Error{CodeOverloaded, Unsent, "the queue is full: too many bytes wait to be sent"}
	}
	if c.Open && e.conn.welcomed && e.conn.limits.Window == 0 {
		return &Error{CodeInvalid, Unsent, noBodies}
	}
	frame := frameSize(c.Key, c.Size)
	if c.Open || c.Window > 0 || c.Bytes {
		frame += partOverhead
	}
	return e.oversized(c.Size, frame, queued)
}
