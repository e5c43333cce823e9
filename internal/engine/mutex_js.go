package engine

import "runtime"

// A mutex where one goroutine runs at a time, until it lets others: sync.Mutex
// costs a page four function calls for each of the engine's. It must not be
// held where its holder may let others run, but for the garbage collector,
// which may have a goroutine wait.
type mutex struct{ held bool }

func (m *mutex) Lock() {
	for m.held {
		runtime.Gosched()
	}
	m.held = true
}

func (m *mutex) Unlock() { m.held = false }
