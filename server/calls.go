package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

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
	link
	rawKey []byte // in plain mode: the key as the client wrote it
	size   int    // of the data; the handler may have changed Data
	ctx    callContext

	ownsData bool // Data is no longer in the memory of the frame
	canceled bool // protected by calls.mutex
}

// A smallCall is a call with the memory of its data, which is one allocation
// less. Most data is as small.
type smallCall struct {
	call
	memory [smallData]byte
}

// smallData is how much makes good use of the allocator's size classes.
const smallData = 112

// newCall makes a call of data that lies in borrowed memory.
func newCall(data []byte) *call {
	if len(data) == 0 || len(data) > smallData {
		return &call{size: len(data), Request: Request{Data: data}}
	}
	k := &smallCall{}
	k.size, k.ownsData = len(data), true
	k.Data = k.memory[:len(data):len(data)]
	copy(k.Data, data)
	return &k.call
}

// own makes the data the handler's. To share the memory of the frame would save
// 50 ns, and let one request that is kept hold a frame of a megabyte.
func (k *call) own() {
	k.rawKey = bytes.Clone(k.rawKey) // nil stays nil
	if k.ownsData {
		return
	}
	if k.Data = bytes.Clone(k.Data); k.Data == nil {
		k.Data = json.RawMessage("null")
	}
}

// calls are the requests of one connection that are in flight: those whose
// handlers have not returned, whether or not anyone waits for them, and
// whether or not the connection lives.
type calls struct {
	base       context.Context // with the values of a request's context; never ends
	maxCalls   int
	maxBytes   int
	mutex      sync.Mutex // protects following
	running    table
	bytes      int             // of Data
	stopped    *protocol.Error // refuse what comes; nil until then
	ended      error           // why nobody waits any more; nil until then
	lastIsDone sync.Cond       // running has become empty
}

func (t *calls) init(base context.Context, o *Options) {
	t.base, t.maxCalls, t.maxBytes = base, o.MaxRequests, o.MaxBuffered
	t.lastIsDone.L = &t.mutex
}

// admit adds the calls of a frame and gives them their contexts. It takes
// those that are refused out of the intake and tells why.
func (t *calls) admit(in *intake) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	admitted := in.calls[:0]
	for _, k := range in.calls {
		if why := t.refusal(k); why != nil {
			in.refused = append(in.refused, refusedCall{k, why})
			continue
		}
		t.running.put(k)
		t.bytes += k.size
		k.ctx.base = t.base
		admitted = append(admitted, k)
	}
	clear(in.calls[len(admitted):])
	in.calls = admitted
}

// The times after which a refused client is to try again.
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
	case t.running.size >= t.maxCalls:
		return overloaded(soon(), "%d requests are in flight, the limit of this connection", t.maxCalls)
	case t.running.size > 0 && t.bytes+k.size > t.maxBytes:
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

// soon differs from call to call, so that those refused do not all come back
// at once.
func soon() time.Duration { return afterFull/2 + rand.N(afterFull) }

// millis is d in milliseconds, rounded up: what the wire leaves out at 0 is
// never 0 for a time that is left.
func millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// finish takes a call out and runs reply, if anyone waits for it, before
// anybody can see that it has gone: when wait returns, all replies are in the
// queue; and a reply never leaves while its call still counts.
func (t *calls) finish(k *call, reply func()) {
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

// dismiss takes calls out that do not run after all.
func (t *calls) dismiss(calls []*call) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, k := range calls {
		t.remove(k)
	}
}

// giveUp is a cancel of the caller's. The call stays in the table until its
// handler returns, or else cancels would let a client run any number.
func (t *calls) giveUp(name key) {
	var found []*call
	t.mutex.Lock()
	for k := range t.running.with(name) {
		k.canceled = true
		found = append(found, k)
	}
	t.mutex.Unlock()
	for _, k := range found {
		k.ctx.end(ErrCanceled)
	}
}

// stop refuses what comes from now on.
func (t *calls) stop(why *protocol.Error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.stopped == nil {
		t.stopped = why
	}
}

// end cancels all calls, and returns how many: nobody waits any more.
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
