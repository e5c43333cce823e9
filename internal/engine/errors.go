package engine

// Code says what kind of failure an Error is. Which fates go with each stands
// in failures.go.
type Code string

const (
	CodeTimeout    Code = "timeout"    // the deadline passed
	CodeAborted    Code = "aborted"    // the caller gave up
	CodeClosed     Code = "closed"     // Close was called, or the client closed by itself
	CodeOverloaded Code = "overloaded" // the queue is full, or the server is busy
	CodeLost       Code = "lost"       // sent, then the session was lost
	CodeRejected   Code = "rejected"   // the server's handler returned an error
	CodeInvalid    Code = "invalid"    // can't be sent, or the server can't run it
)

// Fate says what became of the request of a call that failed.
type Fate string

const (
	Unsent   Fate = "unsent"   // it certainly did not run
	Unknown  Fate = "unknown"  // it may have run
	Executed Fate = "executed" // it certainly ran
)

// Error is how a call fails. Where the server has said more, a *Rejection or a
// *Refusal wraps it.
type Error struct {
	Code    Code
	Fate    Fate
	Message string // for people; it may change
}

func (e *Error) Error() string { return e.Message }

// What is wrong with a call that was or would be too large.
const (
	tooLarge       = "the request is larger than the largest frame that the server accepts"
	tooLargeToPass = "a frame with a request of this size is too large for the server, or for something on the way to it, which closes the connection with 1009"
)
