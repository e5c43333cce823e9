// Package client makes calls from a Go program over one WebSocket: each call
// carries a key, and the reply with the same key ends it. [Dial] connects, and
// stays connected; [Client.Request] makes a call.
//
// The engine that does so is the one that pages run, compiled to WebAssembly.
package client

import "github.com/sockjax/sockjax/internal/engine"

// What a Client is told to do.
type (
	Options   = engine.Options
	Heartbeat = engine.Heartbeat
	Reconnect = engine.Reconnect
	Queue     = engine.Queue
)

// DefaultTimeout is how long a call may take unless told otherwise: 10 s.
const DefaultTimeout = engine.DefaultTimeout

// What a Client tells.
type (
	State  = engine.State
	Change = engine.Change
	Cause  = engine.Cause
	Closed = engine.Closed
	Stats  = engine.Stats
)

// See State.
const (
	StateConnecting = engine.StateConnecting
	StateOpen       = engine.StateOpen
	StateWaiting    = engine.StateWaiting
	StateClosed     = engine.StateClosed
)

// See Cause. Pausing is for pages.
const (
	CauseClose    = engine.CauseClose
	CauseRefused  = engine.CauseRefused
	CauseGaveUp   = engine.CauseGaveUp
	CauseNetwork  = engine.CauseNetwork
	CauseServer   = engine.CauseServer
	CauseTimeout  = engine.CauseTimeout
	CauseFunction = engine.CauseFunction
)

// How calls fail.
type (
	Error     = engine.Error
	Code      = engine.Code
	Fate      = engine.Fate
	Rejection = engine.Rejection
)

// See Code.
const (
	CodeTimeout    = engine.CodeTimeout
	CodeAborted    = engine.CodeAborted
	CodeClosed     = engine.CodeClosed
	CodeOverloaded = engine.CodeOverloaded
	CodeLost       = engine.CodeLost
	CodeRejected   = engine.CodeRejected
	CodeInvalid    = engine.CodeInvalid
)

// See Fate.
const (
	Unsent   = engine.Unsent
	Unknown  = engine.Unknown
	Executed = engine.Executed
)
