package server

import (
	"math/bits"
	"slices"
	"sort"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// A keptFrame is a frame of outcomes that are not acknowledged.
type keptFrame struct {
	*memory
	last uint64 // the number of its last outcome
	lent bool   // somebody may still be sending the text
}

// memory is what a kept frame is copied into: the next power of two. A busy
// client acknowledges soon, so that it is used again and again.
type memory struct {
	text []byte
	keys []protocol.Key
}

// What a kept frame costs: the text's memory, and this, in bytes.
const (
	keptSize = 96
	keySize  = 8
)

// The memory of frames is pooled by size, from 1<<leastClass bytes on.
const (
	leastClass = 6
	mostClass  = 17
)

var memories [mostClass + 1]sync.Pool

func keep(text []byte, keys []protocol.Key) keptFrame {
	class := max(leastClass, bits.Len(uint(len(text)-1)))
	if class > mostClass {
		return keptFrame{memory: &memory{slices.Clone(text), slices.Clone(keys)}}
	}
	m, _ := memories[class].Get().(*memory)
	if m == nil {
		m = &memory{text: make([]byte, 0, 1<<class)}
	}
	if cap(m.keys) > 4*len(keys) {
		m.keys = nil
	}
	m.text, m.keys = append(m.text[:0], text...), append(m.keys[:0], keys...)
	return keptFrame{memory: m}
}

// free gives the memory back. The frame must not be used any more.
func (f *keptFrame) free() {
	if f.lent {
		return
	}
	if class := bits.Len(uint(cap(f.text) - 1)); class <= mostClass {
		memories[class].Put(f.memory)
	}
}

func (f *keptFrame) size() int { return keptSize + cap(f.text) + keySize*len(f.keys) }

// before is the number of the outcome before its first.
func (f *keptFrame) before() uint64 { return f.last - uint64(len(f.keys)) }

// A frameQueue holds frames in the order of their numbers.
type frameQueue struct {
	frames   []keptFrame
	head     int // the first; those before it are gone
	outcomes int
	bytes    int
}

func (q *frameQueue) push(f keptFrame) {
	if q.head > 16 && q.head > len(q.frames)/2 {
		q.frames, q.head = slices.Delete(q.frames, 0, q.head), 0
	}
	q.frames = append(q.frames, f)
	q.outcomes += len(f.keys)
	q.bytes += f.size()
}

// first is the oldest frame, nil if there is none.
func (q *frameQueue) first() *keptFrame {
	if q.head == len(q.frames) {
		return nil
	}
	return &q.frames[q.head]
}

func (q *frameQueue) pop() keptFrame {
	f := q.frames[q.head]
	q.frames[q.head] = keptFrame{}
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
func (q *frameQueue) after(n uint64) *keptFrame {
	live := q.frames[q.head:]
	i := sort.Search(len(live), func(i int) bool { return live[i].last > n })
	if i == len(live) {
		return nil
	}
	return &live[i]
}
