package engine

import (
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
	// Note says that the host sends messages of its own before Items: see
	// Engine.Note. There may be nothing else.
	Note bool
	// Items follow. In plain mode it is one request and nothing else.
	Items []Item[P]
	// Parts follow the items. Where they hold bytes, the frame is a binary one.
	Parts []Part[P]
	// NoParts is set by the host before Next, which leaves it as it is: no parts
	// of bodies now, nor pieces of large requests, since the socket has enough to
	// send. All else goes, and need not wait behind more of them.
	NoParts bool
	// Limit is how many bytes the frame may have. For hosts that count less
	// than there are: they must send what is larger in several frames.
	Limit int
}

// Item is a request or a cancel.
type Item[P any] struct {
	Key     protocol.Key
	Payload P // of a request
	Cancel  bool
	Large   bool // what goes now is its size; the payload follows in pieces
}

// Part is a message about parts, under a call's key.
type Part[P any] struct {
	_       incomparable
	Key     protocol.Key
	From    uint64 // see PartKind, as for the next two
	Payload P
	Count   uint32
	Window  uint32
	Kind    PartKind
}

// PartKind says what a Part is.
type PartKind uint8

const (
	// PartData are Count parts of the body, behind the first From.
	PartData PartKind = iota
	// PartEnd says that the body is complete.
	PartEnd
	// PartTaken says that the first From parts of the stream were read, and that
	// there may be Window bytes of others.
	PartTaken
	// PartPiece are Window bytes of the call's payload, behind the first From.
	PartPiece
)

const (
	// frameTarget is the size at which a frame is full, although the server
	// may accept larger ones: what follows need not wait for all of it to
	// arrive.
	frameTarget = 64 << 10

	cancelSize = len(`{"cancel":9007199254740991},`)
	maxCancels = 1000 // in one frame, well below protocol.FirstFrame
)

func (b *Batch[P]) reset() {
	clear(b.Items) // what the payloads hold on to may go
	clear(b.Parts)
	*b = Batch[P]{Items: b.Items[:0], Parts: b.Parts[:0], NoParts: b.NoParts}
}

func (b *Batch[P]) empty() bool { return b.Bare() && !b.Note }

// Bare tells whether there is nothing but a Note, if that.
func (b *Batch[P]) Bare() bool {
	return b.Word == "" && b.Hello == nil && b.Token == "" && b.Ack == 0 && len(b.Items)+len(b.Parts) == 0
}

// oversized says why a call can't be sent whose payload has this size, and a frame
// with nothing but its request that one: it is too large. One that was sent before
// may have run all the same.
func (e *Engine[P]) oversized(size, frame int, l life) *Error {
	why := tooLarge
	switch large := e.conn.tooLarge(frame); {
	case large && size > e.conn.limits.Message:
	case !large && e.sizes.forbid(frame):
		why = tooLargeToPass
	default:
		return nil
	}
	if l == queued {
		return &Error{CodeInvalid, Unsent, why}
	}
	return &Error{CodeLost, Unknown, why}
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
		return e.sizes.limit(min(limit, frameTarget))
	}
	return limit
}
