package engine

// Next fills b with what the next frame on conn must hold. It returns false
// if there is nothing to send, or conn is not the present connection. What b
// holds is valid until the next call with the same b.
func (e *Engine[P]) Next(conn Conn, b *Batch[P]) bool {
	b.reset()
	e.mu.Lock()
	if e.idle() {
		e.mu.Unlock()
		return false // without a look at the clock, which costs a page as much as a call
	}
	now := e.now()
	more := false
	var failed []failure[P]
	e.date(now)
	if e.conn.Conn == conn && e.conn.broken == nil {
		e.awake(now, e.conn.heartbeat.in)
		if more = e.word(b); !more && !e.conn.heartbeat.probing && !e.conn.trial.on {
			failed = e.fill(b, now)
			if b.empty() && len(e.suspects) > 0 {
				failed = append(failed, e.try(b, now)...)
			}
			more = !b.empty()
		}
		if more {
			e.conn.heartbeat.out = now
		}
	}
	e.mu.Unlock()
	e.fail(failed)
	return more
}

// idle reports whether nothing can be there to send, nor to date.
func (e *Engine[P]) idle() bool {
	h := &e.conn.heartbeat
	return e.queue.live == 0 && len(e.undated) == 0 && len(e.cancels.due) == 0 && !e.acks.due &&
		!e.conn.hello && e.conn.token == "" && !h.ping && !h.pong
}
