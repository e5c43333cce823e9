package sendq

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sockjax/sockjax/internal/pace"
	"github.com/sockjax/sockjax/protocol"
)

// A Conn is the connection on which a Queue sends. One goroutine at a time
// calls it.
type Conn interface {
	// Write sends a frame. The Queue uses its memory again.
	Write(frame []byte) error

	// WriteFailed is told the first error of Write. The Queue writes nothing
	// more, but goes on storing outcomes.
	WriteFailed(err error)

	// SessionFailed is told an error of the session's.
	SessionFailed(err error)
}

// A Session stores outcomes until they have arrived. See session.Session for
// the contract of its methods.
type Session interface {
	Append(frame []byte, keys []protocol.Key) (last uint64, err error)
	Next(after uint64) (frame []byte, last uint64, err error)
}

// A Queue collects what is to be sent and puts as many messages as are ready
// into one frame.
//
// Outcomes have frames of their own, since the session stores these until they
// have arrived; once the connection has ended, that is all that happens to
// them. All other messages, called control messages, are for this connection
// only.
//
// A Queue has no goroutine of its own. Whoever calls a method and is told
// "write" must call Write, which then also sends what others add meanwhile:
// usually the goroutine of a handler that has just returned. The methods may be
// called from any goroutine.
type Queue struct {
	conn  Conn
	limit int // of waiting

	series  atomic.Bool  // the client sends series, so that it reads them too
	waiting atomic.Int64 // bytes added and neither sent nor stored; written under mutex

	mutex    sync.Mutex // protects following
	session  Session    // nil in plain mode, and before Greet
	open     *outcomes  // a frame that takes more; nil if none
	full     []*outcomes
	due      bool      // open must leave as it is
	control  *[]byte   // a frame of control messages that takes more; nil if none
	controls []*[]byte // full ones; in plain mode, all frames
	pongs    int
	ring     []*Stream // those with parts that wait, in their turn
	bulk     int       // bytes of these
	crowded  []*Stream // those that wait for bulk to become less
	finishes bool      // only streams with an outcome go on: see Finish
	pull     pull
	replay   bool      // the session may have outcomes that this connection has not sent
	sent     uint64    // the number of the last outcome that was, or is being, sent
	writing  bool      // somebody is in Write, or has been told to call it
	line     pace.Line // as far as streams have found it out
	sealed   bool      // only outcomes are taken
	cut      bool      // the connection takes no more
	dropped  bool      // neither does the session
	changed  sync.Cond
}

// Init must be called before anything else. limit bounds the bytes that wait:
// see Room.
func (q *Queue) Init(conn Conn, limit int) {
	q.conn, q.limit = conn, limit
	q.changed.L = &q.mutex
}

// UseSeries lets replies be sent as series: the client reads them.
func (q *Queue) UseSeries() { q.series.Store(true) }

// Reply adds the outcome data, which leaves with the next Flush.
func (q *Queue) Reply(key protocol.Key, data []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped {
		return false
	}
	q.addReply(key, data)
	return q.mustWrite()
}

func (q *Queue) addReply(key protocol.Key, data []byte) {
	before := q.begin()
	q.open.reply(key, data, q.series.Load())
	q.added(before)
}

// ReplyBytes is Reply for an outcome that is bytes.
func (q *Queue) ReplyBytes(key protocol.Key, data []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped {
		return false
	}
	q.addBytes(key, data)
	return q.mustWrite()
}

func (q *Queue) addBytes(key protocol.Key, data []byte) {
	before := q.begin()
	q.open.replyBytes(key, data)
	q.added(before)
}

// Outcome adds an outcome that has been encoded, which leaves with the next
// Flush.
func (q *Queue) Outcome(key protocol.Key, text []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped {
		return false
	}
	q.addOutcome(key, text)
	return q.mustWrite()
}

func (q *Queue) addOutcome(key protocol.Key, text []byte) {
	before := q.begin()
	q.open.encoded(key, text)
	q.added(before)
}

// Note adds a message that counts as an outcome does and ends no call. It
// leaves at once.
func (q *Queue) Note(text []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped {
		return false
	}
	q.addOutcome(0, text)
	q.due = q.open != nil
	return q.mustWrite()
}

// begin opens a frame, unless one is open, and returns how large it is.
func (q *Queue) begin() (before int) {
	if q.open == nil {
		q.open = newOutcomes()
	}
	return q.open.size()
}

func (q *Queue) added(before int) {
	size := q.open.size()
	q.waiting.Add(int64(size - before))
	if size >= softFrame {
		q.full = append(q.full, q.takeOpen())
	}
}

func (q *Queue) takeOpen() *outcomes {
	f := q.open
	before := f.size()
	f.end()
	q.waiting.Add(int64(f.size() - before))
	q.open, q.due = nil, false
	return f
}

// Control adds a control message, which leaves with the next FlushControl.
func (q *Queue) Control(text []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.cut || q.sealed {
		return false
	}
	q.addControl(text)
	if len(*q.control) >= softFrame {
		q.takeControl()
	}
	return q.mustWrite()
}

func (q *Queue) addControl(text []byte) {
	if q.control == nil {
		q.control = newBuffer()
	}
	before := len(*q.control)
	*q.control = append(protocol.Join(*q.control), text...)
	q.waiting.Add(int64(len(*q.control) - before))
}

func (q *Queue) takeControl() {
	if q.control == nil {
		return
	}
	*q.control = append(*q.control, ']')
	q.waiting.Add(1)
	q.controls = append(q.controls, q.control)
	q.control = nil
}

// Frame adds a whole frame, which leaves at once: plain mode puts nothing
// together.
func (q *Queue) Frame(text []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.cut || q.sealed {
		return false
	}
	frame := newBuffer()
	*frame = append(*frame, text...)
	q.controls = append(q.controls, frame)
	q.waiting.Add(int64(len(text)))
	return q.mustWrite()
}

// Pong adds a pong, which overtakes whatever waits.
func (q *Queue) Pong() (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.cut || q.sealed {
		return false
	}
	q.pongs++
	return q.mustWrite()
}

// Greet adds the welcome, behind which the session's outcomes after number
// acked leave. It leaves with the next FlushControl.
func (q *Queue) Greet(s Session, welcome []byte, acked uint64) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.session, q.sent, q.replay = s, acked, true
	if !q.cut && !q.sealed {
		q.addControl(welcome)
		q.takeControl()
	}
}

// Replay tells that the session holds outcomes that another connection has
// stored.
func (q *Queue) Replay() (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.replay = true
	return q.mustWrite()
}

// SetSource must be called before Pull.
func (q *Queue) SetSource(s Source) { q.pull.source = s }

// Pull tells that the Source has messages. They leave when nothing else can, or
// after each frame of outcomes.
func (q *Queue) Pull() (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.pull.due = true
	return q.mustWrite()
}

// Flush lets the outcomes that were added leave without waiting for more.
// Until then only full frames do.
func (q *Queue) Flush() (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.due = q.open != nil
	return q.mustWrite()
}

// FlushControl is Flush for control messages.
func (q *Queue) FlushControl() (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.takeControl()
	return q.mustWrite()
}

// mustWrite tells whether the caller must call Write.
func (q *Queue) mustWrite() bool {
	if q.writing || !q.ready() {
		return false
	}
	q.writing = true
	return true
}

// ready tells whether anything can leave.
func (q *Queue) ready() bool {
	if q.dropped {
		return false
	}
	if !q.cut && (q.pongs > 0 || len(q.controls) > 0 || q.replay && q.session != nil || q.pull.ready()) {
		return true
	}
	return q.outcomes() || q.hasParts()
}

// outcomes tells whether some can leave.
func (q *Queue) outcomes() bool { return len(q.full) > 0 || q.open != nil && q.due }

// hasParts tells whether a stream has its turn.
func (q *Queue) hasParts() bool {
	if !q.finishes || q.cut {
		return len(q.ring) > 0
	}
	return slices.ContainsFunc(q.ring, isLast)
}

// isLast tells whether a stream gets no more parts.
func isLast(s *Stream) bool { return s.last.set || s.large != nil }

// Sent tells whether n outcomes of the session can have been received.
func (q *Queue) Sent(n uint64) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return n <= q.sent
}

// Waiting is how many bytes were added and neither sent nor stored.
func (q *Queue) Waiting() int { return int(q.waiting.Load()) }

// Room waits while more bytes wait than the limit: the client must take some
// first.
func (q *Queue) Room() {
	if q.waiting.Load() <= int64(q.limit) {
		return
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for q.waiting.Load() > int64(q.limit) {
		q.changed.Wait()
	}
}

// Seal has the Queue take no more control messages, and ask its Source no more.
// Outcomes still leave.
func (q *Queue) Seal() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.sealed, q.pull.mute = true, true
}

// Stop ends sending: outcomes are only stored from now on. It returns false if
// sending had ended before.
func (q *Queue) Stop() (first bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.stop()
}

func (q *Queue) stop() (first bool) {
	if q.cut {
		return false
	}
	q.cut = true
	for _, frame := range q.controls {
		q.waiting.Add(-int64(len(*frame)))
	}
	if q.control != nil {
		q.waiting.Add(-int64(len(*q.control)))
	}
	q.control, q.controls, q.pongs = nil, nil, 0
	q.changed.Broadcast()
	return true
}

// Drop is Stop, and lets all outcomes go as well: nobody waits for them.
func (q *Queue) Drop() (first bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	first = q.stop()
	q.dropped = true
	q.open, q.full = nil, nil
	for _, s := range q.ring {
		s.drop()
		s.queued = false
	}
	q.ring, q.bulk = nil, 0
	q.waiting.Store(0)
	q.changed.Broadcast()
	return first
}
