package engine

import (
	"time"

	"github.com/sockjax/sockjax/internal/pace"
	"github.com/sockjax/sockjax/protocol"
)

// partOverhead is more than a message takes beside its part, or a request beside
// its data for what follows it.
const partOverhead = len(`{"key":9007199254740991,"from":9007199254740991,"chunk":9007199254740991},`)

// exchange is what a call has beside its request and its outcome: a body that
// follows the request in parts, a reply that comes in parts, or a request so
// large that it goes in pieces. It counts parts, from 1 on, and their bytes; the
// host has what they are.
type exchange struct {
	ref
	body   body
	stream stream
	pieces pieces
	listed bool // see exchanges
}

// begin notes that the request is being sent, to a server that may know it, and
// lets so many bytes of a body follow before it has granted more.
func (x *exchange) begin(known bool, window int) {
	x.body.begin(known, window)
	x.stream.due = known && x.stream.read > 0
	x.pieces.sent = 0
}

// begun reports whether the call can't be run from its beginning again: parts of
// it are gone.
func (x *exchange) begun() bool { return x.stream.arrived > 0 || x.body.got > 0 }

// paused reports whether it is for this end that the call makes no progress: its
// reader has parts to read, or its body none to send.
func (x *exchange) paused() bool {
	b := &x.body
	return x.stream.arrived > x.stream.read || b.open && !b.complete && b.sent == b.fed()
}

// hasData reports whether a part of the body, or a piece, may go.
func (x *exchange) hasData() bool {
	return x.pieces.sent < x.pieces.size || x.body.ready()
}

// isOver reports whether the body is complete and the server must be told.
func (x *exchange) isOver() bool {
	b := &x.body
	return b.complete && !b.completed && !b.waits && b.sent == b.fed() && x.pieces.sent == x.pieces.size
}

// body is what the host feeds. Of its parts, the first taken were taken by the
// handler, the first got have reached the server, and the first sent were sent
// on this connection or have reached the server.
type body struct {
	open      bool
	complete  bool // no more parts will be fed
	completed bool // the server was told so on this connection
	waits     bool // for the server to say what it has got
	taken     uint64
	got       uint64
	sent      uint64
	before    uint64   // of sent, before this connection
	sizes     []uint32 // of the parts behind taken, in bytes
	unread    int      // bytes that were sent and not taken
	window    int      // how many of these there may be
	pace      pace.Window
}

// fed is how many parts there are so far.
func (b *body) fed() uint64 { return b.taken + uint64(len(b.sizes)) }

// begin is that of exchange.
func (b *body) begin(known bool, window int) {
	b.waits, b.completed, b.before = known && b.open, false, b.sent
	if b.got == 0 {
		b.window = window
	}
	if !known {
		b.goOn(0)
	}
}

// goOn has what the server has not got be sent, perhaps again. The line is
// another one.
func (b *body) goOn(now time.Duration) {
	b.waits = false
	b.sent, b.unread = b.got, b.bytes(b.got)
	b.pace = pace.Window{}
	b.pace.Sent(now, b.unread, true)
}

// bytes is the size of the first n parts, without those that were taken.
func (b *body) bytes(n uint64) (bytes int) {
	for _, size := range b.sizes[:n-b.taken] {
		bytes += int(size)
	}
	return bytes
}

// ready reports whether a part may go. One that is larger than the window goes
// when all before it were taken.
func (b *body) ready() bool {
	if b.waits || b.sent == b.fed() || b.window == 0 {
		return false
	}
	return b.sent == b.taken || b.unread+b.next() <= min(b.window, b.pace.Size())
}

// next is the size of the part that goes next.
func (b *body) next() int { return int(b.sizes[b.sent-b.taken]) }

// run takes the next parts: one, or several small ones that fit into room with a
// message for each.
func (b *body) run(now time.Duration, room int) (from uint64, count uint32, bytes int) {
	from = b.sent
	for most := b.pace.Chunk(); b.ready(); count++ {
		size, others := b.next(), int(count)*partOverhead
		if count > 0 && (bytes+size > most || others > most || bytes+size+others > room) {
			break
		}
		b.sent++
		b.unread += size
		bytes += size
	}
	if b.sent < b.fed() && !b.ready() {
		b.pace.Full()
	}
	b.pace.Sent(now, bytes, true)
	return from, count, bytes
}

// reached notes that the server has got the first n parts. It reports whether
// that can be.
func (b *body) reached(n uint64) (can bool) {
	if can = n <= b.sent; can {
		b.got = max(b.got, n)
	}
	return can
}

// credit notes that the handler has taken the first n parts, and how many bytes
// of others there may be. It reports whether that can be.
func (b *body) credit(now time.Duration, n uint64, window int) (can bool) {
	if n < b.taken || !b.reached(n) {
		return false
	}
	bytes := b.bytes(n)
	b.pace.Taken(now, bytes)
	b.sizes = b.sizes[n-b.taken:]
	b.unread -= bytes
	b.taken, b.window = n, window
	return true
}

// stream is the reply as far as it comes in parts. Of these, the page has read
// some, of which the server was told of the first.
type stream struct {
	_       incomparable
	arrived uint64
	read    uint64
	told    uint64
	asked   uint64 // the server wants to be told of so many
	bytes   int    // of parts behind told that have arrived
	window  int    // how many bytes of those there may be; 0: there is no stream
	due     bool   // the server is to be told now
}

func newStream(window int) stream { return stream{window: window} }

func (s *stream) arrive(n, bytes int, asked bool) {
	s.arrived += uint64(n)
	s.bytes += bytes
	if asked {
		s.asked = s.arrived
	}
}

// take notes that the page has read n parts. The server is told when a quarter
// of the window is used up, so that what it grants is there before it needs it;
// and earlier where it has asked, since it sees by that how quick the line is.
func (s *stream) take(n int) {
	s.read = min(s.read+uint64(n), s.arrived)
	asked := s.told < s.asked && s.asked <= s.read
	s.due = s.due || asked || s.unsaid() && s.used() >= s.window/4
}

// unsaid reports whether the page has read more than the server was told.
func (s *stream) unsaid() bool { return s.read > s.told }

// used is how many bytes were read that the server was not told of, as if all
// parts were of one size.
func (s *stream) used() int {
	if s.read == s.arrived {
		return s.bytes
	}
	return int(uint64(s.bytes) / (s.arrived - s.told) * (s.read - s.told))
}

// tell takes what the server is told now.
func (s *stream) tell() (taken uint64, window int) {
	s.bytes -= s.used()
	s.told, s.due = s.read, false
	return s.told, s.window
}

// pieces are those of a large request.
type pieces struct {
	_    incomparable
	size int // bytes, 0 if it goes as it is
	sent int // of these, on this connection
}

// exchanges are those of all calls that have one.
type exchanges struct {
	byKey  map[protocol.Key]*exchange
	due    []*exchange // that may have something to send, in turn
	unsaid bool        // some stream has unsaid parts
}

func (s *exchanges) add(x *exchange) {
	if s.byKey == nil {
		s.byKey = map[protocol.Key]*exchange{}
	}
	s.byKey[x.key] = x
}

func (s *exchanges) find(key protocol.Key) *exchange { return s.byKey[key] }

// stir has the next frame look what an exchange has to send.
func (s *exchanges) stir(x *exchange) {
	if !x.listed {
		x.listed = true
		s.due = append(s.due, x)
	}
}

// say has the server be told of all that was read. It goes with an ack, so that a
// server which waits for more than we know of does not wait for ever.
func (s *exchanges) say() {
	if !s.unsaid {
		return
	}
	s.unsaid = false
	for _, x := range s.byKey {
		if x.stream.unsaid() {
			x.stream.due = true
			s.stir(x)
		}
	}
}
