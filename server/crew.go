package server

import (
	"runtime"
	"sync"
)

// A crew runs the handlers of a connection's requests side by side. Whenever
// a goroutine of it is in a handler and something is left to do, another one
// is ready to do it: where handlers wait, there is a goroutine for each of
// them, as if each had been started with go. Where they return at once, two or
// three goroutines do the work of all, and their replies share a frame, which
// 64 goroutines in a row would send in pieces. An idle crew has none.
type crew struct {
	conn *conn

	mutex sync.Mutex // protects following
	calls []*call    // not started
	owing bool       // there are replies that nobody has flushed
	spare bool       // a goroutine has been started and has not begun
	busy  int        // goroutines that have begun and not left
}

// start runs the handlers of calls.
func (w *crew) start(calls []*call) {
	if len(calls) == 0 {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.calls = append(w.calls, calls...)
	w.relieve()
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
	defer w.leave() // also where a handler ends the goroutine
	for k := w.take(); k != nil; k = w.take() {
		w.conn.run(k)
	}
}

// take takes the next call. Should its handler wait, somebody else must take
// the one after it, and send the replies that are there.
func (w *crew) take() *call {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if len(w.calls) == 0 {
		w.calls = nil
		return nil
	}
	k := w.calls[0]
	w.calls[0] = nil
	w.calls = w.calls[1:]
	if len(w.calls) > 0 || w.owing {
		w.relieve()
	}
	return k
}

// answered notes that there is a reply to flush.
func (w *crew) answered() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.owing = true
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
		w.conn.write()
	}
}
