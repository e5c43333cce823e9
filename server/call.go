package server

import (
	"bytes"
	"encoding/json"
)

// A call is a request in flight.
type call struct {
	Request
	link
	rawKey *[]byte // in plain mode: the key as the client wrote it
	size   int     // of the data; the handler may have changed Data
	ctx    callContext

	ownsData bool // Data is no longer in the memory of the frame
	canceled bool // protected by calls.mutex
}

// link is what a table keeps in each call.
type link struct {
	next *call
	here **call // what points to this call
}

// A smallCall is a call together with the memory of its data, which saves an
// allocation. Most data is this small.
type smallCall struct {
	call
	memory [smallData]byte
}

// smallData fills a size class of the allocator.
const smallData = 112

// newCall makes a call of data that lies in borrowed memory.
func newCall(data []byte) *call {
	if len(data) == 0 || len(data) > smallData {
		return &call{size: len(data), Request: Request{Data: data, Body: noBody{}}}
	}
	k := &smallCall{}
	k.Body = noBody{}
	k.size, k.ownsData = len(data), true
	k.Data = k.memory[:len(data):len(data)]
	copy(k.Data, data)
	return &k.call
}

// own copies the data for the handler. Sharing the memory of the frame would
// save 50 ns, but a handler that keeps one request would hold a frame of a
// megabyte.
func (k *call) own() {
	if k.rawKey != nil {
		*k.rawKey = bytes.Clone(*k.rawKey)
	}
	if k.ownsData {
		return
	}
	if k.Data = bytes.Clone(k.Data); k.Data == nil {
		k.Data = json.RawMessage("null")
	}
}
