package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// How streams, bodies and large requests go: what the host tells of them, what
// arrives, and what leaves with the next frame.

const (
	// pieceSize is how many bytes a piece of a large request has. With what goes
	// beside it, it fits into the smallest frame that a server may allow.
	pieceSize = protocol.FirstFrame - 256

	noBodies     = "the server takes no bodies"
	tooLargePart = "a part of the body is larger than the largest frame that the server accepts"
)

// Parts tells that n parts of a stream have come, of so many bytes together, in
// one message, and hands the call's payload back. It returns false where they
// have come before, or nobody waits for them.
func (e *Engine[P]) Parts(key protocol.Key, n, bytes int) (payload P, ok bool) {
	e.mu.Lock() // not deferred here and below: each would be more for a page to download
	c, x := e.numbered(key, n)
	if ok = x != nil && x.stream.window > 0; ok {
		x.stream.arrive(n, bytes)
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
		c.extend(e.conn.heartbeat.in)
		payload = c.Payload
	}
	e.mu.Unlock()
	return payload, ok
}

// Taken tells that the server's handler has taken the first n parts of a body,
// and how many bytes of others it may be sent. It hands the call's payload back,
// or returns false if that can't be, or is no news.
func (e *Engine[P]) Taken(key protocol.Key, n uint64, window int) (payload P, ok bool) {
	e.mu.Lock()
	payload, ok = e.taken(key, n, window)
	e.mu.Unlock()
	return payload, ok
}

func (e *Engine[P]) taken(key protocol.Key, n uint64, window int) (payload P, ok bool) {
	c, x := e.numbered(key, 1)
	if x == nil || !x.body.open {
		return payload, false
	}
	before := x.body.taken
	if !x.body.credit(e.conn.heartbeat.in, n, min(max(window, 0), largestFrame)) {
		return payload, false
	}
	if n > before {
		e.advanced(c, x, n)
	}
	e.conn.line.Learn(&x.body.pace)
	e.stir(x)
	return c.Payload, true
}

// Chunk is how many bytes the next parts of a call's body should have, where they
// are cut: a small call waits behind the one that is sent.
func (e *Engine[P]) Chunk(key protocol.Key) int {
	chunk := pieceSize
	e.mu.Lock()
	if x := e.exchanges.find(key); x != nil {
		chunk = min(x.body.pace.Chunk(), pieceSize)
	}
	e.mu.Unlock()
	return chunk
}

// Got tells that the server has got the first n parts of a body, which goes on
// behind them. It hands the call's payload back.
func (e *Engine[P]) Got(key protocol.Key, n uint64) (payload P, ok bool) {
	e.mu.Lock()
	payload, ok = e.got(key, n)
	e.mu.Unlock()
	return payload, ok
}

func (e *Engine[P]) got(key protocol.Key, n uint64) (payload P, ok bool) {
	c, x := e.numbered(key, 1)
	if x == nil || !x.body.open {
		return payload, false
	}
	before := x.body.got
	if !x.body.reached(n) {
		return payload, false
	}
	if n > before { // or a body that breaks each connection would have time for ever
		e.advanced(c, x, n)
	}
	if x.body.waits && c.carried() {
		x.body.goOn(e.conn.heartbeat.in)
		e.stir(x)
	}
	return c.Payload, true
}

// advanced notes that the server has got the first n parts of a body, or its
// handler has taken them, which is progress. Where no earlier connection has
// carried all of them, this one has passed so far.
func (e *Engine[P]) advanced(c *call[P], x *exchange, n uint64) {
	c.extend(e.conn.heartbeat.in)
	if c.carried() && n > x.body.before && c.frame > e.conn.passed {
		e.reached(c.frame, false)
	}
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
	switch c.life {
	case queued:
		return nil, nil
	case sent, rerun: // as in settle
		if c.frame > e.conn.passed {
			e.reached(c.frame, false)
		}
	}
	return c, e.exchanges.find(key)
}

// Took tells that the page has read n parts of a stream.
func (e *Engine[P]) Took(key protocol.Key, n int) {
	now := e.now()
	e.mu.Lock()
	e.took(now, key, n)
	e.mu.Unlock()
}

func (e *Engine[P]) took(now time.Duration, key protocol.Key, n int) {
	x := e.exchanges.find(key)
	if x == nil || n < 1 {
		return
	}
	e.calls.at(x.place).extend(now)
	s := &x.stream
	s.take(n)
	if s.read == s.arrived && e.acks.received == e.acks.told {
		s.due = s.unsaid() // or no ack would leave that it could go with
	}
	if s.due {
		e.stir(x)
	} else {
		e.exchanges.unsaid = true
	}
}

// Feed tells that the host has another part of a call's body, of so many bytes
// on the wire. It returns false if there is no such call.
func (e *Engine[P]) Feed(key protocol.Key, size int) bool {
	now := e.now()
	e.mu.Lock()
	x := e.exchanges.find(key)
	ok := x != nil && x.body.open && !x.body.complete
	if ok {
		if x.paused() {
			e.calls.at(x.place).extend(now)
		}
		x.body.sizes = append(x.body.sizes, uint32(size))
		e.stir(x)
	}
	e.mu.Unlock()
	return ok
}

// EndBody tells that a call's body is complete.
func (e *Engine[P]) EndBody(key protocol.Key) {
	now := e.now()
	e.mu.Lock()
	if x := e.exchanges.find(key); x != nil && x.body.open {
		e.calls.at(x.place).extend(now)
		x.body.complete = true
		e.stir(x)
	}
	e.mu.Unlock()
}

// hold has a call with a body wait for the welcome, and says why it can't be sent
// after that to a server that takes none.
func (e *Engine[P]) hold(r ref) (held bool, why *Error) {
	switch {
	case !e.exchanges.find(r.key).body.open:
	case !e.conn.welcomed:
		e.queue.head++
		e.exchanges.hold(r, e.calls.queued)
		return true, nil
	case e.conn.limits.Window == 0 && e.calls.at(r.place).life == queued:
		return false, &Error{CodeInvalid, Unsent, noBodies}
	case e.conn.limits.Window == 0:
		return false, e.lossOf(r.place, noBodies)
	}
	return false, nil
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

// fillParts takes what the exchanges have to send into a frame that has a size
// already. Of the parts of bodies it takes one run, and leaves the rest to the
// frames behind, so that no small call waits for more than that: each call has
// its turn.
func (e *Engine[P]) fillParts(b *Batch[P], size int, now time.Duration) (failed []failure[P]) {
	if !e.conn.welcomed {
		return nil
	}
	s := &e.exchanges
	due, data := s.due, !b.NoParts
	s.due = s.due[:0]
	var ran *exchange
	for i, x := range due {
		if !e.calls.holds(x.ref) || !e.calls.at(x.place).carried() {
			x.listed = false // until the request is sent
			continue
		}
		if size+2*partOverhead > e.room(size > frameOverhead) {
			s.due = append(s.due, due[i:]...)
			break
		}
		payload := e.calls.at(x.place).Payload
		if x.stream.due {
			taken, window := x.stream.tell()
			b.Parts = append(b.Parts, Part[P]{Key: x.key, Payload: payload, Kind: PartTaken, From: taken, Window: uint32(window)})
			size += partOverhead
		}
		if data && x.hasData() {
			if why := e.unfitPart(x); why != nil {
				failed = append(failed, failure[P]{e.cancel(x.place), why})
				continue
			}
			if n := e.data(b, x, payload, size, now); n > 0 {
				size += n
				data, ran = false, x
			}
		}
		if x.isOver() {
			x.body.completed = true
			b.Parts = append(b.Parts, Part[P]{Key: x.key, Payload: payload, Kind: PartEnd})
			size += partOverhead
		}
		switch x.listed = x.hasData(); {
		case x.listed && x != ran:
			s.due = append(s.due, x)
		case !x.listed && x == ran:
			ran = nil
		}
	}
	clear(due[min(len(s.due), len(due)):])
	if ran != nil {
		s.due = append(s.due, ran)
	}
	if len(b.Parts) > 0 {
		e.conn.largest = max(e.conn.largest, size)
	}
	return failed
}

// unfitPart says why the next part of a body can never be sent.
func (e *Engine[P]) unfitPart(x *exchange) *Error {
	if x.pieces.sent < x.pieces.size || x.body.next()+frameOverhead+partOverhead <= e.conn.limits.Frame {
		return nil
	}
	return &Error{CodeInvalid, Unknown, tooLargePart}
}

// data takes one run of parts, or one piece, into a frame that has a size
// already, and returns by how much it grows: not at all where it has no room.
func (e *Engine[P]) data(b *Batch[P], x *exchange, payload P, size int, now time.Duration) int {
	room := e.room(size > frameOverhead) - size - partOverhead
	p := Part[P]{Key: x.key, Payload: payload, Kind: PartData}
	var bytes int
	if left := x.pieces.size - x.pieces.sent; left > 0 {
		bytes = min(left, e.sizes.limit(pieceSize))
		if bytes > room {
			return 0
		}
		p.Kind, p.From, p.Window = PartPiece, uint64(x.pieces.sent), uint32(bytes)
		x.pieces.sent += bytes
	} else {
		if x.body.next() > room {
			return 0
		}
		p.From, p.Count, bytes = x.body.run(now, e.sizes.limit(room))
		bytes += int(p.Count-1) * partOverhead // if they are bytes; JSON has a comma
	}
	if len(b.Items) == 0 {
		e.conn.frames++
		e.conn.sound = false
	}
	b.Parts = append(b.Parts, p)
	return bytes + partOverhead
}

// lossOf says how a call is lost, and why.
func (e *Engine[P]) lossOf(place uint32, why string) *Error {
	if x := e.exchanges.find(e.calls.at(place).Key); x != nil && x.stream.arrived > 0 {
		return &Error{CodeLost, Executed, why}
	}
	return &Error{CodeLost, Unknown, why}
}

// mayRerun reports whether a call may be run in another session.
func (e *Engine[P]) mayRerun(place uint32) bool {
	c := e.calls.at(place)
	x := e.exchanges.find(c.Key)
	return c.Idempotent && (x == nil || !x.begun())
}
