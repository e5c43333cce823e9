package sendq

import "sync"

// softFrame is the size in bytes at which a frame leaves without waiting for
// more messages. A single message may be larger.
const softFrame = 64 << 10

// chunkSize is the largest part of bytes.
const chunkSize = 256 << 10

// maxPooled is the largest buffer that is kept, in bytes.
const maxPooled = 2 * chunkSize

// buffers lends the memory in which frames are put together.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

func newBuffer() *[]byte { return buffers.Get().(*[]byte) }

func freeBuffer(b *[]byte) {
	if cap(*b) <= maxPooled {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}
