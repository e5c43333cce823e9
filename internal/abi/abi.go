// Package abi is what the script and the wasm of one build must agree on: how
// calls cross between them, and the words and numbers that both use. Go has it
// from here, and JavaScript from web/shared/abi.js, which is generated.
//
// The exports and imports themselves are declared in wasm/, where a test
// compares them with their callers.
package abi

//go:generate go run ./gen

import (
	"unsafe"

	"github.com/sockjax/sockjax/internal/engine"
)

// Version is the number by which a script and a wasm know that they belong
// together. Raise it with every change of what crosses: TestVersion says so.
const Version = 1

// VersionPrefix and the Version are the name of an export.
const VersionPrefix = "abi"

// Flags of a call that is submitted.
const (
	FlagIdempotent = 1 << iota
	FlagSent       // before there was an engine, or in an earlier life of the page
	FlagOpen       // a body follows
)

// What flush may send.
const (
	SendAll     = iota
	SendNothing // the socket has more than it should
	SendNoParts // the socket has enough: no more parts of bodies
)

// What an export returns in place of a slot or a fate.
const (
	None = -1 // no call waits for this
	Dead = -2 // no export returns it: the script says so if wasm has died under the call
)

// Slot is the number under which the host keeps a call's text and callback.
type Slot = uint32

// Item is a message of a frame, which crosses as it lies in Go's memory, at an
// address that is a multiple of 8.
type Item = engine.Item[Slot]

// The layout of an Item, in words of 4 bytes. The key takes the first two; of
// the last, the first byte is 1 for a cancel and 0 for a request, and the second
// 1 for a request that goes in pieces.
const (
	ItemWords  = unsafe.Sizeof(Item{}) / 4
	ItemSlot   = unsafe.Offsetof(Item{}.Payload) / 4
	ItemCancel = unsafe.Offsetof(Item{}.Cancel) / 4
)

// Part is what goes beside requests, which crosses as Items do.
type Part = engine.Part[Slot]

// The layout of a Part, in words of 4 bytes. The key takes the first two, and
// the number of parts or bytes before two; of the last, only the first byte
// counts.
const (
	PartWords  = unsafe.Sizeof(Part{}) / 4
	PartFrom   = unsafe.Offsetof(Part{}.From) / 4
	PartSlot   = unsafe.Offsetof(Part{}.Payload) / 4
	PartCount  = unsafe.Offsetof(Part{}.Count) / 4
	PartWindow = unsafe.Offsetof(Part{}.Window) / 4
	PartKind   = unsafe.Offsetof(Part{}.Kind) / 4
)

// Scratch is the size in bytes of the memory through which names and the
// structures below cross. It lies at a multiple of 8. Whoever calls an export
// writes there before, or reads behind it.
const Scratch = 1024

// Options are what a client is made with, read by the function connect that
// the wasm gives to the script. 0 stands for the default of engine.Options, and
// a negative number for its 0. Times are in milliseconds; what is a choice is
// 0 or 1.
//
// The last five tell what the host has begun without an engine.
type Options struct {
	Plain             float64
	Token             float64 // there is one to ask for
	HeartbeatAfter    float64
	HeartbeatTimeout  float64
	ReconnectMin      float64
	ReconnectMax      float64
	ReconnectAttempts float64
	QueueCalls        float64
	QueueBytes        float64

	Resume   float64
	Heard    float64 // something has come on the connection which the engine takes over
	Outcomes float64 // that have come on the connection which the engine takes over
	Failed   float64 // the attempt to connect has failed, with
	Code     float64 // this close code, or 0
}

// Welcome is what the export welcome reads: 0 stands for what is missing. Times
// are in milliseconds.
type Welcome struct {
	Ours      float64 // it names this client's session, or none
	Resumed   float64
	Acked     float64
	Heartbeat float64
	Expires   float64
	Jitter    float64
	Frame     float64
	Requests  float64
	Message   float64
	Window    float64
}

// Stats is what the export stats writes.
type Stats struct {
	Pending     float64
	Queued      float64
	QueuedBytes float64
	InDoubt     float64
	Unacked     float64
	Funcs       float64 // js.Funcs of the whole instance
}

// Each of them fits into the scratch memory.
var (
	_ [Scratch - unsafe.Sizeof(Options{})]byte
	_ [Scratch - unsafe.Sizeof(Welcome{})]byte
	_ [Scratch - unsafe.Sizeof(Stats{})]byte
)
