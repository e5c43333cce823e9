package client

import (
	"slices"

	"github.com/sockjax/sockjax/protocol"
)

// Batch is what goes into one frame: a word, or messages in their order.
type Batch[P any] struct {
	// Word is protocol.Ping or protocol.Pong. The frame then holds nothing
	// else; it is empty otherwise.
	Word string
	// Hello is the first message, or nil.
	Hello *protocol.Hello
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

	frameOverhead = len("[]")
	helloSize     = len(`{"hello":{"session":"00000000-0000-0000-0000-000000000000","resume":false}},`)

	cancelSize = len(`{"cancel":9007199254740991},`)
	maxCancels = 1000 // in one frame, well below protocol.FirstFrame
)

// Next fills b with what the next frame on conn is to hold. It returns false
// if there is nothing to send, or conn is not the present connection. What b
// holds is valid until the next call with the same b.
func (e *Engine[P]) Next(conn Conn, b *Batch[P]) bool {
	now := e.now()
	clear(b.Items) // what the payloads hold on to may go
	*b = Batch[P]{Items: b.Items[:0]}
	e.mu.Lock()
	more := false
	var failed []failure[P]
	if e.conn.Conn == conn {
		if more = e.word(b); !more {
			failed = e.fill(b)
			more = len(b.Items) > 0 || b.Hello != nil
		}
		if more {
			e.conn.pulse.out = now
		}
	}
	e.mu.Unlock()
	e.fail(failed)
	return more
}

// word takes a heartbeat that is due. Nothing may precede the hello.
func (e *Engine[P]) word(b *Batch[P]) bool {
	p := &e.conn.pulse
	switch {
	case e.conn.hello:
	case p.pong:
		b.Word, p.pong = protocol.Pong, false
	case p.ping:
		b.Word, p.ping = protocol.Ping, false
	}
	return b.Word != ""
}

// fill takes messages until the frame is full or the server has enough to do.
func (e *Engine[P]) fill(b *Batch[P]) (failed []failure[P]) {
	size := frameOverhead
	if e.conn.hello {
		e.conn.hello = false
		b.Hello = &protocol.Hello{Session: e.session.id, Resume: e.session.resume}
		e.session.resume = true
		size += helloSize
	}
	told := min(len(e.cancels), maxCancels)
	for _, key := range e.cancels[:told] {
		b.Items = append(b.Items, Item[P]{Key: key, Cancel: true})
		size += cancelSize
	}
	e.cancels = slices.Delete(e.cancels, 0, told)
	if len(e.cancels) > 0 {
		return nil // to the server, those requests are still in flight
	}
	waits := e.calls.queued
	for !e.conn.full() {
		r, ok := e.queue.front(waits)
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
		if size+need > e.room(len(b.Items) > 0 || b.Hello != nil) {
			break
		}
		size += need
		e.queue.pop(c.Size)
		c.conn, c.sent = e.conn.number, true
		e.conn.inFlight++
		b.Items = append(b.Items, Item[P]{Key: r.key, Payload: c.Payload})
		if e.opts.Plain {
			break
		}
	}
	return failed
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

// tooLarge reports whether a payload can't ever be sent on this connection.
func (c *connection) tooLarge(key protocol.Key, size int) bool {
	return c.welcomed && c.limits.Frame > 0 && frameOverhead+protocol.RequestSize(key, size) > c.limits.Frame
}
