package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A body is the parts that a client sends behind a request, from when they
// arrive until the handler reads them.
type body struct {
	// Set before the first call.
	grant func(taken uint64, window int) // tells the client
	most  int                            // what window may become

	// Reserve asks for memory that the connection may hold for this body. With
	// must it returns false only where there is far too much already.
	reserve func(more int, must bool) bool

	wake chan struct{} // gets something when there is more to read

	mutex    sync.Mutex    // protects following
	runs     []bodyRun     // unread parts
	arrived  uint64        // parts, of which
	taken    uint64        // have been read
	unread   int           // bytes of the others
	charged  int           // the same, where an empty part counts as a byte
	window   int           // bytes that the client may have sent and not know to be taken
	reserved int           // bytes
	since    int           // bytes read since the last grant
	round    int           // bytes read since the last whole window was
	granted  uint64        // parts that it covered
	starved  bool          // the reader has waited since then
	last     time.Time     // when that was
	best     time.Duration // the shortest time in which a window came
	gap      bool          // parts are missing; the client sends them again
	ended    bool          // the last part has arrived
	err      error         // why there will be no more; nil until then
}

// A bodyRun is parts that arrived together.
type bodyRun struct {
	json []byte // an array without what has been read: begins with '[' or ','
	data []byte // or else bytes,
	ends []int  // and where in data each part ends; the first begins at at
	at   int
	left int // parts
}

const (
	// graceSize is by how much clients may exceed the window, in bytes.
	graceSize = 64 << 10

	// smallChunk is the size in bytes below which parts of bytes share a run, up
	// to shareSize.
	smallChunk = 1 << 10
	shareSize  = 16 << 10
)

func newBody(window, most int) *body {
	return &body{wake: make(chan struct{}, 1), window: window, reserved: window, most: most}
}

// got is how many parts have arrived.
func (b *body) got() uint64 {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.arrived
}

// errDepth is the error of a body whose JSON handlers must not see.
var errDepth = &Error{Code: "bad_request", Message: fmt.Sprintf("a part of the body nests deeper than %d levels", protocol.MaxDepth)}

// errExcess: the client has sent more than it may.
var errExcess = errors.New("the body exceeds its window")

// add takes the parts of a message, of which the first is number from+1. It
// returns false if there is nothing new in it.
func (b *body) add(m *protocol.Message) (used bool, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.err != nil || b.ended || m.Count > b.arrived {
		b.gap = b.gap || m.Count > b.arrived
		return false, nil
	}
	b.gap = false
	if m.Depth > protocol.MaxDepth {
		b.err = errDepth
		b.awake()
		return true, nil
	}
	if m.Kind == protocol.ChunkKind {
		if m.Count < b.arrived {
			return false, nil
		}
		b.chunk(m.Body)
	} else if !b.json(m.Body, b.arrived-m.Count) {
		return false, nil
	}
	alone := b.arrived-b.taken == 1
	if b.charged > b.window+graceSize && !alone {
		return true, errExcess
	}
	if more := b.unread - b.reserved; alone && more > 0 {
		if !b.reserve(more, true) {
			return true, errExcess
		}
		b.reserved += more
	}
	b.awake()
	return true, nil
}

func (b *body) awake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// json adds the elements of an array, without the first ones.
func (b *body) json(array []byte, skip uint64) bool {
	run := bodyRun{}
	from := len(array)
	for element := range protocol.Elements(array) {
		if skip > 0 {
			skip--
			continue
		}
		if run.left == 0 {
			from = cap(array) - cap(element) // where it begins
		}
		run.left++
		b.count(len(element))
	}
	if run.left == 0 {
		return false
	}
	if n := len(b.runs); n > 0 && len(array) < smallChunk {
		if last := &b.runs[n-1]; last.json != nil && len(last.json) < shareSize {
			last.json[len(last.json)-1] = ','
			last.json = append(last.json, array[from:]...)
			last.left += run.left
			return true
		}
	}
	run.json = append([]byte{'['}, array[from:]...)
	b.runs = append(b.runs, run)
	return true
}

func (b *body) chunk(data []byte) {
	b.count(len(data))
	if n := len(b.runs); n > 0 && len(data) < smallChunk {
		if last := &b.runs[n-1]; last.json == nil && len(last.data) < shareSize && len(last.ends) < shareSize {
			last.data = append(last.data, data...)
			last.ends = append(last.ends, len(last.data))
			last.left++
			return
		}
	}
	b.runs = append(b.runs, bodyRun{data: cloneChunk(data), ends: []int{len(data)}, left: 1})
}

// largeChunk is the size in bytes of those that clients cut for a quick line. New
// memory for each would cost more than all else that is done with it.
const largeChunk = 128 << 10

var largeChunks = sync.Pool{New: func() any { return new([largeChunk]byte) }}

func cloneChunk(data []byte) []byte {
	if len(data) != largeChunk {
		return bytes.Clone(data)
	}
	clone := largeChunks.Get().(*[largeChunk]byte)
	copy(clone[:], data)
	return clone[:]
}

// freeChunk takes back a part that nobody has any more.
func freeChunk(part []byte) {
	if len(part) == largeChunk && cap(part) == largeChunk {
		largeChunks.Put((*[largeChunk]byte)(part))
	}
}

func (b *body) count(size int) {
	b.arrived++
	b.unread += size
	b.charged += max(size, 1)
}

// end notes that no part follows. It returns false if that is nothing new.
func (b *body) end() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.ended || b.gap {
		return false
	}
	b.ended = true
	b.awake()
	return true
}

// fail lets go of all parts: the body ends with an error.
func (b *body) fail(err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.err == nil {
		b.err = err
		b.runs, b.unread, b.charged = nil, 0, 0
		b.awake()
	}
}

// next waits for the next part and returns it: JSON or bytes. Its error is
// io.EOF behind the last one.
func (b *body) next(ctx context.Context) (part []byte, json bool, err error) {
	for {
		b.mutex.Lock()
		if err := b.err; err != nil {
			b.mutex.Unlock()
			return nil, false, err
		}
		found := len(b.runs) > 0
		if found {
			part, json = b.take()
		} else if !b.ended {
			b.starved = true
		}
		ended := b.ended && !found
		b.tell(ended)
		switch {
		case found:
			return part, json, nil
		case ended:
			return nil, false, io.EOF
		}
		if err := b.wait(ctx); err != nil {
			return nil, false, err
		}
	}
}

// tellAfter is how long a reader that has all there is waits for more before it
// says so: on a quick line, words for each chunk would cost more than they carry.
const tellAfter = time.Millisecond

// wait waits until there may be more to read.
func (b *body) wait(ctx context.Context) error {
	soon := time.NewTimer(tellAfter)
	defer soon.Stop()
	for {
		select {
		case <-b.wake:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-soon.C:
			b.mutex.Lock()
			b.tell(len(b.runs) == 0)
		}
	}
}

// take takes out the first part.
func (b *body) take() (part []byte, json bool) {
	run := &b.runs[0]
	if run.json != nil {
		for part = range protocol.Elements(run.json) {
			break
		}
		run.json = bytes.TrimLeft(run.json[cap(run.json)-cap(part)+len(part):], " \t\r\n")
		part, json = bytes.Clone(part), true
	} else {
		end := run.ends[0]
		part = run.data[run.at:end:end]
		run.at, run.ends = end, run.ends[1:]
	}
	if run.left--; run.left == 0 {
		b.runs = slices.Delete(b.runs, 0, 1)
	}
	b.taken++
	b.unread -= len(part)
	b.charged -= max(len(part), 1)
	b.since += len(part)
	b.round += len(part)
	return part, json
}

// tell unlocks, and grants more if half of the window is used up, or if the
// reader has all there is: the client may wait to send a part that is larger
// than what is left of the window.
func (b *body) tell(empty bool) {
	half := b.since >= b.window/2
	if b.taken == b.granted || !half && !empty {
		b.mutex.Unlock()
		return
	}
	if b.round >= b.window && b.isFast() && !b.ended {
		more := min(b.window, b.most-b.window)
		if need := max(0, b.window+more-b.reserved); b.reserve(need, false) {
			b.window += more
			b.reserved += need
		}
	}
	b.since, b.granted = 0, b.taken
	taken, window := b.taken, b.window
	b.mutex.Unlock()
	b.grant(taken, window)
}

// quickWindow is the time in which a window may always come, so that a larger
// one holds up nothing.
const quickWindow = 20 * time.Millisecond

// isFast tells whether the line carries more than the window lets it. If so, the
// reader has to wait, and a larger window comes in the same time, which is that
// of a round trip. If a larger one takes longer, it is the line that is full, and
// what is on its way holds up all other calls.
func (b *body) isFast() bool {
	now := time.Now()
	took := time.Duration(float64(now.Sub(b.last)) * float64(b.window) / float64(b.round))
	ask := !b.last.IsZero() && b.starved // nothing held up the first window
	b.last, b.round, b.starved = now, 0, false
	if !ask || b.window >= b.most {
		return false
	}
	if b.best == 0 || took < b.best {
		b.best = took
	}
	return took <= max(quickWindow, b.best*3/2)
}
