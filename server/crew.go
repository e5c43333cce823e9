package server

import (
	"runtime"
	"sync"
)

// A crew runs the handlers of one frame's requests side by side. Whenever a
// goroutine of it is in a handler, another one is ready to take the next
// request: where handlers wait, there is a goroutine for each of them, as if
// each had been started with go. Where they return at once, two or three
// goroutines do the work of all, and their replies share a frame, which
// 64 goroutines in a row would send in pieces.
type crew struct {
	conn *conn

	mutex sync.Mutex // protects following
	calls []*call    // not started
	alone bool       // there was only one
	spare bool       // a goroutine has been started and has not begun
	busy  int        // goroutines that have begun and not left
}

// start runs the handlers of calls.
func (c *conn) start(calls []*call) {
	if len(calls) == 0 {
		return
	}
	w := &crew{conn: c, calls: calls, alone: len(calls) == 1, spare: true}
	go w.work()
}

func (w *crew) work() {
	w.begin()
	defer w.leave() // also where a handler ends the goroutine
	for {
		k, relief := w.take()
		if k == nil {
			return
		}
		if relief {
			go w.work()
		}
		w.conn.run(k)
	}
}

func (w *crew) begin() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.spare = false
	w.busy++
}

// take takes the next call, and says whether another goroutine is needed: to
// take the one after it, or, if that was the last, to send the replies that
// are there should this handler wait.
func (w *crew) take() (k *call, relief bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if len(w.calls) == 0 {
		return nil, false
	}
	k, w.calls = w.calls[0], w.calls[1:]
	relief = !w.alone && !w.spare
	w.spare = w.spare || relief
	return k, relief
}

// patience is how often a goroutine that finds nothing more to do lets others
// run, so that the replies they are about to give share its frame: some 10 µs
// where nothing else can run.
const patience = 50

// leave has the replies sent. The last to leave does that at once; any other
// waits a moment for the last, and then does it too, since the handler that
// is still running may take long.
func (w *crew) leave() {
	w.mutex.Lock()
	w.busy--
	last := w.finished()
	w.mutex.Unlock()
	for i := 0; !last && i < patience; i++ {
		runtime.Gosched()
		w.mutex.Lock()
		gone := w.finished()
		w.mutex.Unlock()
		if gone {
			return // and the last of them has flushed
		}
	}
	if w.conn.out.flush() {
		w.conn.write()
	}
}

func (w *crew) finished() bool { return w.busy == 0 && !w.spare }
