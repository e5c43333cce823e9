//go:build js && wasm

package main

import (
	"runtime"
	"slices"

	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// The exports are called by the class Engine in ../web/host/engine.js. id is the
// number that connect gave to the client; keys are whole numbers up to
// protocol.MaxKey; times are in milliseconds. memory.go says where names and
// structures cross.
//
// An export runs as a plain call on whatever goroutine was current. It must
// not block: JavaScript would get a garbage number at once and the instance
// would be corrupt. So it waits for nothing, and runs pinned: the garbage collector,
// which may be at work, neither begins in it nor has it help or wait. Go ends
// the program where one blocks all the same. It must not panic either: that
// throws nothing in JavaScript and leaves a dead runtime whose exports still
// answer.
//
// depth notices both: it is raised by enter and lowered by leave, without
// defer, so that a panic or a block leaves it raised. The host looks at it
// after each batch.
//
// Goroutines that an export makes ready run when the host calls resume, an
// export of Go's runtime. That costs more than the rest of a lone call, so the
// host does it only where flush says that there are some, and now and then for
// the garbage collector.

var depth uint32

func enter() { depth++ }
func leave() { depth-- }

// pin is called when Go has returned to JavaScript, and unpin before it goes on:
// see ../web/host/pin.js. So exports are pinned without doing so each.
//
//go:wasmexport pin
func pin() { engine.Pin() }

//go:wasmexport unpin
func unpin() { engine.Unpin() }

// submit takes the call that the host has put into a slot. size is in bytes,
// and 0 means no timeout; flags are those of package abi. If the call can't be
// taken, the host is told of its failure.
//
//go:wasmexport submit
func submit(id, s uint32, key, size, timeout float64, flags uint32) {
	enter()
	current.clients[id].submit(s, key, size, timeout, flags, "")
	leave()
}

// submitExchange is submit for a call that wants a stream, for which the server
// may have sent so many bytes that were not read, or that has a body, or bytes as
// its data.
//
//go:wasmexport submitExchange
func submitExchange(id, s uint32, key, size, timeout float64, flags, window uint32) {
	enter()
	current.clients[id].begin(engine.Call[slot]{Bytes: true, Window: int(window)}, s, key, size, timeout, flags)
	leave()
}

// submitNamed is submit for plain mode: the name of n bytes is in scratch.
//
//go:wasmexport submitNamed
func submitNamed(id, s uint32, key, size, timeout float64, flags, n uint32) {
	enter()
	current.clients[id].submit(s, key, size, timeout, flags, name(n))
	leave()
}

func (b *bridge) submit(s slot, key, size, timeout float64, flags uint32, name string) {
	b.begin(engine.Call[slot]{Name: name}, s, key, size, timeout, flags)
}

func (b *bridge) begin(c engine.Call[slot], s slot, key, size, timeout float64, flags uint32) {
	made++
	c.Key, c.Payload, c.Size, c.Timeout = protocol.Key(key), s, int(size), milliseconds(timeout)
	c.Idempotent, c.Sent, c.Open = flags&abi.FlagIdempotent != 0, flags&abi.FlagSent != 0, flags&abi.FlagOpen != 0
	if err := b.engine.Submit(c); err != nil {
		b.Fail(s, err)
	}
}

// flush ends a turn of the page, and sends what can be sent, frame by frame: what
// is abi.SendAll or one of those beside it. It returns 1 if goroutines are ready
// to run.
//
//go:wasmexport flush
func flush(id, what uint32) (ready uint32) {
	enter()
	b := current.clients[id]
	if b == nil {
		ready = 1
	} else if b.turn(what) {
		ready = 1
	}
	if littered() {
		ready = 1
	}
	leave()
	return ready
}

// litter is how many calls may leave enough garbage for the collector to look
// whether it should begin. It does so only where a goroutine allocates.
const litter = 1 << 13

var (
	made uint32 // calls since it looked
	look = make(chan struct{}, 1)
)

// littered has the collector look if it should.
func littered() bool {
	if made < litter {
		return false
	}
	made = 0
	select {
	case look <- struct{}{}:
	default:
	}
	return true
}

// collect is the goroutine that has the collector look.
func collect() {
	for range look {
		runtime.KeepAlive(make([]byte, 128<<10)) // large enough for that, and for the heap
	}
}

// received tells that a frame has arrived, before what it holds, and its size
// in UTF-16 units.
//
//go:wasmexport received
func received(id, units uint32) {
	enter()
	b := current.clients[id]
	b.engine.Received(b.socket, int(units))
	leave()
}

// pinged tells that a ping has arrived.
//
//go:wasmexport pinged
func pinged(id uint32) {
	enter()
	b := current.clients[id]
	b.engine.Pinged(b.socket)
	leave()
}

// ponged tells that a pong has arrived.
//
//go:wasmexport ponged
func ponged(id uint32) {
	enter()
	b := current.clients[id]
	b.engine.Ponged(b.socket)
	leave()
}

// welcome tells that a welcome has arrived: the abi.Welcome in scratch.
//
//go:wasmexport welcome
func welcome(id uint32) {
	enter()
	current.clients[id].welcome((*abi.Welcome)(scratchPointer()))
	leave()
}

func (b *bridge) welcome(w *abi.Welcome) {
	session := "another"
	if w.Ours != 0 {
		session = b.engine.Session()
	}
	b.engine.Welcome(b.socket, protocol.Welcome{
		Session:   session,
		Resumed:   w.Resumed != 0,
		Acked:     uint64(w.Acked),
		Heartbeat: int64(w.Heartbeat),
		Expires:   int64(w.Expires),
		Jitter:    int64(w.Jitter),
		Limits:    protocol.Limits{Frame: int(w.Frame), Requests: int(w.Requests), Message: int(w.Message), Window: int(w.Window)},
	})
}

// authorized tells that the server has taken a fresh token, for that time, or
// for ever if it is 0.
//
//go:wasmexport authorized
func authorized(id uint32, expires float64) {
	enter()
	b := current.clients[id]
	b.engine.Authorized(b.socket, milliseconds(expires))
	leave()
}

// settle returns the slot of the call whose outcome has arrived, abi.None if no
// call waits for it.
//
//go:wasmexport settle
func settle(id uint32, key float64) int32 {
	enter()
	s, ok := current.clients[id].engine.Settle(protocol.Key(key))
	leave()
	return slotOrNone(s, ok)
}

// settleNotRun is settle for an outcome which says that no handler ran. It
// returns 2·slot, and 1 more if an earlier session may have run the call.
//
//go:wasmexport settleNotRun
func settleNotRun(id uint32, key float64) int32 {
	enter()
	s, fate, ok := current.clients[id].engine.SettleNotRun(protocol.Key(key))
	leave()
	if ok && fate != engine.Unsent {
		return 2*int32(s) + 1
	}
	return slotOrNone(2*s, ok)
}

// refused returns the slot of the call that the server did not run, abi.None if
// none waits for this or the engine goes on with it: trying again may help after
// that time, or never if it is negative.
//
//go:wasmexport refused
func refused(id uint32, key, after float64) int32 {
	enter()
	s, ok := current.clients[id].engine.Refused(protocol.Key(key), milliseconds(after))
	leave()
	return slotOrNone(s, ok)
}

// drop returns the slot of the call that ends with what is no outcome, abi.None
// if no call waits for it.
//
//go:wasmexport drop
func drop(id uint32, key float64) int32 {
	enter()
	s, ok := current.clients[id].engine.Drop(protocol.Key(key))
	leave()
	return slotOrNone(s, ok)
}

// settleNamed is settle for plain mode: the name of n bytes is in scratch.
//
//go:wasmexport settleNamed
func settleNamed(id, n uint32) int32 {
	enter()
	s, ok := current.clients[id].engine.SettleName(name(n))
	leave()
	return slotOrNone(s, ok)
}

// abort takes out a call that its caller has given up. It returns the call's
// fate, as its place in abi.Fates, or abi.None if the call had ended.
//
//go:wasmexport abort
func abort(id uint32, key float64) int32 {
	enter()
	_, fate, ok := current.clients[id].engine.Abort(protocol.Key(key))
	leave()
	if !ok {
		return abi.None
	}
	return int32(slices.Index(abi.Fates[:], fate))
}

func slotOrNone(s slot, ok bool) int32 {
	if !ok {
		return abi.None
	}
	return int32(s)
}

// reconnect closes the connection, if there is one, and connects anew at once.
//

//go:wasmexport reconnect
func reconnect(id uint32) {
	enter()
	current.clients[id].engine.Reconnect()
	leave()
}

// nudge tells that now is a good time to connect, or to look whether the
// connection is alive.
//
//go:wasmexport nudge
func nudge(id uint32) {
	enter()
	current.clients[id].engine.Nudge()
	leave()
}

// pause disconnects until a nudge.
//
//go:wasmexport pause
func pause(id uint32) {
	enter()
	current.clients[id].engine.Pause()
	leave()
}

// closeClient closes; the host is told once all is released.
//
//go:wasmexport closeClient
func closeClient(id uint32) {
	enter()
	current.clients[id].close(current)
	leave()
}

// stats puts abi.Stats into scratch.
//
//go:wasmexport stats
func stats(id uint32) {
	enter()
	s := current.clients[id].engine.Stats()
	*(*abi.Stats)(scratchPointer()) = abi.Stats{
		Pending:     float64(s.Pending),
		Queued:      float64(s.Queued),
		QueuedBytes: float64(s.QueuedBytes),
		InDoubt:     float64(s.InDoubt),
		Unacked:     float64(s.Unacked),
		Funcs:       float64(liveFuncs),
	}
	leave()
}

// queued is how many calls wait to be sent.
//
//go:wasmexport queued
func queued(id uint32) uint32 {
	enter()
	n := current.clients[id].engine.Stats().Queued
	leave()
	return uint32(n)
}
