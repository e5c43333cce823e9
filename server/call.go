package server

import (
	"bytes"
	"encoding/json"
)

// A call is a request in flight.
type call struct {
	Request
	link
	rawKey []byte // in plain mode: the key as the client wrote it
	size   int    // of the data; the handler may have changed Data
	ctx    callContext

	ownsData bool // Data is no longer in the memory of the frame
	canceled bool // protected by calls.mutex
}

// link is what a table keeps in each call.
type link struct {
	next *call
	here **call // what points to this call
}

// A smallCall is a call with the memory of its data, which is one allocation
// less. Most data is as small.
type smallCall struct {
	call
	memory [smallData]byte
}

// smallData is how much makes good use of the allocator's size classes.
const smallData = 112

// newCall makes a call of data that lies in borrowed memory.
func newCall(data []byte) *call {
	if len(data) == 0 || len(data) > smallData {
		return &call{size: len(data), Request: Request{Data: data}}
	}
	k := &smallCall{}
	k.size, k.ownsData = len(data), true
	k.Data = k.memory[:len(data):len(data)]
	copy(k.Data, data)
	return &k.call
}

// own makes the data the handler's. To share the memory of the frame would save
// 50 ns, and let one request that is kept hold a frame of a megabyte.
func (k *call) own() {
	k.rawKey = bytes.Clone(k.rawKey) // nil stays nil
	if k.ownsData {
		return
	}
	if k.Data = bytes.Clone(k.Data); k.Data == nil {
		k.Data = json.RawMessage("null")
	}
}
