package server

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// A crew runs the handlers of a connection's requests side by side, in one of
// two ways.
//
// Where handlers wait for something, goroutines run them: whenever one is in a
// handler and something is left to do, another one is ready to do it, so that
// there is a goroutine for each handler that waits, as if each had been started
// with go. Where they return at once, two or three goroutines do the work of
// all, and their replies share a frame, which 64 goroutines in a row would send
// in pieces. An idle crew has none.
//
// Where handlers have proved quick, the reader runs them itself: see lead.
type crew struct {
	conn *conn

	mutex sync.Mutex // protects following
	calls []*call    // not started, from next on
	next  int
	owing bool // there are replies that nobody has flushed
	spare bool // a goroutine has been started and has not begun
	busy  int  // goroutines that have begun and not left, the reader included
	lead  lead
}

// keepQueue is how many calls an empty queue may have room for.
const keepQueue = 64

// add takes calls. They begin by the time that the reader calls turn or start.
func (w *crew) add(calls []*call) {
	if len(calls) == 0 {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.next > len(w.calls)/2 {
		w.calls, w.next = slices.Delete(w.calls, 0, w.next), 0
	}
	w.calls = append(w.calls, calls...)
	if w.lead.proof < enough || len(w.calls) > maxAlone {
		w.relieve()
	}
}

// start has what was added run by goroutines.
func (w *crew) start() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.next < len(w.calls) {
		w.relieve()
	}
}

// relieve has another goroutine come, unless one is on its way.
func (w *crew) relieve() {
	if !w.spare {
		w.spare = true
		go w.work()
	}
}

func (w *crew) work() {
	w.mutex.Lock()
	w.spare = false
	w.busy++
	w.mutex.Unlock()
	w.run(0)
}

// run runs handlers until none is left, and has their replies sent. turn is
// the reader's, 0 in any other goroutine.
func (w *crew) run(turn uint64) {
	answered := false
	defer func() { w.leave(answered) }() // also where a handler ends the goroutine
	var took time.Duration
	for k := w.take(turn, false, 0); k != nil; k = w.take(turn, true, took) {
		answered = true // even if run never returns
		took = w.conn.run(k)
		answered = false // take notes it
	}
}

// take takes the next call, and notes that the one before was answered, and
// how long its handler took. Should the next one's handler wait, somebody else
// must take the one after it, and send the replies that are there; a reader
// does without help until it has been at it for long.
func (w *crew) take(turn uint64, answered bool, took time.Duration) *call {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if answered {
		w.owing = true
		w.lead.note(turn, took)
	}
	if w.next == len(w.calls) {
		if w.next = 0; cap(w.calls) > keepQueue {
			w.calls = nil
		}
		w.calls = w.calls[:0]
		return nil
	}
	k := w.calls[w.next]
	w.calls[w.next] = nil
	w.next++
	if (w.next < len(w.calls) || w.owing) && !w.lead.alone(turn) {
		w.relieve()
	}
	return k
}

// patience is how often a goroutine that finds nothing more to do lets others
// run, so that the replies they are about to give share its frame: some 10 µs
// where nothing else can run.
const patience = 50

// leave has the replies sent. The last to leave does that at once; any other
// waits a moment for the last, and then does it too, since the handler that
// is still running may take long.
func (w *crew) leave(answered bool) {
	w.mutex.Lock()
	w.owing = w.owing || answered
	w.busy--
	w.mutex.Unlock()
	for i := 0; i < patience; i++ {
		w.mutex.Lock()
		last := w.busy == 0 && !w.spare
		done := !w.owing
		if last {
			w.owing = false
		}
		w.mutex.Unlock()
		if done {
			return // somebody else has flushed
		}
		if last {
			break
		}
		runtime.Gosched()
	}
	w.mutex.Lock()
	w.owing = false
	w.mutex.Unlock()
	if w.conn.out.flush() {
		w.conn.out.write()
	}
}
