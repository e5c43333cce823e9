package engine

import "github.com/sockjax/sockjax/protocol"

// Settle takes a call out whose outcome has arrived, and hands its payload
// back. It returns false for a key that no sent call has, which is normal:
// the call may have timed out a moment ago. The outcome counts as arrived all
// the same: see acks.go.
func (e *Engine[P]) Settle(key protocol.Key) (payload P, ok bool) {
	e.mu.Lock()
	if !e.opts.Plain {
		e.arrived()
	}
	payload, ok = e.settle(key)
	e.mu.Unlock() // not deferred: this is the hot path, and straight-line code
	return payload, ok
}

// SettleName is Settle for plain mode, where names are the keys on the wire.
func (e *Engine[P]) SettleName(name string) (P, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.settle(e.calls.names.byName[name])
}

func (e *Engine[P]) settle(key protocol.Key) (payload P, ok bool) {
	place, ok := e.calls.find(key)
	if !ok {
		return payload, false
	}
	c := e.calls.at(place)
	switch c.life {
	case queued:
		return payload, false
	case sent, rerun: // the outcome of any other may be older than this connection
		if c.frame > e.conn.passed {
			e.reached(c.frame, false)
		}
	}
	return e.remove(place), true
}

// Drop takes a call out that the present connection has answered with
// something that is no outcome and that trying again can't change, such as
// forgotten, and hands its payload back. It returns false if there is no such
// call.
func (e *Engine[P]) Drop(key protocol.Key) (payload P, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	place, ok := e.calls.find(key)
	if ok = ok && e.calls.at(place).carried(); ok {
		e.reached(e.calls.at(place).frame, false)
		payload = e.remove(place)
	}
	return payload, ok
}

// Waits reports whether a call has no outcome yet.
func (e *Engine[P]) Waits(key protocol.Key) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls.has(key)
}

// Abort takes a call out that its caller has given up, and hands its payload
// back with its fate. It returns false if the call has ended already.
func (e *Engine[P]) Abort(key protocol.Key) (P, Fate, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	place, ok := e.calls.find(key)
	if !ok {
		var none P
		return none, Unsent, false
	}
	fate := e.calls.at(place).fate()
	return e.cancel(place), fate, true
}

// arrived counts an outcome, on the hot path. The clock was read when its
// frame arrived.
func (e *Engine[P]) arrived() {
	a := &e.acks
	a.received++
	e.conn.answers = true
	if a.due {
		return
	}
	n := a.received - a.told
	if n == 1 {
		a.since = e.conn.heartbeat.in
		if e.conn.look > a.since+ackAfter {
			e.rouse(e.attention)
		}
	}
	if n >= ackAlone || a.bytes >= ackBytes {
		a.due = true
		e.conn.wake()
	}
}
