//go:build !js

package client

import (
	"sync"

	"github.com/sockjax/sockjax/internal/engine"
)

// exchange is what a call has beside its data and its outcome: the parts of its
// body until the server has got them, and those of its stream until they are read.
type exchange struct {
	extra engine.Extra
	ended chan struct{} // closed when the call has ended
	room  chan struct{} // gets something when the body may go on
	more  chan struct{} // gets something when there is more to read

	mutex    sync.Mutex // protects following
	body     []part     // behind the first released
	released uint64
	sizes    []int // of the parts behind the first taken
	taken    uint64
	unread   int // bytes of these
	window   int // that the server has granted for them
	arrived  []part
	stop     func() bool // lets go of the context; nil: there is nothing to let go of
	over     bool
}

// part is one of a body, or of a stream.
type part struct {
	data  []byte
	bytes bool // and no JSON
}

// ahead is how many bytes of a body wait here, as long as the server has not
// granted more.
const ahead = 256 << 10

func newExchange(bytes, open bool, window int) *exchange {
	x := &exchange{ended: make(chan struct{}), room: make(chan struct{}, 1), more: make(chan struct{}, 1)}
	x.extra = engine.Extra{Bytes: bytes, Open: open, Window: window, Part: x.part}
	return x
}

// handle takes f, which is called once when the call ends.
func (x *exchange) handle(f func() bool) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.over {
		f()
	} else {
		x.stop = f
	}
}

func (x *exchange) end() {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.stop != nil {
		x.stop()
	}
	x.over, x.body, x.sizes = true, nil, nil
	close(x.ended)
}

// part is the part of the body behind the first n. A connection that has ended
// may ask for one that the next has delivered.
func (x *exchange) part(n uint64) (data []byte, bytes bool) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if n -= x.released; n >= uint64(len(x.body)) {
		return nil, true
	}
	return x.body[n].data, x.body[n].bytes
}

// add adds a part to the body.
func (x *exchange) add(p part) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.body = append(x.body, p)
	x.sizes = append(x.sizes, len(p.data))
	x.unread += len(p.data)
}

// wait waits until the body may go on. It returns false if the call has ended.
func (x *exchange) wait() bool {
	for {
		x.mutex.Lock()
		full := x.unread >= max(ahead, x.window)
		x.mutex.Unlock()
		if !full {
			return true
		}
		select {
		case <-x.room:
		case <-x.ended:
			return false
		}
	}
}

// got lets go of the first n parts of the body: the server has them.
func (x *exchange) got(n uint64) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.release(n)
}

func (x *exchange) release(n uint64) {
	if n > x.released {
		gone := min(n-x.released, uint64(len(x.body)))
		clear(x.body[:gone])
		x.body = x.body[gone:]
		x.released += gone
	}
}

// grant notes that the server's handler has taken the first n parts of the body,
// and how many bytes of others there may be.
func (x *exchange) grant(n uint64, window int) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.release(n)
	x.window = window
	for ; x.taken < n && len(x.sizes) > 0; x.taken++ {
		x.unread -= x.sizes[0]
		x.sizes = x.sizes[1:]
	}
	notify(x.room)
}

// arrive takes parts of the stream.
func (x *exchange) arrive(parts [][]byte, bytes bool) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	for _, data := range parts {
		x.arrived = append(x.arrived, part{data, bytes})
	}
	notify(x.more)
}

// take takes out what has arrived, and puts it into an empty slice.
func (x *exchange) take(empty []part) []part {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	found := x.arrived
	if x.arrived = empty; cap(empty) > 1024 {
		x.arrived = nil // a burst gives its memory back
	}
	return found
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
