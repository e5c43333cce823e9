package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// calls are the requests of one connection that are in flight: those whose
// handlers have not returned, whether or not anyone waits for them, and
// whether or not the connection lives.
type calls struct {
	base       context.Context // with the values of a request's context; never ends
	maxCalls   int
	maxBytes   int
	mutex      sync.Mutex // protects following
	running    table
	bytes      int             // of Data, bodies, and requests that come in pieces
	held       int             // of the latter
	stopped    *protocol.Error // refuse what comes; nil until then
	ended      error           // why nobody waits any more; nil until then
	lastIsDone sync.Cond       // running has become empty
}

func (t *calls) init(base context.Context, o *Options) {
	t.base, t.maxCalls, t.maxBytes = base, o.MaxRequests, o.MaxBuffered
	t.lastIsDone.L = &t.mutex
}

// admit adds the calls of a batch and gives them their contexts. It moves those
// that there is no room for to the refused ones.
func (t *calls) admit(b *batch) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	admitted := b.calls[:0]
	for _, k := range b.calls {
		if why := t.refusal(k); why != nil {
			b.refused = append(b.refused, refusedCall{k, why})
			continue
		}
		t.running.put(k)
		t.bytes += k.size
		k.ctx.base = t.base
		admitted = append(admitted, k)
	}
	clear(b.calls[len(admitted):])
	b.calls = admitted
}

// How long a refused client must wait before it tries again.
const (
	afterFull = 100 * time.Millisecond // half of it or more, at random
	afterStop = time.Second
)

func (t *calls) refusal(k *call) *protocol.Error {
	switch {
	case t.stopped != nil:
		return t.stopped
	case t.ended != nil:
		return overloaded(afterStop, "the connection ends")
	case t.running.size+t.held >= t.maxCalls:
		return overloaded(soon(), "%d requests are in flight, the limit of this connection", t.maxCalls)
	case t.running.size+t.held > 0 && t.bytes+k.size > t.maxBytes:
		return overloaded(soon(), "the requests in flight would exceed %d bytes, the limit of this connection", t.maxBytes)
	case k.key.n == 0: // in a session, the store knows which keys have been used
		for range t.running.with(k.key) {
			return &protocol.Error{Code: protocol.Invalid, Message: "the key is in flight already: use each key once"}
		}
	}
	return nil
}

func overloaded(after time.Duration, format string, args ...any) *protocol.Error {
	return &protocol.Error{Code: protocol.Overloaded, Message: fmt.Sprintf(format, args...), After: millis(after)}
}

// soon differs from call to call: refused calls must not all come back at once.
func soon() time.Duration { return afterFull/2 + rand.N(afterFull) }

// millis is d in milliseconds, rounded up: a message leaves out a 0, and a time
// that is left must not be left out.
func millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// finish takes a call out and runs reply, if anyone waits for it, in one moment:
// when wait returns, all replies are in the queue, and no reply leaves while its
// call still counts.
func (t *calls) finish(k *call, reply func()) {
	if k.exchange != nil && k.exchange.body != nil {
		k.exchange.body.fail(ErrDone) // so that it reserves nothing more
	}
	t.mutex.Lock()
	if !k.canceled && t.ended == nil {
		reply()
	}
	t.remove(k)
	t.mutex.Unlock()
	k.ctx.end(ErrDone)
}

func (t *calls) remove(k *call) {
	t.running.remove(k)
	t.bytes -= k.size
	if t.running.size == 0 {
		t.lastIsDone.Broadcast()
	}
}

func (t *calls) count() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.running.size
}

// dismiss takes out calls that were admitted and must not run.
func (t *calls) dismiss(calls []*call) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, k := range calls {
		t.remove(k)
	}
}

// find is the call of that key that runs and was not cancelled, nil if there is
// none.
func (t *calls) find(name key) *call {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for k := range t.running.with(name) {
		if !k.canceled {
			return k
		}
	}
	return nil
}

// hold makes room for the data of a request that comes in pieces.
func (t *calls) hold(size int) *protocol.Error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if why := t.refusal(&call{size: size, Request: Request{key: key{n: 1}}}); why != nil {
		return why
	}
	t.bytes += size
	t.held++
	return nil
}

// unhold takes back a hold.
func (t *calls) unhold(size int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.bytes -= size
	t.held--
}

// reserve makes room for so many more bytes of a call's body. Those that are
// there already must have it, where there is not far too much.
func (t *calls) reserve(k *call, more int, must bool) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	most := t.maxBytes
	if must {
		most *= 2
	}
	if t.bytes+more > most {
		return false
	}
	t.bytes += more
	k.size += more
	return true
}

// cancel ends the context of a call that its caller has given up. The call stays
// in the table until its handler returns, because otherwise a client that
// cancels could run any number of handlers.
func (t *calls) cancel(name key) {
	var found []*call
	t.mutex.Lock()
	for k := range t.running.with(name) {
		k.canceled = true
		found = append(found, k)
	}
	t.mutex.Unlock()
	for _, k := range found {
		k.ctx.end(ErrCanceled)
		if k.exchange != nil {
			k.exchange.abandon()
		}
	}
}

// stop refuses all calls from now on.
func (t *calls) stop(why *protocol.Error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.stopped == nil {
		t.stopped = why
	}
}

// end cancels all calls, because nobody waits any more, and returns how many.
func (t *calls) end(cause error) int {
	t.mutex.Lock()
	if t.ended == nil {
		t.ended = cause
	}
	left := make([]*call, 0, t.running.size)
	for k := range t.running.all {
		left = append(left, k)
	}
	t.mutex.Unlock()
	for _, k := range left {
		k.ctx.end(cause)
	}
	return len(left)
}

// wait returns when no handler is running.
func (t *calls) wait() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for t.running.size > 0 {
		t.lastIsDone.Wait()
	}
}
