package dispatch

import (
	"slices"
	"sync"
	"time"
)

// A Watchdog looks every tick at those Dispatchers that have run handlers
// inline since the last. It does nothing while there are none.
//
// The zero value is ready.
type Watchdog struct {
	mutex   sync.Mutex // protects following; taken before a Dispatcher's
	watched []watched
	timer   *time.Timer // runs while there are any
}

// A watched is a Dispatcher, whatever its calls are.
type watched interface{ look() (again bool) }

// tick is the time between two looks: a reader is held up for two at most. A
// look wakes a thread: one each millisecond takes some percent of a busy
// processor.
const tick = 5 * time.Millisecond

func (w *Watchdog) add(d watched) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.watched = append(w.watched, d)
	if w.timer == nil {
		w.timer = time.AfterFunc(tick, w.look)
	} else if len(w.watched) == 1 {
		w.timer.Reset(tick)
	}
}

func (w *Watchdog) look() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.watched = slices.DeleteFunc(w.watched, func(d watched) bool { return !d.look() })
	if len(w.watched) > 0 {
		w.timer.Reset(tick)
	}
}
