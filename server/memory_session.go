package server

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// maxRuns is how many runs the keys of a session may form, 16 bytes each.
// Clients count up; a gap is a call that was given up before it was sent.
const maxRuns = 1024

// A memorySession is a session of a MemoryStore.
type memorySession struct {
	store  *MemoryStore
	name   sessionName
	opened time.Time     // the present connection, or else the last; protected by store.mutex
	until  time.Time     // protected by store.mutex, as is
	place  *list.Element // in store.waiting, nil if it is attached

	mutex   sync.Mutex // protects following
	present *memoryHold
	holds   []*memoryHold // those that have not called Close
	seen    ranges        // keys that never get Fresh again
	gone    ranges        // those of seen that will have no outcome any more
	kept    frameQueue
	total   uint64 // outcomes appended
	acked   uint64
	dropped uint64 // the last outcome that was dropped to keep the bounds
	sent    uint64 // outcomes that may have been sent when the last connection ended
	heard   bool   // the client has heard the welcome that began the session
	lossy   bool   // seen has forgotten keys
	ended   bool
}

// A memoryHold is one connection's hold of a session: a Session.
type memoryHold struct {
	session *memorySession
	owner   SessionOwner
	at      int // in session.holds
}

// take makes a the present hold.
func (s *memorySession) take(a *memoryHold) {
	a.session, a.at = s, len(s.holds)
	s.holds = append(s.holds, a)
	s.present = a
}

// attach makes a the present hold in place of before, if the session can be
// resumed.
func (s *memorySession) attach(a *memoryHold, r SessionRequest) (before *memoryHold, acked uint64, resumed bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	before = s.present
	if !r.Resume || !s.heard || s.lossy || r.Ack > s.total || max(r.Ack, s.acked) < s.dropped {
		return before, 0, false
	}
	s.opened = r.Opened
	s.ack(r.Ack)
	s.take(a)
	acked = s.total
	if first := s.kept.first(); first != nil {
		acked = first.before()
	}
	return before, acked, true
}

// detach tells whether the session is to be kept, and whether a was present.
func (s *memorySession) detach(a *memoryHold) (keep, was bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.present != a {
		return false, false
	}
	s.present = nil
	s.sent = s.total
	return s.heard && !s.lossy, true
}

// end ends the session and returns whom to tell.
func (s *memorySession) end() (owners []SessionOwner) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended {
		return nil
	}
	s.ended, s.present = true, nil
	s.store.bytes.Add(-int64(s.kept.bytes))
	s.kept = frameQueue{}
	for _, a := range s.holds {
		owners = append(owners, a.owner)
	}
	return owners
}

// lost is why a may not use the session.
func (s *memorySession) lost(a *memoryHold) error {
	switch {
	case s.present == a:
		return nil
	case s.ended:
		return ErrForgotten
	}
	return ErrReplaced
}

func (a *memoryHold) Begin(keys []protocol.Key) (verdicts []Verdict, err error) {
	s := a.session
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.lost(a); err != nil {
		return nil, err
	}
	for i, key := range keys {
		if s.see(key) {
			continue
		}
		if verdicts == nil {
			verdicts = make([]Verdict, len(keys))
		}
		verdicts[i] = s.verdict(key)
	}
	return verdicts, nil
}

func (a *memoryHold) Look(keys []protocol.Key) ([]Verdict, error) {
	s := a.session
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.lost(a); err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(keys))
	for i, key := range keys {
		if s.seen.has(key) {
			verdicts[i] = s.verdict(key)
		}
	}
	return verdicts, nil
}

// verdict is that of a key in seen.
func (s *memorySession) verdict(key protocol.Key) Verdict {
	if s.gone.has(key) {
		return Past
	}
	return Known
}

// see adds a key to seen, if it is not there. Where there are too many runs,
// the honest answer is that the session can't be resumed. Then seen serves
// only to find a key that comes twice in a row.
func (s *memorySession) see(key protocol.Key) bool {
	if !s.seen.add(key) {
		return false
	}
	if n := len(s.seen); n > maxRuns {
		s.lossy = true
		s.seen, s.gone = ranges{s.seen[n-1]}, nil
	}
	return true
}

// pass notes that a key will have no outcome any more.
func (s *memorySession) pass(key protocol.Key) {
	if !s.lossy { // else nobody will ask
		s.gone.add(key)
	}
}

func (a *memoryHold) Append(frame []byte, keys []protocol.Key) (last uint64, err error) {
	s := a.session
	kept := keep(frame, keys)
	s.mutex.Lock()
	if s.ended {
		s.mutex.Unlock()
		kept.free()
		return 0, ErrForgotten
	}
	s.total += uint64(len(keys))
	last = s.total
	kept.last = last
	s.kept.push(kept)
	s.store.bytes.Add(int64(kept.size()))
	s.bound()
	dead := s.present == nil && s.dropped > s.sent
	present := s.present
	s.mutex.Unlock()
	if dead { // no client can have what was dropped
		s.store.drop(s)
		return 0, ErrForgotten
	}
	if present != nil && present != a {
		present.owner.Appended()
	}
	return last, nil
}

// bound drops the oldest outcomes until the bounds are kept.
func (s *memorySession) bound() {
	o := &s.store.options
	for s.kept.outcomes > o.MaxOutcomes || s.kept.bytes > o.MaxBytes || s.greedy() {
		first := s.kept.first()
		if first == nil {
			return
		}
		s.dropped = first.last
		s.release()
	}
}

// greedy tells whether this session must make room for others.
func (s *memorySession) greedy() bool {
	limit := int64(s.store.options.MaxTotalBytes)
	total := s.store.bytes.Load()
	return total > limit || total > limit/2 && int64(s.kept.bytes) > limit/2/s.store.count.Load()
}

// release lets the oldest kept frame go.
func (s *memorySession) release() {
	frame := s.kept.pop()
	s.store.bytes.Add(-int64(frame.size()))
	for _, key := range frame.keys {
		s.pass(key)
	}
	frame.free()
}

func (a *memoryHold) Next(after uint64) (frame []byte, last uint64, err error) {
	s := a.session
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.lost(a); err != nil {
		return nil, 0, err
	}
	kept := s.kept.after(after)
	switch {
	case kept != nil && kept.before() <= after:
		kept.lent = true
		return kept.text, kept.last, nil
	case kept == nil && after >= s.total:
		return nil, 0, nil
	}
	return nil, 0, ErrForgotten
}

func (a *memoryHold) Ack(n uint64) error {
	s := a.session
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.lost(a); err != nil {
		return err
	}
	s.heard = true
	s.ack(n)
	return nil
}

// ack lets go of the frames that have arrived whole.
func (s *memorySession) ack(n uint64) {
	s.acked = max(s.acked, min(n, s.total))
	for first := s.kept.first(); first != nil && first.last <= s.acked; first = s.kept.first() {
		s.release()
	}
}

func (a *memoryHold) Cancel(key protocol.Key) error {
	s := a.session
	s.mutex.Lock()
	if err := s.lost(a); err != nil {
		s.mutex.Unlock()
		return err
	}
	s.see(key)
	s.pass(key)
	var others []SessionOwner
	for _, h := range s.holds {
		if h != a {
			others = append(others, h.owner)
		}
	}
	s.mutex.Unlock()
	for _, o := range others {
		o.Canceled(key)
	}
	return nil
}

func (a *memoryHold) Detach() { a.session.store.detach(a) }
func (a *memoryHold) Forget() { a.session.store.drop(a.session) }

func (a *memoryHold) Close() {
	s := a.session
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.holds[len(s.holds)-1]
	s.holds[a.at], last.at = last, a.at
	s.holds = slices.Delete(s.holds, len(s.holds)-1, len(s.holds))
}
