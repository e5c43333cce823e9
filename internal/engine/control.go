package engine

import "sync"

// Start connects and keeps connected until Close. It is called once; calls
// may be submitted before it.
func (e *Engine[P]) Start() {
	e.mu.Lock()
	if e.finished {
		e.mu.Unlock()
		return
	}
	e.started, e.roused = true, true
	e.mu.Unlock()
	var both sync.WaitGroup
	both.Go(e.run)
	both.Go(e.expire)
	go func() { both.Wait(); close(e.done) }()
}

// Wake has what was submitted sent, if a connection is there.
func (e *Engine[P]) Wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conn.wake()
}

// Close ends everything: calls without an outcome fail as CodeClosed, and the
// connection closes. It does not wait; Done tells when all has ended.
func (e *Engine[P]) Close() {
	e.mu.Lock()
	if e.finished {
		e.mu.Unlock()
		return
	}
	e.finished, e.roused = true, true
	close(e.closing)
	if e.redial != nil {
		e.redial()
	}
	if !e.started {
		close(e.done)
	}
	lost := e.cancelAll(&Error{Code: CodeClosed, Message: "the client was closed"})
	e.change(Change{State: StateClosed, Cause: CauseClose, Reason: "close() was called"})
	e.mu.Unlock()
	e.fail(lost)
	e.tell()
}

// Done is closed when the engine has ended after Close.
func (e *Engine[P]) Done() <-chan struct{} { return e.done }

// Reconnect closes the present connection, if there is one, and connects
// anew at once, even after giving up. After Close it does nothing.
func (e *Engine[P]) Reconnect() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finished {
		return
	}
	e.sizes = sizes{}
	e.closed, e.paused, e.restarted = nil, false, true // at once, for calls made before run sees it
	if e.redial != nil {
		e.redial()
	}
	e.rouse(e.attention)
}

// Nudge says that now is a good time: the network came back, the page was
// shown, the machine woke. Waiting for the next attempt ends; an open
// connection must show with a ping that it is still alive.
func (e *Engine[P]) Nudge() {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.paused && e.closed == nil:
		e.restarted = true // the pause was no failure
	case e.conn.Conn != nil && !e.conn.hello:
		e.probe(e.now())
	}
	e.nudged, e.paused = true, false
	e.rouse(e.attention)
}

// Pause disconnects until Nudge. A page does so before it enters the
// back/forward cache, which an open socket would keep it out of.
func (e *Engine[P]) Pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	// What was asked for before and not begun is over, or run would find
	// reasons both to go on and to wait.
	e.paused, e.nudged, e.restarted = true, false, false
	if e.redial != nil {
		e.redial()
	}
	e.rouse(e.attention)
}
