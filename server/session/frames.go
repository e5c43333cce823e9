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
	last  uint64 // the number of its last outcome
	count int    // of its outcomes, and of what counts as they do
	upTo  int64  // bytes of all frames of the session that came up to this one
	lent  bool   // somebody may still be sending the text
}

// A buffer is the memory of a frame, of which the text takes the next power of
// two. A busy client acknowledges soon, so that a pool serves most frames.
type buffer struct {
	text []byte
	keys []protocol.Key // of the outcomes
}

// What a stored frame costs beside its text, in bytes.
const (
	frameSize = 96
	keySize   = 8
)

// Buffers are pooled by size, from 1<<leastClass to 1<<mostClass bytes. Large
// ones take a message beside their data, which is a chunk of 256 KiB most often.
const (
	leastClass = 6
	mostClass  = 18

	largeClass = 14
	beside     = 256 // bytes
)

func classSize(class int) int {
	if class >= largeClass {
		return 1<<class + beside
	}
	return 1 << class
}

// classOf is the least class that holds so many bytes.
func classOf(size int) int {
	class := max(leastClass, bits.Len(uint(size-1)))
	if class > leastClass && size <= classSize(class-1) {
		class--
	}
	return class
}

var buffers [mostClass + 1]sync.Pool

// store copies a frame.
func store(text []byte, keys []protocol.Key) storedFrame {
	f := storedFrame{buffer: hold(text), count: len(keys)}
	f.keys = f.keys[:0]
	if n := len(keys) - others(keys); cap(f.keys) < n || cap(f.keys) > 4*n {
		f.keys = make([]protocol.Key, 0, n)
	}
	for _, key := range keys {
		if key != 0 {
			f.keys = append(f.keys, key)
		}
	}
	return f
}

// others is how many of the keys are 0.
func others(keys []protocol.Key) (n int) {
	for _, key := range keys {
		if key == 0 {
			n++
		}
	}
	return n
}

// hold copies a text into a buffer.
func hold(text []byte) *buffer {
	class := classOf(len(text))
	if class > mostClass {
		return &buffer{text: slices.Clone(text)}
	}
	b, _ := buffers[class].Get().(*buffer)
	if b == nil {
		b = &buffer{text: make([]byte, 0, classSize(class))}
	}
	b.text = append(b.text[:0], text...)
	return b
}

// free returns the buffer to its pool. The frame must not be used any more.
func (f *storedFrame) free() {
	if f.lent {
		return
	}
	if class := classOf(cap(f.text)); class <= mostClass {
		buffers[class].Put(f.buffer)
	}
}

func (f *storedFrame) size() int { return frameSize + cap(f.text) + keySize*len(f.keys) }

// before is the number of the outcome before its first.
func (f *storedFrame) before() uint64 { return f.last - uint64(f.count) }

// A frameQueue holds frames in the order of their numbers.
type frameQueue struct {
	frames   []storedFrame
	head     int // the first; those before it are gone
	outcomes int
	bytes    int
	came     int64 // bytes of all that were ever pushed
}

func (q *frameQueue) push(f storedFrame) {
	if q.head > 16 && q.head > len(q.frames)/2 {
		q.frames, q.head = slices.Delete(q.frames, 0, q.head), 0
	}
	q.came += int64(f.size())
	f.upTo = q.came
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
