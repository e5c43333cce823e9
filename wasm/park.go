//go:build js && wasm && (park || native)

package main

import (
	"time"

	"github.com/sockjax/sockjax/internal/engine"
)

// park has a goroutine hold the engine's lock for so many milliseconds, from
// the next time that the scheduler runs.
//
//go:wasmexport park
func park(ms float64) {
	depth++
	go engine.Park(time.Duration(ms * float64(time.Millisecond)))
	depth--
}
