package engine

import (
	"math"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Options of an engine. The zero value of each field stands for its default.
// The same defaults stand in ../../web/api/options.js; a test compares them.
type Options struct {
	// Plain selects plain mode instead of sockjax.1.
	Plain bool

	// Turns says that the host calls EndTurn or Next after each bunch of Submits.
	// Timeouts then count from there, and the clock is read once a bunch
	// instead of once a call: in a page that saves each call a tenth.
	Turns bool

	// Session names the session, as a version 4 uuid. Default: a random one.
	Session string

	// Resume says that a server may know the session already, from an earlier
	// life: the client asks for it in its first hello too. The keys of that
	// life must not be used for other calls.
	Resume bool

	// Token says that the host has a token to show: it is asked for before
	// each attempt, and before the server lets the last one expire. Plain mode
	// has none.
	Token bool

	Heartbeat Heartbeat
	Reconnect Reconnect
	Queue     Queue

	bytesBound bool // Queue.Calls was left to us
}

// Heartbeat finds out whether the peer is still there.
type Heartbeat struct {
	// After this much silence in either direction the client pings. Default
	// 25 s; negative means never. A server that asks for a shorter time in its
	// welcome gets it.
	After time.Duration
	// Timeout is how long after a ping the next byte must arrive. Default
	// 10 s; negative means that silence is no reason to close.
	Timeout time.Duration
}

// Reconnect says how long to wait for the n-th attempt in a row: a random
// time between 0 and Min·2ⁿ⁻¹, at most Max.
type Reconnect struct {
	Min time.Duration // default 500 ms
	Max time.Duration // default 20 s
	// Attempts is how many failures in a row are followed by another
	// attempt. Default: all of them; negative means none.
	Attempts int
}

// Queue bounds what may wait to be sent.
type Queue struct {
	// Calls that may wait. The default is 10,000 as long as there is no
	// connection that the server has welcomed, and none while there is one:
	// then Bytes bounds what waits. A number that is given always bounds.
	Calls int
	Bytes int // default 16 MiB
}

// DefaultTimeout is how long a call may take unless told otherwise.
const DefaultTimeout = 10 * time.Second

const (
	// minUp is how long a connection must have held to count as a good one.
	minUp = 5 * time.Second

	// probeTimeout is Heartbeat.Timeout for a ping after something that may
	// have killed the connection unnoticed, such as sleep.
	probeTimeout = 3 * time.Second

	// lag is how long after such a thing what comes may be from before it: the
	// machine hands over at once what it has kept.
	lag = time.Second

	// stall is how late a timer is when the program itself stood still:
	// then what has arrived meanwhile is looked at first.
	stall = 100 * time.Millisecond

	// slack is how late a heartbeat may be before it is plain that the machine
	// has slept.
	slack = time.Second

	never = 1 << 60 * time.Nanosecond // 36 years, with room for arithmetic
)

func (o Options) withDefaults() Options {
	def(&o.Heartbeat.After, protocol.Heartbeat)
	if o.Heartbeat.After < 0 {
		o.Heartbeat.After = never
	}
	def(&o.Heartbeat.Timeout, 10*time.Second)
	def(&o.Reconnect.Min, 500*time.Millisecond)
	def(&o.Reconnect.Max, 20*time.Second)
	def(&o.Reconnect.Attempts, math.MaxInt)
	o.bytesBound = o.Queue.Calls == 0
	def(&o.Queue.Calls, 10_000)
	def(&o.Queue.Bytes, 16<<20)
	return o
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
