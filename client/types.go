package client

import "github.com/sockjax/sockjax/internal/engine"

// What a Client is told to do. The zero value of each field stands for its
// default.
type (
	// Options are those that a page has too:
	//
	//	Plain      bool       plain mode in place of sockjax.1
	//	Session    string     the session's uuid; default: a random one
	//	Heartbeat  Heartbeat
	//	Reconnect  Reconnect
	//	Queue      Queue
	//
	// The others have no meaning here: see DialOptions.
	Options = engine.Options

	// Heartbeat finds out whether the server is still there:
	//
	//	After    time.Duration  silence before a ping; default 25 s, or what
	//	                        the server asks for if that is less; negative: never
	//	Timeout  time.Duration  silence behind a ping after which the connection
	//	                        is dead; default 10 s; negative: never
	Heartbeat = engine.Heartbeat

	// Reconnect says how long to wait before the n-th attempt in a row: a random
	// time between 0 and Min·2ⁿ⁻¹, at most Max.
	//
	//	Min       time.Duration  default 500 ms
	//	Max       time.Duration  default 20 s
	//	Attempts  int            failures in a row that are followed by another
	//	                         attempt; default all; negative: none
	Reconnect = engine.Reconnect

	// Queue bounds the calls that wait to be sent. One beyond that fails as
	// CodeOverloaded.
	//
	//	Calls  int  default 10,000
	//	Bytes  int  of JSON; default 16 MiB
	Queue = engine.Queue
)

// DefaultTimeout is how long a call may take unless told otherwise: 10 s.
const DefaultTimeout = engine.DefaultTimeout

// What a Client tells.
type (
	// State is what a client is doing.
	State = engine.State

	// Change is a change of State:
	//
	//	State     State
	//	Previous  State          empty in the first change
	//	Attempt   int            failures in a row so far
	//	Delay     time.Duration  in StateWaiting: until the next attempt
	//	Code      int            the WebSocket's close code, of the type
	//	                         protocol.CloseCode; 0 if there was none
	//	Cause     Cause          why, in StateWaiting and StateClosed
	//	Reason    string         the same in words; they may change
	Change = engine.Change

	// Cause says why a connection has ended or could not be opened.
	Cause = engine.Cause

	// Closed is the error of a connection that has ended or could not be
	// opened, with a Code, a Cause and a Reason as in Change. A *Closed is in the chain
	// of the error of Dial.
	Closed = engine.Closed

	// Stats counts calls:
	//
	//	Pending      int  without an outcome
	//	Queued       int  of these, not sent yet, or to be sent again
	//	QueuedBytes  int  of JSON
	//	InDoubt      int  of Pending, sent on a connection that was lost
	//	Unacked      int  outcomes that the server has not been told of
	//	Opened       int  connections so far
	Stats = engine.Stats
)

// See State.
const (
	StateConnecting = engine.StateConnecting // a connection is being opened
	StateOpen       = engine.StateOpen       // the server has answered
	StateWaiting    = engine.StateWaiting    // for the next attempt
	StateClosed     = engine.StateClosed     // for good, or until Reconnect
)

// See Cause.
const (
	CauseClose    = engine.CauseClose    // Close was called
	CauseRefused  = engine.CauseRefused  // the server closed with a code that is fatal
	CauseGaveUp   = engine.CauseGaveUp   // Reconnect.Attempts failures in a row
	CauseNetwork  = engine.CauseNetwork  // no connection could be opened, or it broke
	CauseServer   = engine.CauseServer   // the server closed with a code that is not fatal
	CauseTimeout  = engine.CauseTimeout  // the server did not answer in time
	CauseFunction = engine.CauseFunction // DialOptions.Token failed
)

// How calls fail.
type (
	// Error is in the chain of the error of each call that has failed: use
	// errors.As with a *Error.
	//
	//	Code     Code
	//	Fate     Fate
	//	Message  string  for people; it may change
	Error = engine.Error

	// Code says what kind of failure an Error is.
	Code = engine.Code

	// Fate says what became of the request. Which fates a code may have stands
	// in README.md.
	Fate = engine.Fate

	// Rejection is in the chain of an error with CodeRejected: what the server's
	// handler returned.
	//
	//	Reason   string           the handler's code, such as "out_of_tea"
	//	Message  string           its message
	//	Data     json.RawMessage  its data; nil if there is none
	Rejection = engine.Rejection

	// Refusal is in the chain of an error with CodeOverloaded or CodeInvalid
	// where the server has said why it did not run the call.
	//
	//	Reason   string           the server's code, such as "overloaded", or
	//	                          "not_found" where it has no handler
	//	Message  string           its message
	//	Data     json.RawMessage  nil if there is none
	Refusal = engine.Refusal
)

// See Code.
const (
	CodeTimeout    = engine.CodeTimeout    // the deadline passed
	CodeAborted    = engine.CodeAborted    // the caller gave up
	CodeClosed     = engine.CodeClosed     // Close was called, or the client closed by itself
	CodeOverloaded = engine.CodeOverloaded // the queue is full, or the server is busy
	CodeLost       = engine.CodeLost       // sent, then the session was lost
	CodeRejected   = engine.CodeRejected   // the server's handler returned an error
	CodeInvalid    = engine.CodeInvalid    // can't be sent, or the server can't run it
)

// See Fate.
const (
	Unsent   = engine.Unsent   // it certainly did not run
	Unknown  = engine.Unknown  // it may have run
	Executed = engine.Executed // it certainly ran
)
