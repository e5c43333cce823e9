//go:build park || native

package engine

import "time"

// Park holds the lock for so long, as a goroutine does that the garbage
// collector has parked: for the tests that show that a page lives on.
func Park(d time.Duration) {
	var m mutex
	m.Lock()
	time.Sleep(d)
	m.Unlock()
}
