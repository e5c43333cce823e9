package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// How streams, bodies and large requests go: what the host tells of them, what
// arrives, and what leaves with the next frame.

const (
	// around is more than stands around bytes in a frame.
	around = 256

	// pieceSize is how many bytes a piece of a large request has: it fits into the
	// smallest frame that a server may allow.
	pieceSize = protocol.FirstFrame - around

	// chunkSize is the largest part of bytes of a body. A frame may hold several.
	chunkSize = 128 << 10

	noBodies     = "the server takes no bodies"
	tooLargePart = "a part of the body is larger than the largest frame that the server accepts"
)

// Parts tells that n parts of a stream have come, of so many bytes together, in
// one message, and whether the server asks to be told when they are read. It
// hands the call's payload back, or returns false where they have come before, or
// nobody waits for them.
func (e *Engine[P]) Parts(key protocol.Key, n, bytes int, asked bool) (payload P, ok bool) {
	e.mu.Lock()
	c, x := e.numbered(key, n)
	if ok = x != nil && x.stream.window > 0; ok {
		x.stream.arrive(n, bytes, asked)
		c.extend(e.conn.heartbeat.in)
		payload = c.Payload
	}
	e.mu.Unlock()
	return payload, ok
}

// Piece tells that a piece of a large reply has come which is not the last one:
// that is an outcome, for Settle. It hands the call's payload back, or returns
// false where the piece has come before, or nobody waits for it.
func (e *Engine[P]) Piece(key protocol.Key) (payload P, ok bool) {
	e.mu.Lock()
	c, _ := e.numbered(key, 1)
	if ok = c != nil; ok {
		c.extend(e.conn.heartbeat.in) // which counts where there is a stream or a body too
		payload = c.Payload
	}
	e.mu.Unlock()
	return payload, ok
}

// Taken tells that the server's handler has taken the first n parts of a body,
// and how many bytes of others it may be sent. It hands the call's payload back,
// or returns false if that can't be, or is no news.
func (e *Engine[P]) Taken(key protocol.Key, n uint64, window int) (payload P, ok bool) {
	return e.told(key, n, max(window, 0))
}

// Got tells that the server has got the first n parts of a body, which goes on
// behind them. It hands the call's payload back.
func (e *Engine[P]) Got(key protocol.Key, n uint64) (payload P, ok bool) {
	return e.told(key, n, -1)
}

// told is Taken, or Got without a window.
func (e *Engine[P]) told(key protocol.Key, n uint64, window int) (payload P, ok bool) {
	now := e.conn.heartbeat.in
	e.mu.Lock()
	c, x := e.numbered(key, 1)
	if x != nil && x.body.open {
		b := &x.body
		before := b.got + b.taken
		if window < 0 {
			ok = b.reached(n)
		} else {
			ok = b.credit(now, n, min(window, largestFrame))
			e.conn.line.Learn(&b.pace)
		}
		if b.got+b.taken > before { // or a body that breaks each connection would have time for ever
			c.extend(now)
			if c.carried() && n > b.before && c.frame > e.conn.passed {
				e.reached(c.frame, false) // no earlier connection has carried all of these
			}
		}
		if ok && window < 0 && b.waits && c.carried() {
			b.goOn(now)
		}
		e.stir(x)
		payload = c.Payload
	}
	e.mu.Unlock()
	return payload, ok
}

// numbered counts a message that the server counts as n outcomes. It returns the
// call that it is for, nil if it has come before or nobody waits for it, and its
// exchange, nil if there is none.
func (e *Engine[P]) numbered(key protocol.Key, n int) (*call[P], *exchange) {
	for range n {
		e.arrived()
	}
	place, ok := e.calls.find(key)
	if !ok || n == 0 || e.acks.repeated() {
		return nil, nil
	}
	c := e.calls.at(place)
	if c.life == queued {
		return nil, nil
	}
	if (c.life == sent || c.life == rerun) && c.frame > e.conn.passed { // as in settle
		e.reached(c.frame, false)
	}
	return c, e.exchanges.find(key)
}

// Took tells that the page has read n parts of a stream.
func (e *Engine[P]) Took(key protocol.Key, n int) {
	now := e.now()
	e.mu.Lock()
	if x := e.exchanges.find(key); x != nil && n > 0 {
		e.calls.at(x.place).extend(now)
		s := &x.stream
		s.take(n)
		if s.read == s.arrived && e.acks.received == e.acks.told {
			s.due = s.unsaid() // or no ack would leave that it could go with
		}
		e.exchanges.unsaid = true
		if s.due {
			e.stir(x)
		}
	}
	e.mu.Unlock()
}

// Feed tells that the host has another part of a call's body, of so many bytes
// on the wire. It returns false if there is no such call.
func (e *Engine[P]) Feed(key protocol.Key, size int) bool { return e.feed(key, size) }

// EndBody tells that a call's body is complete.
func (e *Engine[P]) EndBody(key protocol.Key) { e.feed(key, -1) }

// feed is Feed, or EndBody with a size below 0.
func (e *Engine[P]) feed(key protocol.Key, size int) (ok bool) {
	now := e.now()
	e.mu.Lock()
	x := e.exchanges.find(key)
	if ok = x != nil && x.body.open && !x.body.complete; ok {
		if x.paused() {
			e.calls.at(x.place).extend(now)
		}
		if size < 0 {
			x.body.complete = true
		} else {
			x.body.sizes = append(x.body.sizes, uint32(size))
		}
		e.stir(x)
	}
	e.mu.Unlock()
	return ok
}

// Chunk is how many bytes the next parts of a call's body should have, where they
// are cut: a small call waits behind the one that is sent.
func (e *Engine[P]) Chunk(key protocol.Key) int {
	e.mu.Lock()
	x := e.exchanges.find(key)
	chunk := min(chunkSize, max(e.conn.limits.Frame, protocol.FirstFrame)-around)
	if x != nil {
		chunk = min(chunk, x.body.pace.Chunk())
	}
	e.mu.Unlock()
	return chunk
}

// bodiless says why a call that has a body can't be sent to a server that takes
// none.
func (e *Engine[P]) bodiless(c *call[P], place uint32) *Error {
	if c.life == queued {
		return &Error{CodeInvalid, Unsent, noBodies}
	}
	return e.lossOf(place, noBodies)
}

// beginExchange notes that the request of a call is being sent.
func (e *Engine[P]) beginExchange(r ref, large bool) {
	c := e.calls.at(r.place)
	if !c.parted {
		c.parted = true
		e.exchanges.add(&exchange{ref: r})
	}
	x := e.exchanges.find(r.key)
	x.pieces.size = 0
	if large {
		x.pieces.size = c.Size
	}
	x.begin(c.life == resent, e.conn.limits.Window)
	x.body.pace = e.conn.line.Window()
	e.exchanges.stir(x)
}

func (e *Engine[P]) stir(x *exchange) {
	e.exchanges.stir(x)
	e.conn.wake()
}

// fillParts takes what the exchanges have to send, in turn, into a frame that has
// a size already: up to the first parts of a body, so that no small call waits for
// more than these.
func (e *Engine[P]) fillParts(b *Batch[P], size int, now time.Duration) (failed []failure[P]) {
	s := &e.exchanges
	for n := len(s.due); n > 0 && size+2*partOverhead <= e.room(size > frameOverhead); n-- {
		x := s.due[0]
		s.due = s.due[1:]
		x.listed = false
		if !e.calls.holds(x.ref) || !e.calls.at(x.place).carried() {
			continue // until the request is sent, if there still is one
		}
		if x.stream.due {
			taken, window := x.stream.tell()
			size += e.put(b, x, PartTaken, taken, 0, window)
		}
		if !b.NoParts && x.hasData() {
			grown, why := e.data(b, x, size, now)
			if why != nil {
				failed = append(failed, failure[P]{e.cancel(x.place), why})
				continue
			}
			if size += grown; grown > 0 {
				n = 0
			}
		}
		if x.hasData() {
			s.stir(x)
		} else if x.isOver() {
			x.body.completed = true
			size += e.put(b, x, PartEnd, 0, 0, 0)
		}
	}
	e.conn.largest = max(e.conn.largest, size)
	return failed
}

// put puts a message about parts into a frame, and returns by how much that grows,
// beside the parts.
func (e *Engine[P]) put(b *Batch[P], x *exchange, kind PartKind, from uint64, count uint32, window int) int {
	b.Parts = append(b.Parts, Part[P]{Key: x.key, Payload: e.calls.at(x.place).Payload, Kind: kind, From: from, Count: count, Window: uint32(window)})
	return partOverhead
}

// data takes one run of parts, or one piece, into a frame that has a size
// already, and returns by how much it grows: not at all where it has no room, or
// where the part fits into no frame.
func (e *Engine[P]) data(b *Batch[P], x *exchange, size int, now time.Duration) (grown int, why *Error) {
	room := e.room(size > frameOverhead) - size - partOverhead
	if left := x.pieces.size - x.pieces.sent; left > 0 {
		if grown = min(left, e.sizes.limit(pieceSize)); grown > room {
			return 0, nil
		}
		e.put(b, x, PartPiece, uint64(x.pieces.sent), 0, grown)
		x.pieces.sent += grown
	} else {
		switch next := x.body.next(); {
		case next+frameOverhead+partOverhead > e.conn.limits.Frame:
			return 0, &Error{CodeInvalid, Unknown, tooLargePart}
		case next > room:
			return 0, nil
		}
		from, count, n := x.body.run(now, e.sizes.limit(room))
		e.put(b, x, PartData, from, count, 0)
		grown = n + int(count-1)*partOverhead // if they are bytes; JSON has a comma
	}
	if len(b.Items) == 0 {
		e.conn.frames++
		e.conn.sound = false
	}
	return grown + partOverhead, nil
}

// lossOf says how a call is lost, and why.
func (e *Engine[P]) lossOf(place uint32, why string) *Error {
	fate := Unknown
	if x := e.exchanges.find(e.calls.at(place).Key); x != nil && x.stream.arrived > 0 {
		fate = Executed
	}
	return &Error{CodeLost, fate, why}
}

// mayRerun reports whether a call may be run in another session.
func (e *Engine[P]) mayRerun(place uint32) bool {
	c := e.calls.at(place)
	x := e.exchanges.find(c.Key)
	return c.Idempotent && (x == nil || !x.begun())
}
