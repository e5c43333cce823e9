package engine

// Adopt makes an open connection the present one on which the host has begun
// without the engine, as a page does while wasm is being loaded: the host has
// sent the hello, with Resume false, and calls behind it. If the welcome has
// come, it is told next, and outcomes is how many have come since.
//
// It is called once, before Start, with sockjax.1 only. Calls submitted after
// it with Sent have been sent on this connection.
func (e *Engine[P]) Adopt(conn Conn, outcomes uint64) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.install(conn, "", now)
	e.conn.hello, e.conn.adopted = false, true
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
