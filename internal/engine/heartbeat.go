package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// heartbeat judges whether a connection is alive, by its silence. It sends and
// closes nothing: the engine does what it finds. Times are since the engine's
// epoch.
type heartbeat struct {
	_       incomparable
	silence time.Duration // after so much in either direction a ping is due
	timeout time.Duration // how long its answer may take; 0 or less: for ever
	shy     bool          // such a server may never answer a ping: plain mode

	opened   time.Duration
	in, out  time.Duration // when something was last received and sent
	pinged   time.Duration // when the last ping was due
	waiting  bool          // nothing has come since then
	limit    time.Duration // how long that may last
	pardoned bool          // the limit has passed once, unseen
	answered bool          // a ping has been answered, ever
	probing  bool          // nothing but the ping may be sent until the server has shown life
	probed   time.Duration // when that began
	unponged int           // pings sent whose pong has not come
	ping     bool          // to be sent
	pong     bool          // to be sent
}

func newHeartbeat(opts *Options, now time.Duration) heartbeat {
	return heartbeat{
		silence: opts.Heartbeat.After, timeout: opts.Heartbeat.Timeout, shy: opts.Plain,
		opened: now, in: now, out: now, pinged: now,
	}
}

// beat has a ping sent that must be answered within limit.
func (h *heartbeat) beat(now, limit time.Duration) {
	h.pinged, h.limit, h.ping = now, limit, true
	h.waiting = limit > 0
}

// word takes the heartbeat that is to be sent, "" if there is none.
func (h *heartbeat) word() string {
	switch {
	case h.pong:
		h.pong = false
		return protocol.Pong
	case h.ping:
		h.ping = false
		h.unponged++
		return protocol.Ping
	}
	return ""
}

// heard notes that something has arrived, and reports whether that proves the
// connection alive. idle says that nothing but a pong was to come.
func (h *heartbeat) heard(now time.Duration, idle bool) (proof bool) {
	h.in = now
	switch {
	case h.probing && now < h.probed+lag && !h.shy:
		h.pinged = now // it proves nothing, but the pong may be behind it
	case h.waiting:
		h.answered = h.answered || idle // otherwise it may be a reply
		return true
	}
	return false
}

// ponged notes a pong. all reports that it was the last of those to come, and
// proof that it ends a probe: that to an earlier ping may be as old as any
// other frame.
func (h *heartbeat) ponged() (all, proof bool) {
	if h.unponged == 0 {
		return false, false
	}
	h.unponged--
	all = h.unponged == 0
	return all, all && !h.ping && h.probing
}

// proven notes that the connection is alive.
func (h *heartbeat) proven() { h.waiting, h.pardoned, h.probing = false, false, false }

// check has a ping sent that is due. It returns when to look again, or that
// the connection is dead.
func (h *heartbeat) check(now time.Duration) (next time.Duration, dead bool) {
	if h.waiting && now >= h.pinged+h.limit {
		switch late := now - (h.pinged + h.limit); {
		case h.shy && !h.answered:
			h.waiting = false
		case late > stall && !h.pardoned:
			// The clock stood still, not necessarily the server: once more.
			h.beat(now, h.limit)
			h.pardoned = true
		default:
			return 0, true
		}
	}
	due := max(min(h.in, h.out), h.pinged) + h.silence
	if !h.waiting && now >= due {
		h.unponged = 0 // after such a silence none will come
		h.beat(now, h.timeout)
		due = now + h.silence
	}
	if h.waiting {
		due = h.pinged + h.limit
	}
	return due, false
}

// silenceProves reports whether a connection from which nothing comes after a
// ping is dead.
func (h *heartbeat) silenceProves() bool { return h.timeout > 0 && (h.answered || !h.shy) }

// probe requires proof of life soon: the pong, or what comes later than all
// that may have waited in the machine since before it slept or lost its
// network. What is sent into a connection that has died unnoticed is in doubt
// for no reason, so requests wait for the proof, unless silence proves nothing.
func (h *heartbeat) probe(now time.Duration) {
	limit := min(probeTimeout, h.timeout)
	if !h.waiting || now+limit < h.pinged+h.limit {
		h.beat(now, limit) // never later than what was due before
	}
	if !h.probing {
		h.probing, h.probed = h.silenceProves(), now
	}
}

// slept reports whether timers must have stood still since the last sign of
// life, as in a machine that slept: otherwise a ping would have been sent by
// now and its answer missed.
func (h *heartbeat) slept(now, life time.Duration) bool {
	return !h.probing && h.silenceProves() && now-life > h.silence+h.timeout+slack
}

// incomparable makes the struct that it is a field of one that nothing can
// compare, so that the compiler writes no function for it, which a page would
// have to download.
type incomparable [0]func()
