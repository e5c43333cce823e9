//go:build js && wasm

// Command wasm is the browser's client: the engine of ../internal/engine,
// compiled to WebAssembly and joined to the host in ../web/host/host.js.
//
// Go decides, and JavaScript holds the values: a payload, a callback or an
// AbortSignal never comes here. Go sees the number of the slot in which the
// host keeps them.
//
// The contract of the two is
//
//   - the function connect, below, which makes a client;
//   - the exports (exports.go) and imports (imports.go), for what happens with
//     each call or frame: with numbers only, at some 10 ns each;
//   - the methods of the host that a bridge calls through safejs, for what
//     happens with each connection or less often: opening sockets (socket.go),
//     changes of state and failures (bridge.go);
//   - the numbers and structures of ../internal/abi, from which the script's
//     copy is generated, and its Version, by which a script and a wasm that do
//     not belong together notice.
package main

import (
	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/internal/abi"
)

func main() {
	p := &page{}
	// connect(host, session, socket, cause, reason) makes a client of the abi.Options
	// in scratch, and returns the number by which the exports know it.
	connect := must(funcOf(func(_ safejs.Value, args []safejs.Value) any {
		begun := begun{must(args[1].String()), args[2], must(args[3].String()), must(args[4].String())}
		return p.connect(args[0], (*abi.Options)(scratchPointer()), begun)
	}))
	// This is not the page's global object: ../web/host/runtime.js made it.
	if err := safejs.Global().Set("connect", connect.Value()); err != nil {
		panic(err)
	}
	current = p
	collect()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
