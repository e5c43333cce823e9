//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/sockjax/sockjax/internal/engine"
)

// The imports are methods of the class Runtime in ../web/host/runtime.js. They run
// no code of the user's and never throw: an exception on its way through Go
// frames would leak them.

// item is a message of a frame, which crosses as it lies in Go's memory: 16
// bytes, at an address that is a multiple of 8. ../web/host/frames.js reads them.
type item = engine.Item[slot]

var (
	_ [16]byte = [unsafe.Sizeof(item{})]byte{}
	_ [0]byte  = [unsafe.Offsetof(item{}.Key)]byte{}     // a uint64
	_ [8]byte  = [unsafe.Offsetof(item{}.Payload)]byte{} // a uint32
	_ [12]byte = [unsafe.Offsetof(item{}.Cancel)]byte{}  // a byte, 0 or 1
)

// wake asks the host to call flush in a microtask.
//
//go:wasmimport sockjax wake
func wake(client uint32)

// hello, token and ack put their message in front of the next frame. ack counts
// outcomes, and is left out of a hello if it is 0.
//
//go:wasmimport sockjax hello
func hello(client uint32, session string, resume uint32, ack float64, token string)

//go:wasmimport sockjax token
func token(client uint32, token string)

//go:wasmimport sockjax ack
func ack(client uint32, outcomes float64)

// frame sends n items, behind the messages in front, in a frame of at most limit
// bytes, or in several: the engine counts small texts by the character. It
// returns 1 if the socket has more to send now than it should: no further frame
// until flush is called again.
//
//go:wasmimport sockjax frame
func frame(client uint32, items unsafe.Pointer, n, limit uint32) uint32

// word sends a heartbeat.
//
//go:wasmimport sockjax word
func word(client uint32, word string)
