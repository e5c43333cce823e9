package server

import (
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// A batch is the requests of a frame, which begin together. Their data still
// lies in the memory of the frame.
type batch struct {
	calls   []*call
	refused []refusedCall
	others  []*call // of calls, those that have begun before
	keys    []protocol.Key
	told    bool // some of them have been answered otherwise
}

// A largeRequest is a request whose data has not arrived whole.
type largeRequest struct {
	data   []byte
	size   int
	bytes  bool // and not JSON
	open   bool
	window int
}

type refusedCall struct {
	*call
	why *protocol.Error
}

// maxBatch is how many calls begin together: a frame may hold 100,000.
const maxBatch = 256

var batches = sync.Pool{New: func() any { return new(batch) }}

func (b *batch) size() int { return len(b.calls) + len(b.refused) }

// empty lets go of all calls, but not of the memory.
func (b *batch) empty() {
	clear(b.calls)
	clear(b.refused)
	b.calls, b.refused, b.others, b.keys, b.told = b.calls[:0], b.refused[:0], nil, b.keys[:0], false
}
