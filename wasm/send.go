//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/sockjax/sockjax/internal/abi"
)

// turn ends a turn of the page, and sends what may be sent now.
func (b *bridge) turn(what uint32) (ready bool) {
	b.batch.NoParts = what == abi.SendNoParts
	if what != abi.SendNothing && b.socket != nil {
		b.flush()
	} else {
		b.engine.EndTurn()
	}
	return b.engine.Roused()
}

func (b *bridge) flush() {
	for b.engine.Next(b.socket, &b.batch) {
		if b.batch.Word != "" {
			word(b.id, b.batch.Word)
			continue
		}
		switch b.frame() {
		case abi.SendNothing:
			return
		case abi.SendNoParts:
			b.batch.NoParts = true
		}
	}
}

// frame sends what the batch holds.
func (b *bridge) frame() (next uint32) {
	if h := b.batch.Hello; h != nil {
		var resume uint32
		if h.Resume {
			resume = 1
		}
		hello(b.id, h.Session, resume, float64(h.Ack), h.Token)
	}
	if b.batch.Token != "" {
		token(b.id, b.batch.Token)
	}
	if b.batch.Ack != 0 {
		ack(b.id, float64(b.batch.Ack))
	}
	if more := b.batch.Parts; len(more) > 0 {
		parts(b.id, unsafe.Pointer(unsafe.SliceData(more)), uint32(len(more)))
	}
	items := b.batch.Items
	return frame(b.id, unsafe.Pointer(unsafe.SliceData(items)), uint32(len(items)), uint32(b.batch.Limit))
}
