// Package dispatch runs the handlers of one connection's calls.
//
// Its door is a Dispatcher: Add takes the calls of a frame, and Run runs them
// in the shape that suits them best. Handlers that have proved quick run on the
// reader's own goroutine, one after the other; all others run on a pool of
// workers that grows while handlers wait. A Watchdog finds readers that a
// handler holds up after all, and has another goroutine read on.
//
// The files, from the door down: run.go decides and runs inline, dispatcher.go
// has the queue and the workers, proof.go judges how quick handlers are, and
// watchdog.go looks after those that run inline.
package dispatch

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// A Host is the connection whose calls a Dispatcher runs.
type Host[C any] interface {
	// Handle runs the handler of a call and adds its reply. It returns how long
	// the handler took. It may end its goroutine by runtime.Goexit, but only
	// after the reply has been added.
	Handle(call C) time.Duration

	// Flush sends the replies that were added.
	Flush()

	// Read is called in a goroutine of its own after Run has returned false, or
	// never returns: it must go on reading.
	Read()
}

// A Dispatcher runs handlers side by side.
//
// Where handlers wait for something, workers run them: whenever one is in a
// handler and something is left to do, another one is ready to do it, so that
// there is a goroutine for each handler that waits, as if each had been started
// with go. Where they return at once, two or three workers do the work of all,
// and their replies share a frame, which 64 goroutines in a row would send in
// pieces. An idle Dispatcher has no worker.
//
// The reader calls Add, Run and Start, and nobody else does.
type Dispatcher[C any] struct {
	host     Host[C]
	watchdog *Watchdog

	mutex     sync.Mutex // protects following
	calls     []C        // not started, from next on
	next      int
	unflushed bool // there are replies that nobody has flushed
	coming    bool // a worker has been started and has not begun
	busy      int  // workers that have begun and not left, and the inline run
	inline    proof
}

// maxIdleQueue is how many calls an empty queue may have room for.
const maxIdleQueue = 64

// Init must be called before anything else. Many Dispatchers share a Watchdog.
func (d *Dispatcher[C]) Init(host Host[C], w *Watchdog) { d.host, d.watchdog = host, w }

// Add takes calls. Each begins no later than the next Run or Start.
func (d *Dispatcher[C]) Add(calls []C) {
	if len(calls) == 0 {
		return
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.next > len(d.calls)/2 {
		d.calls, d.next = slices.Delete(d.calls, 0, d.next), 0
	}
	d.calls = append(d.calls, calls...)
	if d.inline.score < enough || len(d.calls) > maxInline {
		d.addWorker()
	}
}

// Start has workers run what was added: the reader will not call Run again.
func (d *Dispatcher[C]) Start() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.next < len(d.calls) {
		d.addWorker()
	}
}

// addWorker starts another worker, unless one is on its way. The caller holds
// the mutex.
func (d *Dispatcher[C]) addWorker() {
	if !d.coming {
		d.coming = true
		go d.work()
	}
}

func (d *Dispatcher[C]) work() {
	d.mutex.Lock()
	d.coming = false
	d.busy++
	d.mutex.Unlock()
	d.runAll(0)
}

// runAll runs handlers until no call is left, and flushes their replies. run is
// the number of the inline run, 0 in a worker.
func (d *Dispatcher[C]) runAll(run uint64) {
	answered := false
	defer func() { d.leave(answered) }() // also where a handler ends the goroutine
	var took time.Duration
	for call, ok := d.take(run, false, 0); ok; call, ok = d.take(run, true, took) {
		answered = true // even if Handle never returns
		took = d.host.Handle(call)
		answered = false // take notes it
	}
}

// take takes the next call, and notes that the one before was answered, and
// how long its handler took. If the next handler waits, another worker must
// take the call after it, and flush the replies that are there; an inline run
// does without until it has taken long.
func (d *Dispatcher[C]) take(run uint64, answered bool, took time.Duration) (call C, ok bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if answered {
		d.unflushed = true
		d.inline.note(run, took)
	}
	if d.next == len(d.calls) {
		if d.next = 0; cap(d.calls) > maxIdleQueue {
			d.calls = nil
		}
		d.calls = d.calls[:0]
		return call, false
	}
	var none C
	call, d.calls[d.next] = d.calls[d.next], none
	d.next++
	if (d.next < len(d.calls) || d.unflushed) && !d.inline.needsNoHelp(run) {
		d.addWorker()
	}
	return call, true
}

// patience is how often a goroutine that finds nothing more to do lets others
// run, so that the replies they are about to give share its frame: some 10 µs
// where nothing else can run.
const patience = 50

// leave flushes. The last to leave does so at once; any other waits a moment
// for the last, and then flushes too, since the handler that is still running
// may take long.
func (d *Dispatcher[C]) leave(answered bool) {
	d.mutex.Lock()
	d.unflushed = d.unflushed || answered
	d.busy--
	d.mutex.Unlock()
	for i := 0; i < patience; i++ {
		d.mutex.Lock()
		last := d.busy == 0 && !d.coming
		done := !d.unflushed
		if last {
			d.unflushed = false
		}
		d.mutex.Unlock()
		if done {
			return // somebody else has flushed
		}
		if last {
			break
		}
		runtime.Gosched()
	}
	d.mutex.Lock()
	d.unflushed = false
	d.mutex.Unlock()
	d.host.Flush()
}
