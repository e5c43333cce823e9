package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// How streams, bodies and large requests go: what the host tells of them, what
// arrives, and what leaves with the next frame.

const (
	// pieceSize is how many bytes a piece of a large request has.
	pieceSize = 64 << 10

	// partOverhead is more than a message takes beside its part.
	partOverhead = len(`{"key":9007199254740991,"from":9007199254740991,"parts":[]},`)
)

// Parts tells that n parts of so many bytes have come under a key, in one
// message, and hands the call's payload back: parts of a stream, or pieces of a
// large reply. It returns false where they have come before, or nobody waits for
// them.
func (e *Engine[P]) Parts(key protocol.Key, n, bytes int) (payload P, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, c := e.numbered(key, n)
	if c == nil {
		return payload, false
	}
	if x != nil {
		x.part(n, bytes)
	}
	return c.Payload, true
}

// Taken tells that the server's handler has taken the first n parts of a body,
// and how many bytes of others it may be sent. It hands the call's payload back.
func (e *Engine[P]) Taken(key protocol.Key, n uint64, window int) (payload P, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, c := e.numbered(key, 1)
	if x == nil || !x.open || !x.credit(e.now(), n, window) {
		return payload, false
	}
	e.stir()
	return c.Payload, true
}

// Chunk is how many bytes the next parts of a call's body should have, where they
// are cut: a small call waits behind the one that is sent.
func (e *Engine[P]) Chunk(key protocol.Key) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.exchanges.find(key); x != nil {
		return x.pace.Chunk()
	}
	return pieceSize
}

// Got tells that the server has got the first n parts of a body, which goes on
// behind them. It hands the call's payload back.
func (e *Engine[P]) Got(key protocol.Key, n uint64) (payload P, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, c := e.numbered(key, 1)
	if x == nil || !x.open || !x.reached(n) {
		return payload, false
	}
	if x.waits && c.carried() {
		x.resume()
	}
	e.stir()
	return c.Payload, true
}

// numbered counts a message that the server counts as n outcomes. It returns the
// exchange of the call that it is for, which may be nil, and the call: nil if the
// message has come before, or nobody waits for it.
func (e *Engine[P]) numbered(key protocol.Key, n int) (*exchange, *call[P]) {
	for range n {
		e.arrived()
	}
	place, ok := e.calls.find(key)
	if !ok || e.acks.repeated() {
		return nil, nil
	}
	c := e.calls.at(place)
	if c.life == queued {
		return nil, nil
	}
	if c.carried() && c.frame > e.conn.passed {
		e.reached(c.frame, false)
	}
	e.progress(c)
	return e.exchanges.find(key), c
}

// progress gives a call its whole time again.
func (e *Engine[P]) progress(c *call[P]) {
	if c.until > 0 {
		c.until = max(c.until, e.conn.heartbeat.in+c.Timeout)
	}
}

// Took tells that the page has read n parts of a stream.
func (e *Engine[P]) Took(key protocol.Key, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x := e.exchanges.find(key)
	if x == nil || !x.stream {
		return
	}
	e.progress(e.calls.at(x.place))
	if x.took(n) {
		e.stir()
	}
}

// Feed tells that the host has another part of a call's body, of so many bytes
// on the wire. It returns false if there is no such call.
func (e *Engine[P]) Feed(key protocol.Key, size int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	x := e.exchanges.find(key)
	if x == nil || !x.open || x.complete {
		return false
	}
	x.sizes = append(x.sizes, uint32(size))
	e.stir()
	return true
}

// EndBody tells that a call's body is complete.
func (e *Engine[P]) EndBody(key protocol.Key) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.exchanges.find(key); x != nil {
		x.complete = true
		e.stir()
	}
}

// stir has the next frame look for what the exchanges have to send.
func (e *Engine[P]) stir() {
	e.exchanges.dirty = true
	e.conn.wake()
}

// exchange makes that of a call, if it needs one.
func (e *Engine[P]) exchange(c *Call[P], r ref) {
	if c.Open || c.Window > 0 {
		e.exchanges.add(&exchange{ref: r, open: c.Open, window: e.conn.limits.Window, stream: c.Window > 0, room: c.Window})
	}
}

// pieces has a request's payload follow in pieces.
func (e *Engine[P]) pieces(r ref, size int) {
	x := e.exchanges.find(r.key)
	if x == nil {
		x = &exchange{ref: r}
		e.exchanges.add(x)
	}
	x.large, x.offset = size, 0
	e.exchanges.dirty = true
}

// parts takes what the exchanges have to send into a frame that has a size
// already: in turn, and of parts of bodies one run, so that no small call waits
// for more than that.
func (e *Engine[P]) parts(b *Batch[P], size int, now time.Duration) {
	s := &e.exchanges
	if !s.dirty || !e.conn.welcomed {
		return
	}
	s.dirty = false
	parts := !b.NoParts
	for i := range s.list {
		x := s.list[(s.next+i)%len(s.list)]
		c := e.calls.at(x.place)
		if !c.carried() || !x.due(true) {
			continue
		}
		if size > frameTarget {
			s.dirty = true
			break
		}
		if x.dueTaken {
			b.Parts = append(b.Parts, Part[P]{Key: x.key, Payload: c.Payload, Kind: PartTaken, From: x.tell(), Window: uint32(x.room)})
			size += partOverhead
		}
		if x.ready() {
			s.dirty = true
			if !parts {
				continue
			}
			parts = false
			s.next = (s.next + i + 1) % len(s.list)
			size += e.data(b, x, c, now)
		}
		if x.due(false) {
			x.completed = true
			b.Parts = append(b.Parts, Part[P]{Key: x.key, Payload: c.Payload, Kind: PartEnd})
			size += partOverhead
		}
	}
	e.conn.largest = max(e.conn.largest, size)
}

// data takes one run of parts, or one piece, and returns its size.
func (e *Engine[P]) data(b *Batch[P], x *exchange, c *call[P], now time.Duration) int {
	p := Part[P]{Key: x.key, Payload: c.Payload, Kind: PartData}
	bytes := 0
	if x.large > 0 {
		bytes = min(pieceSize, e.sizes.limit(pieceSize+partOverhead)-partOverhead, x.large-x.offset)
		p.Kind, p.From, p.Window = PartPiece, uint64(x.offset), uint32(bytes)
		x.offset += bytes
	} else {
		p.From, p.Count, bytes = x.run(now)
	}
	b.Parts = append(b.Parts, p)
	return bytes + partOverhead
}

// welcomedBodies has calls with a body go that have waited to know whether the
// server takes any.
func (e *Engine[P]) welcomedBodies() (failed []failure[P]) {
	s := &e.exchanges
	window := e.conn.limits.Window
	for _, x := range s.list {
		if !x.begun() {
			x.window = window
		}
	}
	for _, r := range s.held {
		switch {
		case !e.calls.queued(r):
		case window == 0:
			failed = append(failed, failure[P]{e.cancel(r.place), &Error{CodeInvalid, Unsent, "the server takes no bodies"}})
		default:
			e.enqueue(r)
		}
	}
	s.held, s.dirty = nil, len(s.list) > 0
	return failed
}

// lossOf says how a call is lost whose session is.
func (e *Engine[P]) lossOf(place uint32, why string) *Error {
	if x := e.exchanges.find(e.calls.at(place).Key); x != nil && x.arrived > 0 {
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
