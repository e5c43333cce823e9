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
	calm    int         // looks since the last that found a reader held up
}

// A watched is a Dispatcher, whatever its calls are.
type watched interface{ look() (again, held bool) }

// tick is the time between two looks: a reader is held up for two at most. A
// look wakes a thread: one each millisecond takes some percent of a busy
// processor, and where calls come one by one, one each 5 ms takes as much as a
// tenth of all that the server does for them. So where many looks have found
// nothing, they become rarer.
const (
	tick     = 5 * time.Millisecond
	longTick = 4 * tick
	manyCalm = 20 // looks
)

// pause is the time until the next look.
func (w *Watchdog) pause() time.Duration {
	if w.calm < manyCalm {
		return tick
	}
	return longTick
}

func (w *Watchdog) add(d watched) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.watched = append(w.watched, d)
	if w.timer == nil {
		w.timer = time.AfterFunc(w.pause(), w.look)
	} else if len(w.watched) == 1 {
		w.timer.Reset(w.pause())
	}
}

func (w *Watchdog) look() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.calm++
	w.watched = slices.DeleteFunc(w.watched, func(d watched) bool {
		again, held := d.look()
		if held {
			w.calm = 0
		}
		return !again
	})
	if len(w.watched) > 0 {
		w.timer.Reset(w.pause())
	}
}
