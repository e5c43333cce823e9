package server

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// softFrame is the size in bytes at which a frame leaves without waiting for
// more messages. A single message may be larger.
const softFrame = 64 << 10

// An outbox collects what is to be sent and puts as many messages as are ready
// into one frame.
//
// It has no goroutine of its own. What adds a message and is told "write" must
// call write, which then also sends what others add meanwhile: usually the
// goroutine of a handler that has just returned.
type outbox struct {
	ws    *websocket.Conn
	limit int // of waiting

	waiting atomic.Int64 // bytes added and not yet sent; written under mutex

	mutex   sync.Mutex // protects following
	open    *[]byte    // a frame of sockjax.1 that takes more messages; nil if none
	queue   []*[]byte  // frames that are complete
	pongs   int
	due     bool // open is to leave as it is
	writing bool // somebody is in write, or has been told to call it
	sealed  bool // no more is taken
	err     error
	changed sync.Cond // waiting has become less, writing false, or err not nil
}

func (o *outbox) init(ws *websocket.Conn, limit int) {
	o.ws, o.limit = ws, limit
	o.changed.L = &o.mutex
}

var pongFrame = []byte(protocol.Pong)

// frames lends the memory in which frames are put together and read.
var frames = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// maxPooled is the largest buffer that is kept, in bytes.
const maxPooled = 2 * softFrame

func freeFrame(b *[]byte) {
	if cap(*b) <= maxPooled {
		*b = (*b)[:0]
		frames.Put(b)
	}
}

// reply adds a reply of sockjax.1, which leaves with the next flush.
func (o *outbox) reply(key protocol.Key, data []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.sealed || o.err != nil {
		return false
	}
	before := o.join(protocol.RequestSize(key, len(data)))
	*o.open = protocol.AppendRequest(*o.open, key, data)
	return o.added(before)
}

// message adds any message of sockjax.1, which leaves with the next flush.
func (o *outbox) message(text []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.sealed || o.err != nil {
		return false
	}
	before := o.join(len(text))
	*o.open = append(*o.open, text...)
	return o.added(before)
}

// join makes room for a message and returns how large the frame was.
func (o *outbox) join(size int) (before int) {
	if o.open == nil {
		o.open = frames.Get().(*[]byte)
	}
	before = len(*o.open)
	*o.open = protocol.Join(slices.Grow(*o.open, size+2))
	return before
}

func (o *outbox) added(before int) (write bool) {
	o.waiting.Add(int64(len(*o.open) - before))
	if len(*o.open) >= softFrame {
		o.queue = append(o.queue, o.takeOpen())
	}
	return o.begin()
}

func (o *outbox) takeOpen() *[]byte {
	frame := o.open
	*frame = append(*frame, ']')
	o.waiting.Add(1)
	o.open, o.due = nil, false
	return frame
}

// frame adds a whole frame: plain mode puts nothing together.
func (o *outbox) frame(text []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.sealed || o.err != nil {
		return false
	}
	frame := frames.Get().(*[]byte)
	*frame = append(*frame, text...)
	o.queue = append(o.queue, frame)
	o.waiting.Add(int64(len(text)))
	return o.begin()
}

func (o *outbox) pong() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.sealed || o.err != nil {
		return false
	}
	o.pongs++
	return o.begin()
}

// begin tells whether somebody must begin to write.
func (o *outbox) begin() bool {
	ready := o.pongs > 0 || len(o.queue) > 0 || o.open != nil && o.due
	if !ready || o.writing || o.err != nil {
		return false
	}
	o.writing = true
	return true
}

// flush lets what was added leave without waiting for more. Until then only
// full frames do.
func (o *outbox) flush() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.due = o.open != nil
	return o.begin()
}

// room waits while the client has too much to take.
func (o *outbox) room() {
	if o.waiting.Load() <= int64(o.limit) {
		return
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for o.waiting.Load() > int64(o.limit) && o.err == nil {
		o.changed.Wait()
	}
}

// seal takes no more. What is there still leaves: flushed waits for that.
func (o *outbox) seal() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.sealed, o.due = true, o.open != nil
	return o.begin()
}

// flushed returns when nobody is writing.
func (o *outbox) flushed() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for o.writing {
		o.changed.Wait()
	}
}

// fail drops everything: the connection has ended.
func (o *outbox) fail(err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.err == nil {
		o.err = err
	}
	o.open, o.queue, o.pongs = nil, nil, 0
	o.waiting.Store(0)
	o.changed.Broadcast()
}

// write sends until nothing is left. Its error means that the connection is
// broken; only the first one is returned.
func (o *outbox) write() error {
	for {
		frame, pong := o.next()
		switch {
		case frame != nil:
			if err := o.ws.Write(context.Background(), websocket.MessageText, *frame); err != nil {
				return o.stop(err)
			}
			o.sent(frame)
		case pong:
			if err := o.ws.Write(context.Background(), websocket.MessageText, pongFrame); err != nil {
				return o.stop(err)
			}
		default:
			return nil
		}
	}
}

// next takes the next frame, and ends the writing if there is none.
func (o *outbox) next() (frame *[]byte, pong bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	switch {
	case o.err != nil:
	case o.pongs > 0:
		o.pongs--
		return nil, true
	case len(o.queue) > 0:
		frame = o.queue[0]
		o.queue = slices.Delete(o.queue, 0, 1)
		return frame, false
	case o.open != nil && o.due:
		return o.takeOpen(), false
	}
	if len(o.queue) == 0 {
		o.queue = nil
	}
	o.writing = false
	o.changed.Broadcast()
	return nil, false
}

func (o *outbox) sent(frame *[]byte) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.err == nil {
		o.waiting.Add(-int64(len(*frame)))
		o.changed.Broadcast()
	}
	freeFrame(frame)
}

// stop ends the writing and returns err if it is news.
func (o *outbox) stop(err error) error {
	o.mutex.Lock()
	if o.err != nil {
		err = nil
	} else {
		o.err = err
	}
	o.writing = false
	o.mutex.Unlock()
	o.fail(net.ErrClosed)
	return err
}
