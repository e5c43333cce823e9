package engine

import "github.com/sockjax/sockjax/protocol"

// Host is what an engine needs of the place where it runs.
type Host[P any] interface {
	// Dial opens a connection. It returns when that is open, or with a *Closed
	// if it can't be opened within protocol.Handshake, or once over is closed.
	// (A context would say the same, and be 7 KB of what a page downloads.)
	Dial(over <-chan struct{}) (Conn, error)
	// Token returns the credentials for the next hello, or fresh ones for a
	// connection on which they are about to expire. It is called only with
	// Options.Token, and returns within the same time as Dial. The text of an
	// error is the reason why the attempt has failed, and CauseFunction its cause.
	Token(over <-chan struct{}) (string, error)
	// Fail tells that the engine has given a call up. Each payload that was
	// submitted comes back exactly once, from here or from Settle or Abort.
	Fail(payload P, err *Error)
	// Changed tells of a change of state. Calls come one at a time, in order.
	Changed(Change)
}

// Conn is an open connection. All its methods return at once.
type Conn interface {
	// Wake asks it to call Engine.Next soon, from one goroutine at a time,
	// and to send what that returns until it returns false. It may be called
	// many times for one Next, and under the engine's lock: it must not call
	// the engine itself.
	Wake()
	// Done delivers why the connection has ended, once.
	Done() <-chan Closed
	// Close closes it without waiting for the peer's consent. After that
	// nothing that it receives reaches the engine, not even the rest of a
	// frame that is being read: the next connection would count it as its
	// own. It is called after every end, the peer's too, with that end's code
	// and reason, which need not be fit for the wire.
	Close(code protocol.CloseCode, reason string)
}

// Closed says why a connection has ended, or could not be opened.
type Closed struct {
	Code   protocol.CloseCode // 0 where there was none
	Cause  Cause              // empty where the code says enough
	Reason string
	Local  bool // this end has closed it, and not because of the peer's silence
}

func (c *Closed) Error() string { return c.Reason }
