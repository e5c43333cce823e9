package sendq

import (
	"slices"

	"github.com/sockjax/sockjax/protocol"
)

// What leaves a connection under the keys of streams. All other messages go
// before parts, and the streams that have some take turns: each sends one chunk,
// or a run of small parts.

// Part adds as much of a part as there is room and credit for, and returns how
// many bytes that was: of a part of JSON, all or nothing. Where it is not ok,
// nothing was added: try again after s.Wake.
func (q *Queue) Part(s *Stream, data []byte, bytes bool) (n int, ok, write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped || s.dropped {
		return len(data), true, false
	}
	if s.added == 0 {
		s.pace = q.line.Window()
	}
	n, ok = s.credit(len(data), bytes)
	switch {
	case !ok, s.pending >= maxPending:
		return 0, false, false
	case q.bulk > q.limit/2:
		q.crowded = append(q.crowded, s)
		return 0, false, false
	}
	before := s.pending
	s.add(data[:n], bytes)
	q.grow(s, s.pending-before)
	return n, true, q.mustWrite()
}

// grow notes that so many bytes more wait in a stream.
func (q *Queue) grow(s *Stream, more int) {
	q.waiting.Add(int64(more))
	q.bulk += more
	if !s.queued {
		s.queued = true
		q.ring = append(q.ring, s)
	}
}

// Taken notes what the client has taken of a stream. It returns false if that
// says nothing new, or can't be.
func (q *Queue) Taken(s *Stream, n uint64, window int) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	news := s.take(n, window)
	q.line.Learn(&s.pace)
	return news
}

// End adds the outcome of a stream, behind its parts. text is encoded, or nil:
// then data is the reply, in bytes if that is set.
func (q *Queue) End(s *Stream, text, data []byte, bytes bool) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped || s.dropped {
		return false
	}
	s.last = outcome{set: true, text: text, data: data, bytes: bytes}
	if s.isEmpty() {
		q.release(s)
	}
	return q.mustWrite()
}

// release lets the outcome leave of a stream whose parts have left.
func (q *Queue) release(s *Stream) {
	last := s.last
	s.last, s.dropped = outcome{}, true
	switch {
	case last.text != nil:
		q.addOutcome(s.key, last.text)
	case last.bytes:
		q.addBytes(s.key, last.data)
	case len(last.data) > LargeReply:
		s.large, s.dropped = last.data, false
		q.grow(s, len(s.large))
		return
	default:
		q.addReply(s.key, last.data)
	}
	q.due = q.open != nil
}

// LargeReply is the size in bytes above which replies go in pieces to clients
// that read binary frames.
const LargeReply = 256 << 10

// Large adds a large reply, which leaves in pieces. Nobody may change data.
func (q *Queue) Large(key protocol.Key, data []byte) (write bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.dropped {
		return false
	}
	q.grow(&Stream{key: key, large: data}, len(data))
	return q.mustWrite()
}

// Abandon lets go of what waits in a stream: nobody waits for it.
func (q *Queue) Abandon(s *Stream) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	less := s.drop()
	if s.queued {
		s.queued = false
		q.ring = slices.DeleteFunc(q.ring, func(other *Stream) bool { return other == s })
	}
	if !q.dropped {
		q.waiting.Add(-int64(less))
		q.shrink(less)
		q.changed.Broadcast()
	}
}

// takePart takes the frame of the stream whose turn it is.
func (q *Queue) takePart() *outcomes {
	i := 0
	if q.finishes && !q.cut {
		i = slices.IndexFunc(q.ring, isLast)
	}
	s := q.ring[i]
	q.ring = slices.Delete(q.ring, i, i+1)
	f, less := s.next()
	q.waiting.Add(int64(f.size() - less))
	q.shrink(less)
	s.queued = !s.isEmpty()
	switch {
	case s.queued:
		q.ring = append(q.ring, s)
	case s.last.set:
		q.release(s) // behind this frame: one goroutine writes
	}
	s.wake()
	return f
}

// shrink notes that less waits in the streams.
func (q *Queue) shrink(less int) {
	if q.bulk -= less; q.bulk <= q.limit/2 {
		for _, s := range q.crowded {
			s.wake()
		}
		q.crowded = q.crowded[:0]
	}
}
