package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Batch is what goes into one frame: a word, or messages in their order.
type Batch[P any] struct {
	// Word is protocol.Ping or protocol.Pong. The frame then holds nothing
	// else; it is empty otherwise.
	Word string
	// Hello is the first message, or nil.
	Hello *protocol.Hello
	// Token is a fresh token, the next message; empty: none.
	Token string
	// Ack is how many outcomes are acknowledged by the next message; 0: there
	// is none.
	Ack uint64
	// Items follow. In plain mode it is one request and nothing else.
	Items []Item[P]
}

// Item is a request or a cancel.
type Item[P any] struct {
	Key     protocol.Key
	Payload P // of a request
	Cancel  bool
}

const (
	// frameTarget is the size at which a frame is full, although the server
	// may accept larger ones: what follows need not wait for all of it to
	// arrive.
	frameTarget = 64 << 10

	cancelSize = len(`{"cancel":9007199254740991},`)
	maxCancels = 1000 // in one frame, well below protocol.FirstFrame
)

// Next fills b with what the next frame on conn must hold. It returns false
// if there is nothing to send, or conn is not the present connection. What b
// holds is valid until the next call with the same b.
func (e *Engine[P]) Next(conn Conn, b *Batch[P]) bool {
	b.reset()
	e.mu.Lock()
	if e.idle() {
		e.mu.Unlock()
		return false // without a look at the clock, which costs a page as much as a call
	}
	now := e.now()
	more := false
	var failed []failure[P]
	e.date(now)
	if e.conn.Conn == conn && e.conn.broken == nil {
		e.awake(now, e.conn.heartbeat.in)
		if more = e.word(b); !more && !e.conn.heartbeat.probing {
			failed = e.fill(b, now)
			more = !b.empty()
		}
		if more {
			e.conn.heartbeat.out = now
		}
	}
	e.mu.Unlock()
	e.fail(failed)
	return more
}

func (b *Batch[P]) reset() {
	clear(b.Items) // what the payloads hold on to may go
	*b = Batch[P]{Items: b.Items[:0]}
}

// idle reports whether nothing can be there to send, nor to date.
func (e *Engine[P]) idle() bool {
	h := &e.conn.heartbeat
	return e.queue.live == 0 && len(e.undated) == 0 && len(e.cancels.due) == 0 && !e.acks.due &&
		!e.conn.hello && e.conn.token == "" && !h.ping && !h.pong
}

func (b *Batch[P]) empty() bool {
	return b.Hello == nil && b.Token == "" && b.Ack == 0 && len(b.Items) == 0
}

// word takes a heartbeat that is due. Nothing may precede the hello.
func (e *Engine[P]) word(b *Batch[P]) bool {
	if !e.conn.hello {
		b.Word = e.conn.heartbeat.word()
	}
	return b.Word != ""
}

// fill takes messages until the frame is full or the server has enough to do.
func (e *Engine[P]) fill(b *Batch[P], now time.Duration) []failure[P] {
	size := frameOverhead + e.preface(b)
	if !e.conn.welcomed || !e.acks.due && !e.acks.ripe(now) {
		return e.items(b, size)
	}
	failed := e.items(b, size+ackSize)
	if e.acks.due || !b.empty() {
		b.Ack = e.acks.take()
		return failed
	}
	return append(failed, e.items(b, size)...) // the next request may need a frame for itself
}

// preface takes what comes before all else, and returns its size.
func (e *Engine[P]) preface(b *Batch[P]) (size int) {
	token := e.conn.token
	e.conn.token = ""
	if e.conn.hello {
		e.conn.hello = false
		b.Hello = e.session.hello(e.acks.take(), token)
		return len(protocol.AppendHello(nil, *b.Hello)) + len(",")
	}
	if b.Token = token; token != "" {
		size = len(protocol.AppendToken(nil, token)) + len(",")
	}
	return size
}

// items takes cancels and requests into a frame that has a size already.
func (e *Engine[P]) items(b *Batch[P], size int) (failed []failure[P]) {
	more := e.cancels.take(maxCancels, func(key protocol.Key) {
		b.Items = append(b.Items, Item[P]{Key: key, Cancel: true})
		size += cancelSize
	})
	if more {
		return nil // to the server, those requests are still in flight
	}
	for !e.conn.full() {
		r, ok := e.front()
		if !ok {
			break
		}
		c := e.calls.at(r.place)
		if e.conn.tooLarge(r.key, c.Size) {
			why := &Error{CodeInvalid, c.fate(), tooLarge().Message}
			failed = append(failed, failure[P]{e.remove(r.place), why})
			continue
		}
		need := protocol.RequestSize(r.key, c.Size) + len(",")
		if size+need > e.room(size > frameOverhead) {
			break
		}
		size += need
		e.queue.pop(c.Size)
		c.send()
		e.conn.inFlight++
		b.Items = append(b.Items, Item[P]{Key: r.key, Payload: c.Payload})
		if e.opts.Plain {
			break
		}
	}
	return failed
}

// front returns the first call that waits.
func (e *Engine[P]) front() (ref, bool) {
	q := &e.queue
	for ; q.head < len(q.refs); q.head++ {
		if r := q.refs[q.head]; e.calls.queued(r) {
			return r, true
		}
	}
	q.clear()
	return ref{}, false
}

// room is how large the frame may become: one that holds something already is
// full at the target, one that holds nothing takes a request of any size that
// the server accepts. The comma that is counted but not there makes one byte.
func (e *Engine[P]) room(holds bool) int {
	limit := e.conn.limits.Frame + len(",")
	switch {
	case e.opts.Plain:
		return 1<<31 - 1
	case holds:
		return min(limit, frameTarget)
	}
	return limit
}
