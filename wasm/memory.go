//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/sockjax/sockjax/internal/abi"
)

// scratch is where names and the structures of package abi cross. What stands
// there counts during the one call of connect or an export that is about it.
var scratch [abi.Scratch / 8]float64 // of 8 bytes each, since those structures are

// scratchPointer is where scratch lies, and depthPointer where depth does. Both
// stay there.
//
//go:wasmexport scratchPointer
func scratchPointer() unsafe.Pointer { return unsafe.Pointer(&scratch) }

//go:wasmexport depthPointer
func depthPointer() unsafe.Pointer { return unsafe.Pointer(&depth) }

// name is what stands in n bytes of scratch.
func name(n uint32) string {
	return string((*[abi.Scratch]byte)(scratchPointer())[:n])
}
