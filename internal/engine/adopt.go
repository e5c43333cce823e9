package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Adopt makes an open connection the present one on which the host has begun
// without the engine, as a page does while wasm is being loaded: the host has
// sent the hello, with Resume false, and calls behind it. If the welcome has
// come, it is told next, and outcomes is how many have come since. heard says
// that something has come on it, be it what it may.
//
// It is called once, before Start, with sockjax.1 only. Calls submitted after
// it with Sent have been sent on this connection.
func (e *Engine[P]) Adopt(conn Conn, outcomes uint64, heard bool) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.install(conn, "", now)
	e.conn.frames = 1 // of which no call is known yet
	e.conn.hello, e.conn.adopted, e.conn.heard = false, true, heard
	e.session.resume = true
	e.acks.received, e.acks.since = outcomes, now
}

// Failed tells that the host has made the first attempt to connect without the
// engine, and how it has ended. It is called once at most, before Start.
func (e *Engine[P]) Failed(end Closed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = &end
}

// adopt makes an open connection the present one.
func (e *Engine[P]) adopt(conn Conn, token string, now time.Duration) {
	e.mu.Lock()
	e.install(conn, token, now)
	e.mu.Unlock()
	e.tell()
}

// install is adopt under the lock.
func (e *Engine[P]) install(conn Conn, token string, now time.Duration) {
	e.opened++
	e.conn = connection{Conn: conn, token: token, heartbeat: newHeartbeat(&e.opts, now)}
	e.nudged = false // what was nudged was the attempt
	if e.opts.Plain {
		// Nothing is known of such a server's limits.
		e.conn.welcomed, e.conn.since = true, now
		e.change(Change{State: StateOpen})
	} else {
		e.conn.hello = true
		e.conn.limits = protocol.Limits{Frame: protocol.FirstFrame, Requests: protocol.FirstRequests}
	}
	e.conn.wake()
}
