package engine

// Note tells that the host has messages of its own to send, of which the engine
// knows nothing: subscriptions to topics. Batch.Note is set once, as soon as
// there is a connection that was welcomed; and once behind each later welcome,
// since the host must say there all that still holds.
func (e *Engine[P]) Note() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notes, e.noted = true, false
	e.conn.wake()
}

// note lets the host's own messages join a batch.
func (e *Engine[P]) note(b *Batch[P]) {
	if e.notes && !e.noted && e.conn.welcomed && !e.opts.Plain {
		b.Note, e.noted = true, true
	}
}
