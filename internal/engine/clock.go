package engine

import "time"

// No type of the engine's holds a time.Time, nor a channel of them as
// time.NewTimer makes: the linker would keep all that formats times, which is
// 16 KB more for a page to download.

// clock returns what counts from now on, and never goes back.
func clock() (now func() time.Duration) {
	epoch := time.Now()
	return func() time.Duration { return time.Since(epoch) }
}

// after closes over after d, unless stop comes first.
func after(d time.Duration) (over <-chan struct{}, stop func() bool) {
	c := make(chan struct{})
	return c, time.AfterFunc(d, func() { close(c) }).Stop
}
