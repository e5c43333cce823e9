// Package engine decides when to connect, what to send, and what becomes of
// each call. It knows no socket, no JSON and no JavaScript: ../../client gives
// it those of a Go program, ../../wasm those of a page. To follow a call:
//
//	Submit  submit.go   puts it into the table (calls.go) and the queue (queue.go)
//	Next    next.go     takes it into a frame (batch.go), once a connection (connect.go) is there
//	Settle  settle.go   takes it out again, when its outcome has come
//	Refused refused.go  has it sent once more, or takes it out, if the server was busy
//	Parts, Feed parts.go  brings a reply, or takes a body, in parts
//	expire  expire.go   takes it out when its time is over
//	ended   doubt.go    leaves it in doubt when its connection was lost
//	Welcome welcome.go  decides what becomes of it then
//
// life.go names where it stands on that way. The files lie in layers, and each
// uses only what lies below it:
//
//	goroutines  control (starts and steers them), connect, watch, expire
//	operations  submit, next, settle, refused, received, welcome, doubt, adopt,
//	            token, note; under these suspects, parts, batch, remove and timeouts
//	engine      engine: what all of these share, under one lock
//	facts       connection, heartbeat, tokenlife, session, state, host
//	data        calls, index, queue, deadlines, acks, cancels, exchange, sizes, life
//	words       options, errors, and clock, id and mutex for what differs in a page
//
// Data and facts have methods of their own and know no Engine. Beside it lies
// what only a Go program needs: frames, decoder, plain, rejection, refusal.
package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Engine decides when to connect, what to send, and what becomes of each
// call. P is what its host keeps for a call: bytes and a channel in a Go
// program, the number of a slot in a browser. The engine only hands it back.
//
// All methods may be called from any goroutine, return at once, and never
// call the host with the lock held: a host may call back into the engine.
type Engine[P any] struct {
	host    Host[P]
	opts    Options
	now     func() time.Duration // since New
	closing chan struct{}        // closed by Close
	done    chan struct{}        // closed when the goroutines have ended

	attention chan struct{} // run must look at the fields below
	sooner    chan struct{} // expire must look before its alarm

	mu        mutex // protects following
	calls     table[P]
	last      protocol.Key // of the youngest call
	queue     queue
	deadlines deadlines
	retries   deadlines // refused calls, by when they may be sent again
	suspects  []ref     // calls to be sent again, each alone: see suspects.go
	sizes     sizes
	alarm     time.Duration // when expire looks at these two again
	undated   []ref         // calls whose time has not begun to run
	conn      connection
	failed    *Closed // how the host's own attempt has ended; nil: none, or told
	cancels   cancels
	exchanges exchanges
	states    states
	closed    *Error // set once calls can't be made any more, nil before
	started   bool   // Start was called
	finished  bool   // Close was called
	paused    bool   // Pause was called, and Nudge not yet
	nudged    bool   // Nudge was called, and run has not seen it yet
	restarted bool   // Reconnect was called, and run has not seen it yet
	roused    bool   // see Roused
	redial    func() // ends the present attempt or connection
	session   session
	acks      acks
	notes     bool // Note was called, ever
	noted     bool // and the host has been asked since for what it has to say
	opened    int  // connections so far
}

// New makes an engine that starts to connect once Start is called.
func New[P any](host Host[P], opts Options) *Engine[P] {
	return &Engine[P]{
		host:      host,
		opts:      opts.withDefaults(),
		now:       clock(),
		attention: make(chan struct{}, 1),
		sooner:    make(chan struct{}, 1),
		alarm:     never,
		closing:   make(chan struct{}),
		done:      make(chan struct{}),
		calls:     newTable[P](),
		session:   newSession(opts),
	}
}

// Session is the session's id.
func (e *Engine[P]) Session() string { return e.session.id }

// State is what the engine is doing now.
func (e *Engine[P]) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.states.present == "" {
		return StateConnecting // about to
	}
	return e.states.present
}

// change notes a change; tell tells the host, once the lock is free.
// Nothing follows StateClosed once Close was called.
func (e *Engine[P]) change(c Change) {
	if !e.finished || c.State == StateClosed {
		e.states.change(c)
	}
}

// tell tells the host of changes, in order and one at a time, even if several
// goroutines come with one, or the host causes another while it is told.
func (e *Engine[P]) tell() {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &e.states
	if s.telling {
		return
	}
	s.telling = true
	for len(s.untold) > 0 {
		next := s.untold[0]
		s.untold = s.untold[1:]
		e.mu.Unlock()
		e.host.Changed(next)
		e.mu.Lock()
	}
	s.telling = false
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
		Opened:      e.opened,
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
