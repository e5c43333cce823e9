package server

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sockjax/sockjax/protocol"
)

// softFrame is the size in bytes at which a frame leaves without waiting for
// more messages. A single message may be larger.
const softFrame = 64 << 10

// An outbox collects what is to be sent and puts as many messages as are ready
// into one frame.
//
// Outcomes have frames of their own, since the session keeps these until they
// have arrived; once the connection has ended, that is all that happens to
// them. All other messages are for this connection only.
//
// It has no goroutine of its own. What adds a message and is told "write" must
// call write, which then also sends what others add meanwhile: usually the
// goroutine of a handler that has just returned.
type outbox struct {
	conn  *conn
	limit int // of waiting

	series  atomic.Bool  // the client sends series, so that it reads them too
	waiting atomic.Int64 // bytes added and not yet sent, or kept; written under mutex

	mutex   sync.Mutex      // protects following
	session *guardedSession // nil in plain mode, and before greet
	open    *outcomes       // a frame that takes more; nil if none
	queue   []*outcomes
	due     bool      // open is to leave as it is
	aside   *[]byte   // a frame of other messages that takes more; nil if none
	asides  []*[]byte // in plain mode, all frames
	pongs   int
	behind  bool   // the session may have outcomes of another connection to send
	sent    uint64 // the number of the last outcome that was, or is being, sent
	writing bool   // somebody is in write, or has been told to call it
	sealed  bool   // only outcomes are taken
	cut     bool   // the connection takes no more
	dropped bool   // nobody does
	changed sync.Cond
}

// outcomes are a frame of them, with their keys.
type outcomes struct {
	text []byte
	keys []protocol.Key
	next protocol.Key // what the series at the end goes on with; 0: there is none
}

// endSeries makes room for another message, or the end.
func (f *outcomes) endSeries() {
	if f.next != 0 {
		f.text, f.next = append(f.text, ']'), 0
	}
}

func (o *outbox) init(c *conn, limit int) {
	o.conn, o.limit = c, limit
	o.changed.L = &o.mutex
}

var pongFrame = []byte(protocol.Pong)

// frames lends the memory in which frames are put together and read.
var frames = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

var outcomeFrames = sync.Pool{New: func() any { return &outcomes{text: make([]byte, 0, 16<<10)} }}

// maxPooled is the largest buffer that is kept, in bytes.
const maxPooled = 2 * softFrame

func freeFrame(b *[]byte) {
	if cap(*b) <= maxPooled {
		*b = (*b)[:0]
		frames.Put(b)
	}
}

func freeOutcomes(f *outcomes) {
	if cap(f.text) <= maxPooled {
		f.text, f.keys = f.text[:0], f.keys[:0]
		outcomeFrames.Put(f)
	}
}

// reply adds the outcome data, which leaves with the next flush.
func (o *outbox) reply(key protocol.Key, data []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.dropped {
		return false
	}
	if f := o.open; f != nil && f.next == key {
		before := len(f.text)
		f.text = protocol.AppendNext(f.text, data)
		f.keys = append(f.keys, key)
		f.next++
		return o.added(before)
	}
	before := o.join(key, protocol.RequestSize(key, len(data)))
	if o.series.Load() {
		o.open.text = protocol.AppendSeries(o.open.text, key, data)
		o.open.next = key + 1
	} else {
		o.open.text = protocol.AppendRequest(o.open.text, key, data)
	}
	return o.added(before)
}

// outcome adds an outcome that has been encoded.
func (o *outbox) outcome(key protocol.Key, text []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.dropped {
		return false
	}
	before := o.join(key, len(text))
	o.open.text = append(o.open.text, text...)
	return o.added(before)
}

// join makes room for an outcome and returns how large the frame was.
func (o *outbox) join(key protocol.Key, size int) (before int) {
	if o.open == nil {
		o.open = outcomeFrames.Get().(*outcomes)
	}
	f := o.open
	before = len(f.text)
	f.endSeries()
	f.text = protocol.Join(slices.Grow(f.text, size+2))
	f.keys = append(f.keys, key)
	return before
}

func (o *outbox) added(before int) (write bool) {
	o.waiting.Add(int64(len(o.open.text) - before))
	if len(o.open.text) >= softFrame {
		o.queue = append(o.queue, o.takeOpen())
	}
	return o.begin()
}

func (o *outbox) takeOpen() *outcomes {
	f := o.open
	before := len(f.text)
	f.endSeries()
	f.text = append(f.text, ']')
	o.waiting.Add(int64(len(f.text) - before))
	o.open, o.due = nil, false
	return f
}

// message adds what is no outcome, which leaves with the next flushAside.
func (o *outbox) message(text []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.cut || o.sealed {
		return false
	}
	o.append(text)
	if len(*o.aside) >= softFrame {
		o.takeAside()
	}
	return o.begin()
}

func (o *outbox) append(text []byte) {
	if o.aside == nil {
		o.aside = frames.Get().(*[]byte)
	}
	before := len(*o.aside)
	*o.aside = append(protocol.Join(*o.aside), text...)
	o.waiting.Add(int64(len(*o.aside) - before))
}

func (o *outbox) takeAside() {
	if o.aside == nil {
		return
	}
	*o.aside = append(*o.aside, ']')
	o.waiting.Add(1)
	o.asides = append(o.asides, o.aside)
	o.aside = nil
}

// frame adds a whole frame: plain mode puts nothing together.
func (o *outbox) frame(text []byte) (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.cut || o.sealed {
		return false
	}
	frame := frames.Get().(*[]byte)
	*frame = append(*frame, text...)
	o.asides = append(o.asides, frame)
	o.waiting.Add(int64(len(text)))
	return o.begin()
}

func (o *outbox) pong() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.cut || o.sealed {
		return false
	}
	o.pongs++
	return o.begin()
}

// greet adds the welcome, after which the outcomes behind number acked leave.
func (o *outbox) greet(s *guardedSession, welcome []byte, acked uint64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.session, o.sent, o.behind = s, acked, true
	if !o.cut && !o.sealed {
		o.append(welcome)
		o.takeAside()
	}
}

// appended tells that the session has more to send.
func (o *outbox) appended() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.behind = true
	return o.begin()
}

// ready tells whether anything can leave.
func (o *outbox) ready() bool {
	if o.dropped {
		return false
	}
	if !o.cut && (o.pongs > 0 || len(o.asides) > 0 || o.behind && o.session != nil) {
		return true
	}
	return len(o.queue) > 0 || o.open != nil && o.due
}

// begin tells whether somebody must begin to write.
func (o *outbox) begin() bool {
	if o.writing || !o.ready() {
		return false
	}
	o.writing = true
	return true
}

// flush lets the outcomes that were added leave without waiting for more.
// Until then only full frames do.
func (o *outbox) flush() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.due = o.open != nil
	return o.begin()
}

// flushAside is flush for all other messages.
func (o *outbox) flushAside() (write bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.takeAside()
	return o.begin()
}

// received tells whether n outcomes can have been received.
func (o *outbox) received(n uint64) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return n <= o.sent
}

// room waits while the client has too much to take.
func (o *outbox) room() {
	if o.waiting.Load() <= int64(o.limit) {
		return
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for o.waiting.Load() > int64(o.limit) {
		o.changed.Wait()
	}
}
