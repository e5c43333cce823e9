//go:build js && wasm

// Command wasm is the browser's client: the engine of ../internal/engine, compiled to
// WebAssembly and joined to the host in ../web/host/host.js.
//
// Go is the brain and JavaScript its host: a payload, a callback or an
// AbortSignal never comes here: Go sees the number of the slot in which the
// host keep them.
//
//   - What happens for each call crosses by //go:wasmexport (exports.go) and
//     //go:wasmimport (imports.go) with numbers only, at some 10 ns each.
//   - What happens for each connection, or less often, goes through safejs:
//     opening sockets (socket.go), changes of state and failures (bridge.go).
//
// An export must not block and must not panic: see exports.go.
package main

import (
	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/internal/engine"
)

func main() {
	engine.Exporting = &depth
	p := &page{}
	connect := must(funcOf(func(_ safejs.Value, args []safejs.Value) any {
		return p.connect(args[0], args[1])
	}))
	// This is not the page's global object: ../web/host/runtime.js made it.
	if err := safejs.Global().Set("connect", connect.Value()); err != nil {
		panic(err)
	}
	current = p
	select {}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
