// Package engine decides when to connect, what to send, and what becomes of
// each call. It knows no socket, no JSON and no JavaScript: ../../client gives
// it those of a Go program, ../../wasm those of a page. To follow a call:
//
//	Submit  submit.go      puts it into the table (calls.go) and the queue (queue.go)
//	Next    batch.go       takes it into a frame, once a connection (connect.go) is there
//	Settle  settle.go      takes it out again, when its outcome has come
//	Refused refused.go     has it sent once more, or takes it out, if the server was busy
//	expire  deadlines.go   takes it out when its time is over
//	Welcome session.go     decides what becomes of it when a connection was lost
package engine

import (
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Engine decides when to connect, what to send, and what becomes of each
// call. P is what its host keeps for a call: bytes and a channel in a Go
// program, the number of a slot in a browser. The engine only host it back.
//
// All methods may be called from any goroutine, return at once, and never
// call the host with the lock held: a host may call back into the engine.
type Engine[P any] struct {
	host    Host[P]
	opts    Options
	now     func() time.Duration // since New
	closing chan struct{}        // closed by Close
	done    chan struct{}        // closed when the goroutines have ended

	attention chan struct{} // run is to look at the fields below
	earlier   chan struct{} // expire is to look before its alarm

	mu        mutex // protects following
	calls     table[P]
	last      protocol.Key // of the youngest call
	queue     queue
	deadlines deadlines
	retries   deadlines     // refused calls, by when they may be sent again
	alarm     time.Duration // when expire looks at these two again
	undated   []ref         // calls whose time has not begun to run
	conn      connection
	failed    *Closed        // how the host's own attempt has ended; nil: none, or told
	cancels   []protocol.Key // sent calls given up, of which the server is to be told
	owed      []protocol.Key // the same, to be told once it has resumed the session
	state     State
	changes   []Change // not yet told to the host
	telling   bool     // somebody is telling them
	closed    *Error   // set once calls can't be made any more, nil before
	started   bool     // Start was called
	finished  bool     // Close was called
	paused    bool     // Pause was called, and Nudge not yet
	nudged    bool     // Nudge was called, and run has not seen it yet
	restarted bool     // Reconnect was called, and run has not seen it yet
	roused    bool     // see Roused
	redial    func()   // ends the present attempt or connection
	session   session
	acks      acks
	opened    uint32 // connections so far
}

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
}

func (c *Closed) Error() string { return c.Reason }

// Call is what Submit takes.
type Call[P any] struct {
	// Key names the call within the session, from 1 on, and is used once. Of
	// two calls that are sent again, the one with the smaller key goes first.
	// Keys that grow cost no search.
	Key protocol.Key
	// Name is the call's key on the wire in plain mode, and empty otherwise.
	Name string
	// Payload is handed back when the call ends.
	Payload P
	// Size of the payload on the wire, in bytes.
	Size int
	// Timeout from now on. 0 means none.
	Timeout time.Duration
	// Idempotent calls are sent again where others would be lost.
	Idempotent bool
	// Sent calls may have been sent by an earlier life of the session (see
	// Options.Resume). They are in doubt until a welcome tells what the server
	// knows of that. Submit them before Start: the outcomes that the server has
	// kept for them come right behind the welcome, and those that no call waits
	// for are gone.
	Sent bool
}

// New makes an engine that starts to connect once Start is called.
func New[P any](host Host[P], opts Options) *Engine[P] {
	return &Engine[P]{
		host:      host,
		opts:      opts.withDefaults(),
		now:       clock(),
		attention: make(chan struct{}, 1),
		earlier:   make(chan struct{}, 1),
		alarm:     never,
		closing:   make(chan struct{}),
		done:      make(chan struct{}),
		calls:     newTable[P](),
		session:   newSession(opts),
	}
}

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
	lost := e.end(&Error{Code: CodeClosed, Message: "the client was closed"})
	e.change(Change{State: StateClosed, Cause: CauseClose, Reason: "close() was called"})
	e.mu.Unlock()
	e.fail(lost)
	e.tell()
}

// Done is closed when the engine has ended after Close.
func (e *Engine[P]) Done() <-chan struct{} { return e.done }

// end makes every call without an outcome, and every later one, fail with
// reason. The refusal stands before the first of them is told, so that a
// callback that makes another call gets a clean error.
func (e *Engine[P]) end(reason *Error) []failure[P] {
	e.closed = reason
	var lost []failure[P]
	for _, place := range e.calls.oldest(func(*call[P]) bool { return true }) {
		why := &Error{reason.Code, e.calls.at(place).fate(), reason.Message}
		lost = append(lost, failure[P]{e.giveUp(place), why})
	}
	e.undated, e.retries = nil, nil
	if e.finished {
		e.cancels, e.owed = nil, nil // there will be nobody to tell
	}
	return lost
}

// failure is a call that the host is to be told of, once the lock is free.
type failure[P any] struct {
	payload P
	err     *Error
}

func (e *Engine[P]) fail(failures []failure[P]) {
	for _, f := range failures {
		e.host.Fail(f.payload, f.err)
	}
}

// Stats is a snapshot.
type Stats struct {
	Pending     int // calls without an outcome
	Queued      int // of these, not sent yet, or to be sent again
	QueuedBytes int
	InDoubt     int // of Pending, sent on a connection that was lost; a welcome decides
	Unacked     int // outcomes that have arrived and are not acknowledged yet
	Opened      int // connections opened so far
}

// Stats counts.
func (e *Engine[P]) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Stats{
		Pending:     e.calls.live(),
		Queued:      e.queue.live,
		QueuedBytes: e.queue.bytes,
		InDoubt:     e.calls.live() - e.queue.live - e.conn.inFlight,
		Unacked:     int(e.acks.received - e.acks.told),
		Opened:      int(e.opened),
	}
}

// rouse has a goroutine look at what has changed, under the lock.
func (e *Engine[P]) rouse(c chan struct{}) {
	e.roused = true
	signal(c)
}

// Roused reports whether goroutines of the engine have been given something to
// do since the last time. It is for hosts whose goroutines run only when they
// are let, as in an export of wasm.
func (e *Engine[P]) Roused() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	roused := e.roused
	e.roused = false
	return roused
}

// signal leaves a note in a channel of length one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
