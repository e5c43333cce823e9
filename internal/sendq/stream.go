package sendq

import (
	"slices"
	"time"

	"github.com/sockjax/sockjax/internal/pace"
	"github.com/sockjax/sockjax/protocol"
)

// A Stream is the parts of one call that are on their way, the client's credit
// for them, and the outcome behind them. The mutex of its Queue protects it.
type Stream struct {
	// Wake gets something when Part may have room again.
	Wake chan struct{}

	key     protocol.Key
	window  int // bytes of parts that the client may have and not have taken
	pace    pace.Window
	added   uint64 // parts
	taken   uint64 // those that the client has taken
	untaken sizes  // of the others
	unasked int    // bytes added since the client was asked to tell what it has taken

	frames  []*outcomes // of parts that have not left; the last may take more
	pending int         // bytes of these
	last    outcome     // what comes behind them
	large   []byte      // a reply that goes in pieces: those that have not left
	begun   bool        // the first of them has
	queued  bool        // it is in the ring
	dropped bool        // nobody waits for it
}

// An outcome is one that waits for the parts before it.
type outcome struct {
	set   bool
	text  []byte // encoded; nil for data
	data  []byte
	bytes bool // data is bytes
}

const (
	// runSize is how many bytes of small parts share a frame, and largePiece is
	// a piece of a large reply, of which the pace is not known.
	runSize    = 16 << 10
	largePiece = 64 << 10

	// leastChunk is the size in bytes below which chunks are not cut.
	leastChunk = 4 << 10

	// maxPending is how many bytes of one stream may wait for their turn: one
	// chunk that leaves and one behind it.
	maxPending = 2 * chunkSize

	// MaxWindow is how much of a stream may be on its way, in bytes, whatever
	// the client asks for.
	MaxWindow = 8 << 20
)

// NewStream makes the stream of a call, for which the client grants so many
// bytes.
func NewStream(key protocol.Key, window int) *Stream {
	return &Stream{Wake: make(chan struct{}, 1), key: key, window: min(window, MaxWindow)}
}

var started = time.Now()

// clock is what the pace of streams is measured with.
func clock() time.Duration { return time.Since(started) }

func (s *Stream) wake() {
	select {
	case s.Wake <- struct{}{}:
	default:
	}
}

// take notes that the client has taken the first n parts. It ignores a number
// that can't be, and returns whether there was anything new.
func (s *Stream) take(n uint64, window int) bool {
	window = min(window, MaxWindow)
	if n < s.taken || n > s.added || n == s.taken && window == s.window {
		return false
	}
	before := s.untaken.bytes
	s.untaken.take(n - s.taken)
	s.pace.Taken(clock(), before-s.untaken.bytes)
	s.taken, s.window = n, window
	s.wake()
	return true
}

// credit is how many bytes of a part may be added: all of them, or some of a
// part of bytes, or 0.
func (s *Stream) credit(size int, bytes bool) (n int, ok bool) {
	window := min(s.window, s.pace.Size())
	free := window - s.untaken.bytes
	if size > free {
		s.pace.Full()
	}
	if bytes {
		// A chunk is cut to what may be sent, but not to crumbs.
		size = min(size, s.pace.Chunk(), max(s.window/4, leastChunk))
		least := min(size, leastChunk, max(window/2, 1))
		return min(size, max(free, 0)), free >= least
	}
	// Clients grant more when they have taken half of the window: to wait for
	// more than that could be for ever. So a larger part goes alone.
	return size, free >= size || window > 0 && s.untaken.bytes <= window/2
}

// add adds a part for which there is credit.
func (s *Stream) add(data []byte, bytes bool) {
	s.added++
	s.untaken.add(len(data))
	s.unasked += len(data)
	ask := s.unasked >= min(s.window, s.pace.Size())/4
	if ask {
		s.unasked = 0
	}
	s.pace.Sent(clock(), len(data), ask)
	var f *outcomes
	if n := len(s.frames); n > 0 {
		f = s.frames[n-1]
	}
	if f == nil || f.whole || f.binary != bytes || f.size()+len(data) > runSize {
		if f != nil {
			s.pending -= f.size()
			f.end()
			s.pending += f.size()
		}
		f = newOutcomes()
		s.frames = append(s.frames, f)
	}
	s.pending -= f.size()
	switch {
	case bytes && len(data) > runSize:
		f.binary = true
		f.lone(0, func(dst []byte) []byte { return asking(protocol.AppendChunk(dst, s.key, -1, len(data)), ask) }, data)
	case bytes:
		f.chunk(s.key, data, ask)
	default:
		f.part(s.key, data, ask)
	}
	s.pending += f.size()
}

// next takes the frame that leaves next, complete, and returns how much less
// waits in the stream.
func (s *Stream) next() (f *outcomes, less int) {
	before := s.pending + len(s.large)
	if len(s.frames) > 0 {
		f = s.frames[0]
		s.pending -= f.size()
		s.frames = slices.Delete(s.frames, 0, 1)
		f.end()
		return f, before - s.pending - len(s.large)
	}
	whole := len(s.large)
	piece := s.large[:min(whole, largePiece)]
	s.large = s.large[len(piece):]
	key := protocol.Key(0)
	if len(s.large) == 0 {
		key = s.key // the last piece is the outcome
	}
	f = newOutcomes()
	f.lone(key, func(dst []byte) []byte {
		if !s.begun {
			dst = append(protocol.AppendText(dst, s.key, whole), ',')
			s.begun = true
		}
		return protocol.AppendChunk(dst, s.key, -1, len(piece))
	}, piece)
	return f, len(piece)
}

// isEmpty tells whether nothing waits but the outcome.
func (s *Stream) isEmpty() bool { return len(s.frames) == 0 && len(s.large) == 0 }

// drop lets go of all that waits, and returns how much that was.
func (s *Stream) drop() (less int) {
	less = s.pending + len(s.large)
	s.frames, s.pending, s.large, s.last, s.dropped = nil, 0, nil, outcome{}, true
	s.wake()
	return less
}

// sizes are those of the parts that were not taken, in their order. Small ones
// share an entry, so that a stream of them takes little memory.
type sizes struct {
	runs  []sizeRun
	bytes int // of all
}

type sizeRun struct{ parts, bytes int }

// smallRun is how many bytes of parts share an entry.
const smallRun = 256

func (z *sizes) add(size int) {
	z.bytes += size
	if n := len(z.runs); n > 0 && z.runs[n-1].bytes+size <= smallRun {
		z.runs[n-1].parts++
		z.runs[n-1].bytes += size
		return
	}
	z.runs = append(z.runs, sizeRun{1, size})
}

// take takes out the first n parts.
func (z *sizes) take(n uint64) {
	done := 0
	for n > 0 && done < len(z.runs) {
		r := &z.runs[done]
		if n < uint64(r.parts) { // as if all of the entry were as large
			share := r.bytes * int(n) / r.parts
			r.parts, r.bytes = r.parts-int(n), r.bytes-share
			z.bytes -= share
			break
		}
		n -= uint64(r.parts)
		z.bytes -= r.bytes
		done++
	}
	z.runs = slices.Delete(z.runs, 0, done)
	if len(z.runs) == 0 && cap(z.runs) > 1024 {
		z.runs = nil
	}
}
