package engine

import "runtime"

// A mutex where one goroutine runs at a time, until it lets others: sync.Mutex
// costs a page four function calls for each of the engine's. All engines of a
// page share it.
//
// Never yield while holding it: only the garbage collector may park a holder,
// when it has that help it. Should Go return to JavaScript with a holder parked,
// an export that locks would have to wait for it, which no export can: the
// instance would be corrupt. Two things prevent that. JavaScript looks at Held
// each time the scheduler returns, and has it go on until nobody holds the lock:
// see untilFree in ../../web/host/scheduler.js. And an export that finds it held
// all the same, in a call from within Go, panics, as does a goroutine that waits
// for it in vain: that is a crash, after which the page starts another instance.
type mutex struct{}

var (
	// Held is 1 while somebody holds the lock.
	Held uint32

	// Exporting points to a number that is not 0 while an export runs.
	Exporting = new(uint32)
)

// patience is how often a goroutine lets others run that it waits for: a second
// or so, in which nothing else happens in the page.
const patience = 1 << 20

func (*mutex) Lock() {
	if Held != 0 {
		wait()
	}
	Held = 1
}

// Not inlined: it would stand in each method.
//
//go:noinline
func wait() {
	for n := 0; Held != 0; n++ {
		switch {
		case *Exporting != 0:
			panic("an export found the engine's lock held")
		case n == patience:
			panic("a goroutine keeps the engine's lock")
		}
		runtime.Gosched()
	}
}

func (*mutex) Unlock() { Held = 0 }
