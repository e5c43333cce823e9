//go:build js && wasm

package main

import (
	"unsafe"
)

// The imports are made by the class Runtime in ../web/host/runtime.js. They run
// no code of the user's and never throw: an exception on its way through Go
// frames would leak them. client is the number that connect gave to the host.

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

// frame sends n of abi.Item, behind the messages in front, in a frame of at most
// limit bytes, or in several: the engine counts small texts by the character. It
// returns what may be sent next: abi.SendNothing until flush is called again.
//
//go:wasmimport sockjax frame
func frame(client uint32, items unsafe.Pointer, n, limit uint32) uint32

// word sends a heartbeat: a frame that is nothing but this text.
//
//go:wasmimport sockjax word
func word(client uint32, word string)
