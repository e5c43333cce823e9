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
	ctx    callContext

	canceled bool // protected by calls.mutex
}

// table finds calls by their keys. A connection uses one of the maps, since a
// map of both would hash two words and a text for each number.
type table struct {
	numbers map[protocol.Key]*call
	names   map[string]*call
}

func (t *table) len() int { return len(t.numbers) + len(t.names) }

func (t *table) get(k key) *call {
	if k.n != 0 {
		return t.numbers[k.n]
	}
	return t.names[k.s]
}

func (t *table) put(c *call) {
	switch {
	case c.key.n == 0 && t.names == nil:
		t.names = map[string]*call{c.key.s: c}
	case c.key.n == 0:
		t.names[c.key.s] = c
	case t.numbers == nil:
		t.numbers = map[protocol.Key]*call{c.key.n: c}
	default:
		t.numbers[c.key.n] = c
	}
}

func (t *table) remove(k key) {
	if k.n != 0 {
		delete(t.numbers, k.n)
	} else {
		delete(t.names, k.s)
	}
}

func (t *table) all(yield func(*call) bool) {
	for _, c := range t.numbers {
		if !yield(c) {
			return
		}
	}
	for _, c := range t.names {
		if !yield(c) {
			return
		}
	}
}

// calls are the requests of one client that are in flight: those whose
// handlers have not returned, whether or not anyone waits for them.
type calls struct {
	base       context.Context // with the values of a request's context; never ends
	maxCalls   int
	maxBytes   int
	mutex      sync.Mutex // protects following
	running    table
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
	t.running.put(k)
	t.bytes += len(k.Data)
	t.grown = t.grown || t.running.len() > keepCalls
	k.ctx.base = t.base
	return nil
}

func (t *calls) refusal(k *call) *protocol.Error {
	switch {
	case t.draining || t.ended != nil:
		return &protocol.Error{Code: protocol.Overloaded, Message: "the server shuts down"}
	case t.running.get(k.key) != nil:
		return &protocol.Error{Code: protocol.Invalid, Message: "the key is in flight already: use each key once"}
	case t.running.len() >= t.maxCalls:
		return &protocol.Error{Code: protocol.Overloaded,
			Message: fmt.Sprintf("%d requests are in flight, the limit of this connection", t.maxCalls)}
	case t.running.len() > 0 && t.bytes+len(k.Data) > t.maxBytes:
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
	t.running.remove(k.key)
	t.bytes -= len(k.Data)
	if !k.canceled && t.ended == nil {
		reply()
	}
	if t.running.len() == 0 {
		if t.grown {
			t.running, t.grown = table{}, false
		}
		t.lastIsDone.Broadcast()
	}
	t.mutex.Unlock()
	k.ctx.end(ErrDone)
}

// giveUp is a cancel of the caller's. The call stays in the table until its
// handler returns, or else cancels would let a client run any number.
func (t *calls) giveUp(name key) {
	t.mutex.Lock()
	k := t.running.get(name)
	if k != nil {
		k.canceled = true
	}
	t.mutex.Unlock()
	if k != nil {
		k.ctx.end(ErrCanceled)
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
	left := make([]*call, 0, t.running.len())
	for k := range t.running.all {
		left = append(left, k)
	}
	t.mutex.Unlock()
	for _, k := range left {
		k.ctx.end(cause)
	}
}

// wait returns when no handler is running.
func (t *calls) wait() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for t.running.len() > 0 {
		t.lastIsDone.Wait()
	}
}
