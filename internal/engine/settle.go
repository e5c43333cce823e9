package engine

import "github.com/sockjax/sockjax/protocol"

// Settle takes a call out whose outcome has arrived, and host its payload
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
	if ok = ok && e.calls.at(place).life != queued; ok {
		payload = e.remove(place)
	}
	return payload, ok
}

// Drop takes a call out that the present connection has answered with
// something that is no outcome and that trying again can't change, such as
// forgotten, and host its payload back. It returns false if there is no such
// call.
func (e *Engine[P]) Drop(key protocol.Key) (payload P, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	place, ok := e.calls.find(key)
	if ok = ok && e.calls.at(place).carried(); ok {
		payload = e.remove(place)
	}
	return payload, ok
}

// Abort takes a call out that its caller has given up, and host its payload
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
	return e.giveUp(place), fate, true
}

// remove takes a call out of everything that counts it, and returns its
// payload. The queue and the deadlines notice by themselves that it has gone.
func (e *Engine[P]) remove(place uint32) P {
	e.recall(e.calls.at(place))
	return e.calls.take(place)
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

// maxOwed bounds the cancels that wait for a welcome. A server that never
// sends one gets a few more calls with each connection.
const maxOwed = 10_000

// giveUp removes a call without an outcome and has the server told of it, if
// the server may know of it: at once, or after a welcome that resumes.
func (e *Engine[P]) giveUp(place uint32) P {
	c := e.calls.at(place)
	switch {
	case e.opts.Plain || !c.known():
	case e.conn.welcomed || c.carried():
		e.cancels = append(e.cancels, c.Key)
		e.conn.wake()
	case len(e.owed) < maxOwed:
		e.owed = append(e.owed, c.Key)
	}
	return e.remove(place)
}
