package session

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A memorySession is a session in memory.
type memorySession struct {
	limits *limits
	name   sessionName

	// protected by the store's mutex
	opened  time.Time // the present connection, or else the last
	address string    // from which that came
	place   *waiter   // nil while it is attached

	mutex   sync.Mutex // protects following
	present *handle
	handles []*handle // those that have not called Close
	record
	frames  frameQueue
	fetched int64 // bytes of frames that an owner has had to send: see frameQueue.came
	ended   bool
	moves   chan struct{} // closed when parts that wait may be appended; nil if none do
}

type sessionName struct{ principal, id string }

// party is who keeps the session when it has no connection.
func (s *memorySession) party() party {
	if s.name.principal != "" {
		return party{principal: s.name.principal}
	}
	return party{address: s.address}
}

// A handle is one owner's way to a session.
type handle struct {
	owner Owner
	at    int // in session.handles
}

// take makes h the present handle.
func (s *memorySession) take(h *handle) {
	h.at = len(s.handles)
	s.handles = append(s.handles, h)
	s.present = h
}

// resume makes h the present handle in place of another one, which may be nil,
// if the session can be resumed.
func (s *memorySession) resume(h *handle, r Request) (before *handle, acked uint64, resumed bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	before = s.present
	if !s.resumable(r) {
		return before, 0, false
	}
	s.opened, s.address = r.Opened, r.Address
	s.ack(r.Ack)
	s.take(h)
	acked = s.appended
	if first := s.frames.first(); first != nil {
		acked = first.before()
	}
	s.fetched = s.frames.came - int64(s.frames.bytes)
	s.move()
	return before, acked, true
}

// detach tells whether the session is to be kept, what it is worth, and whether
// h was present. The worth holds until the next resume: nobody cancels or
// acknowledges, and a call that runs now will have an outcome.
func (s *memorySession) detach(h *handle) (keep bool, w worth, was bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.present != h {
		return false, nothing, false
	}
	s.present = nil
	s.sent = s.appended
	s.move()
	if !s.keys.allDone() || s.frames.first() != nil {
		w = calls
	}
	return s.keepable(), w, true
}

// end ends the session and returns whom to tell.
func (s *memorySession) end() (owners []Owner) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended {
		return nil
	}
	s.ended, s.present = true, nil
	s.move()
	s.limits.bytes.Add(-int64(s.frames.bytes))
	s.frames = frameQueue{}
	for _, h := range s.handles {
		owners = append(owners, h.owner)
	}
	return owners
}

// denied is why h may not use the session.
func (s *memorySession) denied(h *handle) error {
	switch {
	case s.present == h:
		return nil
	case s.ended:
		return ErrForgotten
	}
	return ErrReplaced
}

func (s *memorySession) begin(h *handle, keys []protocol.Key) (verdicts []Verdict, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.denied(h); err != nil {
		return nil, err
	}
	for i, key := range keys {
		verdict := s.keys.begin(key)
		if verdict == New {
			continue
		}
		if verdicts == nil {
			verdicts = make([]Verdict, len(keys))
		}
		verdicts[i] = verdict
	}
	return verdicts, nil
}

func (s *memorySession) peek(h *handle, keys []protocol.Key) ([]Verdict, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.denied(h); err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(keys))
	for i, key := range keys {
		verdicts[i] = s.keys.peek(key)
	}
	return verdicts, nil
}

// append returns whom to tell. dead means that the session must be forgotten.
func (s *memorySession) append(ctx context.Context, h *handle, frame []byte, keys []protocol.Key) (last uint64, tell Owner, dead bool, err error) {
	f := store(frame, keys)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(f.keys) == 0 {
		if err := s.wait(ctx, h); err != nil {
			f.free()
			return 0, nil, false, err
		}
	}
	if s.ended {
		f.free()
		return 0, nil, false, ErrForgotten
	}
	if s.present == h && s.fetched == s.frames.came {
		s.fetched += int64(f.size()) // h sends it itself
	}
	s.appended += uint64(len(keys))
	f.last = s.appended
	s.frames.push(f)
	s.limits.bytes.Add(int64(f.size()))
	s.bound()
	if s.present != nil && s.present != h {
		tell = s.present.owner
	}
	return s.appended, tell, s.present == nil && s.unreachable(), nil
}

// How many bytes of parts a handler may be ahead of the client while another
// connection sends them, and while there is none. Credit bounds them too, but by
// as much as the client likes, and all calls of the next connection wait behind
// them.
const (
	aheadOfOther = 128 << 10
	aheadOfNone  = 1 << 20
)

// wait waits until h may append parts. The caller holds the mutex.
func (s *memorySession) wait(ctx context.Context, h *handle) error {
	for !s.ended && s.present != h && s.isAhead() {
		if s.moves == nil {
			s.moves = make(chan struct{})
		}
		moves := s.moves
		s.mutex.Unlock()
		var err error
		select {
		case <-moves:
		case <-ctx.Done():
			err = ctx.Err()
		}
		s.mutex.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *memorySession) isAhead() bool {
	if s.present != nil {
		return s.frames.came-s.fetched > aheadOfOther
	}
	return s.frames.bytes > min(aheadOfNone, s.limits.options.MaxBytes/2)
}

// move lets those look again that wait.
func (s *memorySession) move() {
	if s.moves != nil {
		close(s.moves)
		s.moves = nil
	}
}

// bound drops the oldest outcomes until the limits are kept.
func (s *memorySession) bound() {
	for s.limits.exceeded(&s.frames) {
		first := s.frames.first()
		if first == nil {
			return
		}
		s.dropped = first.last
		s.release()
	}
}

// release frees the oldest frame.
func (s *memorySession) release() {
	frame := s.frames.pop()
	s.limits.bytes.Add(-int64(frame.size()))
	for _, key := range frame.keys {
		s.keys.finish(key)
	}
	frame.free()
}

func (s *memorySession) next(h *handle, after uint64) (frame []byte, last uint64, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.denied(h); err != nil {
		return nil, 0, err
	}
	f := s.frames.after(after)
	switch {
	case f != nil && f.before() <= after:
		f.lent = true
		if f.upTo > s.fetched {
			s.fetched = f.upTo
			s.move()
		}
		return f.text, f.last, nil
	case f == nil && after >= s.appended:
		return nil, 0, nil
	}
	return nil, 0, ErrForgotten
}

// heardOf is an Ack.
func (s *memorySession) heardOf(h *handle, n uint64) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.denied(h); err != nil {
		return err
	}
	s.heard = true
	s.ack(n)
	return nil
}

// ack frees the frames that have arrived whole.
func (s *memorySession) ack(n uint64) {
	s.acknowledge(n)
	for first := s.frames.first(); first != nil && first.last <= s.acked; first = s.frames.first() {
		s.release()
	}
}

// cancel returns whom to tell.
func (s *memorySession) cancel(h *handle, key protocol.Key) (others []Owner, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.denied(h); err != nil {
		return nil, err
	}
	s.keys.cancel(key)
	return s.others(h), nil
}

// deliver returns whom to tell.
func (s *memorySession) deliver(h *handle) (others []Owner, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.denied(h); err != nil {
		return nil, err
	}
	return s.others(h), nil
}

// others are the owners beside h.
func (s *memorySession) others(h *handle) (others []Owner) {
	for _, other := range s.handles {
		if other != h {
			others = append(others, other.owner)
		}
	}
	return others
}

func (s *memorySession) close(h *handle) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.handles[len(s.handles)-1]
	s.handles[h.at], last.at = last, h.at
	s.handles = slices.Delete(s.handles, len(s.handles)-1, len(s.handles))
}
