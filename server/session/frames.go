package session

import (
	"math/bits"
	"slices"
	"sort"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// A storedFrame is a frame of outcomes that are unacknowledged.
type storedFrame struct {
	*buffer
	last uint64 // the number of its last outcome
	lent bool   // somebody may still be sending the text
}

// A buffer is the memory of a frame, of which the text takes the next power of
// two. A busy client acknowledges soon, so that a pool serves most frames.
type buffer struct {
	text []byte
	keys []protocol.Key
}

// What a stored frame costs beside its text, in bytes.
const (
	frameSize = 96
	keySize   = 8
)

// Buffers are pooled by size, from 1<<leastClass to 1<<mostClass bytes.
const (
	leastClass = 6
	mostClass  = 17
)

var buffers [mostClass + 1]sync.Pool

// store copies a frame.
func store(text []byte, keys []protocol.Key) storedFrame {
	class := max(leastClass, bits.Len(uint(len(text)-1)))
	if class > mostClass {
		return storedFrame{buffer: &buffer{slices.Clone(text), slices.Clone(keys)}}
	}
	b, _ := buffers[class].Get().(*buffer)
	if b == nil {
		b = &buffer{text: make([]byte, 0, 1<<class)}
	}
	if cap(b.keys) > 4*len(keys) {
		b.keys = nil
	}
	b.text, b.keys = append(b.text[:0], text...), append(b.keys[:0], keys...)
	return storedFrame{buffer: b}
}

// free returns the buffer to its pool. The frame must not be used any more.
func (f *storedFrame) free() {
	if f.lent {
		return
	}
	if class := bits.Len(uint(cap(f.text) - 1)); class <= mostClass {
		buffers[class].Put(f.buffer)
	}
}

func (f *storedFrame) size() int { return frameSize + cap(f.text) + keySize*len(f.keys) }

// before is the number of the outcome before its first.
func (f *storedFrame) before() uint64 { return f.last - uint64(len(f.keys)) }

// A frameQueue holds frames in the order of their numbers.
type frameQueue struct {
	frames   []storedFrame
	head     int // the first; those before it are gone
	outcomes int
	bytes    int
}

func (q *frameQueue) push(f storedFrame) {
	if q.head > 16 && q.head > len(q.frames)/2 {
		q.frames, q.head = slices.Delete(q.frames, 0, q.head), 0
	}
	q.frames = append(q.frames, f)
	q.outcomes += len(f.keys)
	q.bytes += f.size()
}

// first is the oldest frame, nil if there is none.
func (q *frameQueue) first() *storedFrame {
	if q.head == len(q.frames) {
		return nil
	}
	return &q.frames[q.head]
}

func (q *frameQueue) pop() storedFrame {
	f := q.frames[q.head]
	q.frames[q.head] = storedFrame{}
	q.head++
	q.outcomes -= len(f.keys)
	q.bytes -= f.size()
	if q.head == len(q.frames) {
		q.head, q.frames = 0, q.frames[:0]
		if cap(q.frames) > 64 {
			q.frames = nil
		}
	}
	return f
}

// after is the first frame that ends after outcome n, nil if there is none.
func (q *frameQueue) after(n uint64) *storedFrame {
	live := q.frames[q.head:]
	i := sort.Search(len(live), func(i int) bool { return live[i].last > n })
	if i == len(live) {
		return nil
	}
	return &live[i]
}
