package engine

import "time"

// Received tells that something has arrived on conn. Whatever it is, it proves
// the connection alive, except to a probe. The host calls it for each frame,
// before it settles what the frame holds, with its size in bytes or about that;
// and it may call it while a long one arrives, with the size 0.
func (e *Engine[P]) Received(conn Conn, size int) {
	now := e.now()
	e.mu.Lock()
	if e.conn.Conn == conn {
		e.heard(now, size)
	}
	e.mu.Unlock() // not deferred: this is the hot path
}

func (e *Engine[P]) heard(now time.Duration, size int) {
	e.conn.heard = true
	h := &e.conn.heartbeat
	e.awake(now, max(h.in, h.pinged))
	e.acks.heard(size)
	if h.heard(now, e.conn.inFlight == 0) {
		e.proven()
	}
	if e.deadlines.due(now) {
		// A slow timer, as in a hidden tab, must not keep what is overdue
		// alive.
		e.rouse(e.sooner)
	}
}

// Ponged tells that a pong has arrived on conn, after Received.
func (e *Engine[P]) Ponged(conn Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn != conn {
		return
	}
	all, proof := e.conn.heartbeat.ponged()
	if all && e.conn.welcomed {
		e.reached(e.conn.pinged, true)
	}
	if proof {
		e.proven()
	}
}

// proven has the connection go on: it is alive.
func (e *Engine[P]) proven() {
	if e.conn.heartbeat.probing {
		e.conn.wake()
	}
	e.conn.heartbeat.proven()
	e.rouse(e.attention) // the next ping is due before the answer would have been
}

// Pinged tells that a ping has arrived on conn, which the next Next answers.
func (e *Engine[P]) Pinged(conn Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn == conn {
		e.conn.heartbeat.pong = true
		e.conn.wake()
	}
}

// awake probes if the machine must have slept since the last sign of life.
func (e *Engine[P]) awake(now, life time.Duration) {
	if !e.conn.hello && e.conn.heartbeat.slept(now, life) {
		e.probe(now)
	}
}

// probe requires the connection to show soon that it is alive.
func (e *Engine[P]) probe(now time.Duration) {
	e.conn.heartbeat.probe(now)
	e.conn.wake()
	e.rouse(e.attention)
}
