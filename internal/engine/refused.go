package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Refused tells that the present connection has answered a call with a
// refusal: the server has not begun what was sent on it, and will not. after is
// what the server said about trying again: 0 if nothing, and less if that is
// pointless, since the call is invalid.
//
// It returns true and the payload if the call has ended, with the fate Unsent.
// It returns false if no call waits for this, if the engine has failed the
// call, or if it sends the call again by itself: after that time, behind those
// that wait already, unless the call's deadline comes first. Until then the
// call counts as queued.
func (e *Engine[P]) Refused(key protocol.Key, after time.Duration) (payload P, ok bool) {
	e.mu.Lock()
	payload, ok, lost := e.refused(key, after)
	e.mu.Unlock()
	if lost {
		e.host.Fail(payload, &Error{CodeLost, Unknown, "the request was refused now, but may have run when it was sent before"})
	}
	return payload, ok
}

// refused also tells whether the call is lost: nothing will run that was sent
// on this connection, but what was sent before may have.
func (e *Engine[P]) refused(key protocol.Key, after time.Duration) (payload P, ok, lost bool) {
	place, found := e.calls.find(key)
	if !found || !e.calls.at(place).carried() {
		return payload, false, false
	}
	c := e.calls.at(place)
	e.reached(c.frame, false)
	c.deaths = 0
	if c.life == resent && after == 0 {
		after = shortest
	}
	// What an earlier connection has carried may be running: the refusal says
	// nothing of that, and the outcome may still come, up to the deadline.
	after = min(after, never)
	at := e.now() + after
	if late := after == never || c.until > 0 && at >= c.until; after > 0 && (c.life == resent || !late) {
		e.again(place, at)
		return payload, false, false
	}
	lost = c.ran()
	return e.remove(place), !lost, lost
}

// again has a refused call wait until a time, and then in the queue.
func (e *Engine[P]) again(place uint32, at time.Duration) {
	c := e.calls.at(place)
	e.recall(c)
	c.notBegun()
	e.queue.hold(c.Size)
	if e.retries.wasteful(e.queue.live) {
		e.retries.compact(e.calls.queued)
	}
	e.retries.push(at, ref{c.Key, place})
	e.wakeBy(at)
}
