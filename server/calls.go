package server

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// key names a call: a number in sockjax.1, and in plain mode a text, where 7
// and "7" are the same.
type key struct {
	n protocol.Key
	s string
}

func (k key) String() string {
	if k.n == 0 {
		return k.s
	}
	return strconv.FormatUint(uint64(k.n), 10)
}

// A call is a request in flight.
type call struct {
	Request
	rawKey []byte // in plain mode: the key as the client wrote it
	ctx    context.Context
	cancel context.CancelCauseFunc

	canceled bool // protected by calls.mutex
}

// calls are the requests of one client that are in flight: those whose
// handlers have not returned, whether or not anyone waits for them.
type calls struct {
	base       context.Context // with the values of a request's context; never ends
	maxCalls   int
	maxBytes   int
	mutex      sync.Mutex // protects following
	running    map[key]*call
	bytes      int       // of Data
	grown      bool      // running has become too large to keep while it is empty
	draining   bool      // refuse what comes
	ended      error     // why nobody waits any more; nil until then
	lastIsDone sync.Cond // running has become empty
}

// keepCalls is how many calls a table may have held and still be kept when it
// has become empty: a map never shrinks.
const keepCalls = 128

func (t *calls) init(base context.Context, o *Options) {
	t.base, t.maxCalls, t.maxBytes = base, o.MaxRequests, o.MaxBuffered
	t.lastIsDone.L = &t.mutex
}

// begin adds a call and gives it its context, or says why it is refused.
func (t *calls) begin(k *call) *protocol.Error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if refused := t.refusal(k); refused != nil {
		return refused
	}
	if t.running == nil {
		t.running = make(map[key]*call)
	}
	t.running[k.key] = k
	t.bytes += len(k.Data)
	t.grown = t.grown || len(t.running) > keepCalls
	k.ctx, k.cancel = context.WithCancelCause(t.base)
	return nil
}

func (t *calls) refusal(k *call) *protocol.Error {
	switch {
	case t.draining || t.ended != nil:
		return &protocol.Error{Code: protocol.Overloaded, Message: "the server shuts down"}
	case t.running[k.key] != nil:
		return &protocol.Error{Code: protocol.Invalid, Message: "the key is in flight already: use each key once"}
	case len(t.running) >= t.maxCalls:
		return &protocol.Error{Code: protocol.Overloaded,
			Message: fmt.Sprintf("%d requests are in flight, the limit of this connection", t.maxCalls)}
	case len(t.running) > 0 && t.bytes+len(k.Data) > t.maxBytes:
		return &protocol.Error{Code: protocol.Overloaded,
			Message: fmt.Sprintf("the requests in flight would exceed %d bytes, the limit of this connection", t.maxBytes)}
	}
	return nil
}

// finish takes a call out and runs reply, if anyone waits for it, before
// anybody can see that it has gone: when wait returns, all replies are in the
// outbox; and a reply never leaves while its call still counts.
func (t *calls) finish(k *call, reply func()) {
	t.mutex.Lock()
	delete(t.running, k.key)
	t.bytes -= len(k.Data)
	if !k.canceled && t.ended == nil {
		reply()
	}
	if len(t.running) == 0 {
		if t.grown {
			t.running, t.grown = nil, false
		}
		t.lastIsDone.Broadcast()
	}
	t.mutex.Unlock()
	k.cancel(ErrDone)
}

// giveUp is a cancel of the caller's. The call stays in the table until its
// handler returns, or else cancels would let a client run any number.
func (t *calls) giveUp(name key) {
	t.mutex.Lock()
	k := t.running[name]
	if k != nil {
		k.canceled = true
	}
	t.mutex.Unlock()
	if k != nil {
		k.cancel(ErrCanceled)
	}
}

// drain refuses what comes from now on.
func (t *calls) drain() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.draining = true
}

// end cancels all calls: nobody waits any more.
func (t *calls) end(cause error) {
	t.mutex.Lock()
	if t.ended == nil {
		t.ended = cause
	}
	left := make([]*call, 0, len(t.running))
	for _, k := range t.running {
		left = append(left, k)
	}
	t.mutex.Unlock()
	for _, k := range left {
		k.cancel(cause)
	}
}

// wait returns when no handler is running.
func (t *calls) wait() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for len(t.running) > 0 {
		t.lastIsDone.Wait()
	}
}
