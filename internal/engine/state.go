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

// states are the present one, and the changes that led to it as far as the
// host has not been told of them.
type states struct {
	present State
	untold  []Change
	telling bool // somebody is telling them
}

func (s *states) change(c Change) {
	if c.State == s.present {
		return
	}
	c.Previous = s.present
	s.present = c.State
	s.untold = append(s.untold, c)
}
