package engine

import _ "unsafe" // for go:linkname

// A mutex where one goroutine runs at a time, until it lets others: nobody may
// stop the one that holds it, not even the garbage collector, which otherwise
// has a goroutine that allocates help it, or wait. So it can't be found held,
// and needs no word of its own. A holder that yields all the same ends the
// program. (sync.Mutex costs a page four function calls for each of the
// engine's methods, and an export of ../../wasm can't wait for one.)
type mutex struct{}

func (*mutex) Lock()   { Pin() }
func (*mutex) Unlock() { Unpin() }

// Pin keeps the goroutine running until Unpin. Calls may be nested.
func Pin() {
	if pinned++; pinned == 1 {
		procPin()
	}
}

// Unpin must follow each Pin.
func Unpin() {
	if pinned--; pinned == 0 {
		procUnpin()
	}
}

// pinned is how often whoever runs is pinned: nobody else can, meanwhile.
var pinned uint32

// Go promises to keep these two: see go.dev/issue/67401.
//
//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()
