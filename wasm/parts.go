//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/sockjax/sockjax/protocol"
)

// Streams and bodies: see exports.go for what an export must not do.

// parts tells that n parts of a stream have come in one message, of so many
// bytes together, and with asked 1 that the server asks to be told when they are
// read. It returns the call's slot, abi.None if nobody waits for them.
//
//go:wasmexport parts
func partsCame(id uint32, key float64, n, bytes, asked uint32) int32 {
	enter()
	s, ok := current.clients[id].engine.Parts(protocol.Key(key), int(n), int(bytes), asked == 1)
	leave()
	return slotOrNone(s, ok)
}

// piece tells that a piece of a large reply has come, but not the last one. It
// returns the call's slot, or abi.None.
//
//go:wasmexport piece
func piece(id uint32, key float64) int32 {
	enter()
	s, ok := current.clients[id].engine.Piece(protocol.Key(key))
	leave()
	return slotOrNone(s, ok)
}

// taken tells that the server has taken n parts of a body, and how many bytes of
// others it may be sent. It returns the call's slot, or abi.None.
//
//go:wasmexport taken
func taken(id uint32, key, n, window float64) int32 {
	enter()
	s, ok := current.clients[id].engine.Taken(protocol.Key(key), uint64(n), int(window))
	leave()
	return slotOrNone(s, ok)
}

// got tells that n parts of a body have reached the server. It returns the call's
// slot, or abi.None.
//
//go:wasmexport got
func got(id uint32, key, n float64) int32 {
	enter()
	s, ok := current.clients[id].engine.Got(protocol.Key(key), uint64(n))
	leave()
	return slotOrNone(s, ok)
}

// chunk returns how many bytes a part of a call's body should have now.
//
//go:wasmexport chunk
func chunk(id uint32, key float64) uint32 {
	enter()
	n := current.clients[id].engine.Chunk(protocol.Key(key))
	leave()
	return uint32(n)
}

// took tells that the page has read n more parts of a stream.
//
//go:wasmexport took
func took(id uint32, key float64, n uint32) {
	enter()
	current.clients[id].engine.Took(protocol.Key(key), int(n))
	leave()
}

// feed tells that the host has another part of a body, of so many bytes.
//
//go:wasmexport feed
func feed(id uint32, key float64, size uint32) {
	enter()
	current.clients[id].engine.Feed(protocol.Key(key), int(size))
	leave()
}

// endBody tells that a body is complete.
//
//go:wasmexport endBody
func endBody(id uint32, key float64) {
	enter()
	current.clients[id].engine.EndBody(protocol.Key(key))
	leave()
}

// parts gives n of abi.Part, which go behind the items of the next frame. It is
// called right before frame.
//
//go:wasmimport sockjax parts
func parts(client uint32, parts unsafe.Pointer, n uint32)
