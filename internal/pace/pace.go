// Package pace decides how many bytes of a stream may be on their way: enough to
// keep the line busy, and hardly more, since a small call waits behind all that
// lies in the buffers between. No buffer tells how full it is, but the time
// between sending and the reader's word that it has taken grows with them.
package pace

import "time"

const (
	// least and most bound what may be on its way, and first is where that
	// begins.
	least = 16 << 10
	first = 128 << 10
	most  = 8 << 20

	// nearLeast is least where the shortest round trip is that of a near peer: a
	// line of 100 Mbit/s carries that in slack, and none so short carries less. If
	// trips are long there, an end is busy, and a smaller window makes it worse.
	nearLeast = 256 << 10
	near      = 4 * time.Millisecond

	// slack is how much longer than at its shortest a round trip may take: so
	// much waits in buffers. A reader that is busy looks like a full buffer, so
	// it is no shorter.
	slack = 20 * time.Millisecond

	// memory is how long the shortest round trip is believed: lines change.
	memory = 10 * time.Second

	// A chunk is what the line carries in hold, since a small call waits behind it.
	// Small ones cost each end time.
	hold       = 8 * time.Millisecond
	leastChunk = 4 << 10
	firstChunk = 8 << 10
	mostChunk  = 256 << 10
)

// A Window is how many bytes of one stream may have been sent and not taken. The
// zero value is where each begins. Times are on any clock that never falls.
type Window struct {
	_     [0]func() // as in internal/engine/heartbeat.go: nobody compares it
	size  int       // 0: first
	sent  uint64
	taken uint64

	// A round trip that is being measured: it ends when all bytes up to mark
	// were taken.
	mark      uint64
	markTaken uint64 // when it began
	began     time.Duration
	limited   bool // the window was full meanwhile
	guessed   bool // the size of the line has been guessed
	settled   bool // and was once too much
	slow      bool // the last round trip took too long

	train time.Duration // when the first word came of what was taken, 0: not yet
	head  uint64        // what that was

	shortest time.Duration // round trip, 0: not known
	seen     time.Duration // when
	rate     float64       // bytes a nanosecond, lately, 0: not known

	// Where the window has been made smaller, what it was, and the round trip with
	// it. 0: that was not so, or it has helped.
	wide     int
	wideTrip time.Duration
	calm     int // round trips in a row since then that were not too long
}

// A Line is what streams have found out of a line, for those that come after. The
// zero value knows nothing.
type Line struct {
	_        [0]func()
	size     int
	shortest time.Duration
	seen     time.Duration
	rate     float64
}

// Learn notes what a stream has found out.
func (l *Line) Learn(w *Window) {
	if w.guessed {
		*l = Line{size: w.size, shortest: w.shortest, seen: w.seen, rate: w.rate}
	}
}

// Window is that of a new stream.
func (l *Line) Window() Window {
	if l.size == 0 {
		return Window{}
	}
	return Window{size: l.size, guessed: true, settled: true, shortest: l.shortest, seen: l.seen, rate: l.rate}
}

// Size is how many bytes may have been sent and not taken.
func (w *Window) Size() int {
	if w.size == 0 {
		return first
	}
	return w.size
}

func (w *Window) least() int {
	if w.shortest <= near {
		return nearLeast
	}
	return least
}

// Chunk is how large a part of bytes should be.
func (w *Window) Chunk() int {
	if w.rate == 0 {
		return firstChunk
	}
	return min(max(min(int(w.rate*float64(hold)), w.Size()/4), leastChunk), mostChunk)
}

// Full notes that the window has held something back.
func (w *Window) Full() { w.limited = true }

// Sent notes that n bytes more were sent. asked says that the reader tells when
// it has taken all so far, so that a round trip can be measured.
func (w *Window) Sent(now time.Duration, n int, asked bool) {
	w.sent += uint64(n)
	if asked && w.mark == 0 {
		w.mark, w.markTaken, w.began, w.limited = w.sent, w.taken, now, false
	}
}

// Taken notes that n bytes more were taken.
func (w *Window) Taken(now time.Duration, n int) {
	w.taken += uint64(n)
	if !w.guessed {
		w.guess(now)
	}
	if w.mark == 0 || w.taken < w.mark {
		return
	}
	trip := max(now-w.began, time.Millisecond)
	if w.shortest == 0 || trip <= w.shortest || now-w.seen > memory {
		w.shortest, w.seen = trip, now
	}
	moved := int(w.taken - w.markTaken)
	if w.limited || w.rate == 0 {
		w.rate = float64(moved) / float64(trip)
	}
	w.widen(now, trip)
	fair := w.shortest + slack
	slow := trip > fair
	switch {
	case slow && w.slow:
		// What passed in that time, had it been as short as it should be. Once is
		// no sign: machines are busy at times.
		if w.wide == 0 {
			w.wide, w.wideTrip, w.calm = w.Size(), trip, 0
		}
		w.size = min(max(int(float64(moved)*float64(fair-slack/4)/float64(trip)), w.least()), w.Size())
		w.settled = true
	case slow, !w.limited, !w.guessed:
	case !w.settled:
		w.size = min(2*w.Size(), most)
	case trip <= w.shortest+slack/8:
		w.grow(slack / 2)
	case trip <= fair-slack/2:
		w.grow(slack / 8)
	}
	w.slow = slow
	w.mark = 0
}

// grow adds what the line carries in so much time: if it is full, that is how much
// longer all else waits.
func (w *Window) grow(by time.Duration) {
	w.size = min(w.Size()+min(int(w.rate*float64(by)), w.Size()/4), most)
}

// widen takes back that the window was made smaller where that has not helped. A
// full buffer gets emptier by it, and trips shorter. If they don't, nothing waits in
// a buffer: an end is busy, or the line is longer now.
func (w *Window) widen(now, trip time.Duration) {
	if w.wide == 0 || !w.limited {
		return
	}
	shorter := max(w.shortest, time.Duration(float64(w.wideTrip)*float64(w.Size())/float64(w.wide)))
	switch {
	case w.wideTrip > shorter+slack && trip > (w.wideTrip+shorter)/2:
		w.size, w.shortest, w.seen, w.wide = w.wide, trip, now, 0
	case trip > w.shortest+slack:
		w.calm = 0
	default:
		if w.calm++; w.calm == 4 {
			w.wide = 0
		}
	}
}

// guess finds the size of the line by the first window: what was sent at once is
// taken as quickly as the line carries it.
func (w *Window) guess(now time.Duration) {
	switch {
	case w.train == 0:
		w.train, w.head = max(now, 1), w.taken
	case w.taken >= first && w.shortest > 0:
		took := max(now-w.train, 100*time.Microsecond)
		w.rate = float64(w.taken-w.head) / float64(took)
		w.size = int(w.rate * float64(w.shortest+slack/2))
		w.size = min(max(w.size, w.least()), most)
		w.guessed, w.mark = true, 0
		if w.size < first {
			w.wide, w.wideTrip = first, max(took, w.shortest)
		}
	}
}
