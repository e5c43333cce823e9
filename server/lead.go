package server

import (
	"slices"
	"sync"
	"time"
)

// To wake a goroutine takes longer than to answer a small request: 10 to 40 µs,
// most of it in the kernel. So the reader runs the handlers of a frame itself,
// in a turn, where they have proved quick. Should one of them hold it up after
// all, the watch has somebody else read on, and the goroutine that was the
// reader becomes one of the crew's.

// A lead is what a crew knows of its reader's turns. The crew's mutex protects
// it.
type lead struct {
	proof   int           // how quick the last calls were: see note
	turns   uint64        // how many there were
	turn    uint64        // the number of the one that goes on; 0 if none does
	took    time.Duration // the handlers of its calls that have been answered
	watched bool          // the watch looks at it
	seen    uint64        // turns when it last did
}

const (
	// quick is how soon a handler returns that has waited for nothing.
	quick = 50 * time.Microsecond

	// brief is what may be a quick one's time where something else had the
	// processor meanwhile.
	brief = 500 * time.Microsecond

	// long is the part of a turn after which others help: to wake them costs
	// less than a tenth of it.
	long = 500 * time.Microsecond

	// maxAlone is how many calls of a frame may wait for its end.
	maxAlone = 1024
)

// A proof is how many quick calls there have been, less what it takes to make
// up for the others.
const (
	enough    = 64 // and there are turns
	mostProof = 4 * enough

	// briefPrice is few, so that turns go on where one call in ten is brief.
	briefPrice = 8

	// A slow call may have held up all others of its connection, so that turns
	// pay only if there is one in thousands: a quick call makes up for so much.
	slowPrice  = 2500 * time.Nanosecond
	leastProof = -100_000
)

// note counts a call whose handler took so long.
func (l *lead) note(turn uint64, took time.Duration) {
	if turn != 0 && turn == l.turn {
		l.took += took
	}
	switch {
	case took <= quick:
		l.proof = min(l.proof+1, mostProof)
	case took > brief:
		l.pay(took)
	case l.proof > 0:
		l.proof = max(l.proof-briefPrice, 0)
	}
}

// pay takes back what a slow call has cost.
func (l *lead) pay(took time.Duration) {
	l.proof = max(l.proof-int(min(took, time.Second)/slowPrice), leastProof)
}

// alone tells whether this is the reader's turn, and not a long one.
func (l *lead) alone(turn uint64) bool {
	return turn != 0 && turn == l.turn && l.took < long
}

// turn lets the reader run what was added, or leaves it to others. It returns
// false if that has taken so long that somebody else is the reader now.
func (w *crew) turn() (reads bool) {
	w.mutex.Lock()
	l := &w.lead
	if w.next == len(w.calls) {
		w.mutex.Unlock()
		return true
	}
	if w.spare || l.proof < enough {
		w.relieve()
		w.mutex.Unlock()
		return true
	}
	w.busy++
	l.turns++
	l.turn, l.took = l.turns, 0
	turn, watched := l.turn, l.watched
	l.watched = true
	w.mutex.Unlock()
	if !watched {
		w.conn.server.watch.add(w)
	}
	defer func() {
		if !reads { // unless it has ended, a handler has ended the goroutine
			w.end(turn)
		}
	}()
	w.run(turn)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if l.turn != turn {
		return false
	}
	l.turn = 0
	return true
}

// end ends a turn, unless it has ended: another goroutine becomes the reader,
// and others run what is left.
func (w *crew) end(turn uint64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.lead.turn != turn {
		return
	}
	w.lead.turn = 0
	w.lead.pay(2 * tick)
	if w.next < len(w.calls) || w.owing {
		w.relieve()
	}
	go w.conn.read()
}

// look ends the turn that the last look has seen. It returns whether there may
// be something to see next time.
func (w *crew) look() bool {
	w.mutex.Lock()
	l := &w.lead
	turn, seen := l.turn, l.seen
	l.seen = l.turns
	l.watched = l.turns != seen
	watched := l.watched
	w.mutex.Unlock()
	if turn != 0 && turn == seen {
		w.end(turn)
	}
	return watched
}

// A watch looks every tick at those crews whose readers have run handlers
// since the last. It does nothing while there are none.
type watch struct {
	mutex sync.Mutex // protects following; taken before a crew's
	crews []*crew
	timer *time.Timer // runs while there are any
}

// tick is between two looks: a reader is held up for two at most. A look
// wakes a thread: one each millisecond takes some percent of a busy processor.
const tick = 5 * time.Millisecond

func (h *watch) add(w *crew) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.crews = append(h.crews, w)
	if h.timer == nil {
		h.timer = time.AfterFunc(tick, h.look)
	} else if len(h.crews) == 1 {
		h.timer.Reset(tick)
	}
}

func (h *watch) look() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.crews = slices.DeleteFunc(h.crews, func(w *crew) bool { return !w.look() })
	if len(h.crews) > 0 {
		h.timer.Reset(tick)
	}
}
