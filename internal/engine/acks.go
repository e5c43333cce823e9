package engine

import "time"

// acks counts the outcomes of the session that have arrived, in the order in
// which the server has sent them. The server keeps each until the client has
// acknowledged it, so that an outcome lost on its way can be sent again.
//
// An ack costs less the more outcomes it stands for, and the server's memory
// the longer it is missing.
type acks struct {
	received uint64        // outcomes so far
	told     uint64        // of these, the server has been told of
	since    time.Duration // when the first of the others arrived, or of those before if there are none
	bytes    int           // received since then
	due      bool          // an ack is to leave by itself
	known    uint64        // outcomes that have arrived on earlier connections of the session
}

const (
	// ackRide is how many outcomes make an ack worth its 25 bytes in front of
	// a frame that leaves anyway: with fewer, it would be a good part of a
	// lone request.
	ackRide = 16

	// ackAlone is how many outcomes, and ackBytes how many bytes, make it
	// worth a frame of its own, which costs as much as a small call. The
	// default server keeps several times as many. A page whose engine is in a
	// worker makes its next calls a little after the replies to the last ones,
	// and acks should ride with them.
	ackAlone = 1000
	ackBytes = 1 << 20

	// ackAfter is how long an outcome stays unacknowledged at most. A client
	// that makes a call now and then should not leave its last outcome with
	// the server, nor send two frames for each call.
	ackAfter = time.Second

	ackSize = len(`{"ack":9007199254740991},`)
)

// reset begins to count after the first n outcomes, all acknowledged.
func (a *acks) reset(n uint64) { *a = acks{received: n, told: n, since: a.since, known: a.known} }

// resume begins to count where the server does, perhaps with outcomes that have
// arrived before.
func (a *acks) resume(n uint64) {
	a.known = max(a.known, a.received)
	a.reset(n)
}

// anew begins to count in a session that begins.
func (a *acks) anew() {
	a.known = 0
	a.reset(0)
}

// repeated reports whether the last outcome has arrived before.
func (a *acks) repeated() bool { return a.received <= a.known }

// take is the number of the ack that leaves now.
func (a *acks) take() uint64 {
	a.reset(a.received)
	return a.received
}

// ripe reports whether an ack should go with a frame that leaves now.
func (a *acks) ripe(now time.Duration) bool {
	n := a.received - a.told
	return n >= ackRide || n > 0 && now >= a.since+ackAfter
}

// heard notes how many bytes a frame has brought.
func (a *acks) heard(size int) {
	if a.received == a.told {
		a.bytes = 0
	}
	a.bytes += size
}

// overdue has an ack leave by itself whose time has come, and otherwise
// returns when to look again.
func (a *acks) overdue(now time.Duration) (time.Duration, bool) {
	at := a.since + ackAfter
	switch {
	case a.received != a.told && !a.due:
		a.due = now >= at
		return at, a.due
	case now < at:
		// Where outcomes come all the time, an ack has just left, and another
		// look in a second costs less than one for each first outcome.
		return at, false
	}
	return never, false
}
