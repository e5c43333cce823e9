package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// State of an engine.
type State string

const (
	StateConnecting State = "connecting" // a connection is being opened
	StateOpen       State = "open"       // the server has answered
	StateWaiting    State = "waiting"    // for the next attempt
	StateClosed     State = "closed"     // for good, or until Reconnect
)

// Change tells of a change of state.
type Change struct {
	State    State
	Previous State              // empty in the first change
	Attempt  int                // failures in a row so far
	Delay    time.Duration      // in StateWaiting: until the next attempt; 0: until Nudge
	Code     protocol.CloseCode // in StateWaiting and StateClosed: 0 if there was none
	Cause    Cause              // in StateWaiting and StateClosed
	Reason   string             // the same in words
}

// State is what the engine is doing now.
func (e *Engine[P]) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == "" {
		return StateConnecting // about to
	}
	return e.state
}

// change notes a change; tell tells the host, once the lock is free.
// Nothing follows StateClosed once Close was called.
func (e *Engine[P]) change(c Change) {
	if c.State == e.state || e.finished && c.State != StateClosed {
		return
	}
	c.Previous = e.state
	e.state = c.State
	e.changes = append(e.changes, c)
}

// tell tells the host of changes, in order and one at a time, even if several
// goroutines come with one, or the host causes another while it is told.
func (e *Engine[P]) tell() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.telling {
		return
	}
	e.telling = true
	for len(e.changes) > 0 {
		next := e.changes[0]
		e.changes = e.changes[1:]
		e.mu.Unlock()
		e.host.Changed(next)
		e.mu.Lock()
	}
	e.telling = false
}
