package session

import (
	"context"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A MemoryStore is a Store in the memory of this process. Several Servers may
// share one; a new Server that takes over the store of one that has been shut
// down can resume all sessions.
type MemoryStore struct {
	options MemoryStoreOptions
	limits  limits

	mutex    sync.Mutex // protects following; taken before that of a session
	sessions map[sessionName]*memorySession
	waiting  waiting
	timer    *time.Timer
}

// NewMemoryStore makes a MemoryStore. opts may be nil. It panics on options
// that can't work.
func NewMemoryStore(opts *MemoryStoreOptions) *MemoryStore {
	m := &MemoryStore{options: opts.withDefaults(), sessions: make(map[sessionName]*memorySession)}
	m.limits.options = &m.options
	return m
}

// Attach implements Store.
func (m *MemoryStore) Attach(_ context.Context, r Request, owner Owner) (_ Session, acked uint64, resumed bool, err error) {
	name := sessionName{r.Principal, r.ID}
	a := &attachment{store: m, handle: handle{owner: owner}}
	m.mutex.Lock()
	s := m.sessions[name]
	if s != nil && r.Opened.Before(s.opened) {
		m.mutex.Unlock()
		return nil, 0, false, ErrReplaced
	}
	var before *handle
	if s != nil {
		m.stopWaiting(s)
		before, acked, resumed = s.resume(&a.handle, r)
	}
	var forgotten []Owner
	if !resumed {
		if s != nil {
			forgotten = m.forget(s)
		}
		s = &memorySession{limits: &m.limits, name: name, opened: r.Opened, address: r.Address}
		s.heard = !r.Resume // a client that asks to resume does not know yet that it can't
		s.take(&a.handle)
		m.sessions[name] = s
		m.limits.sessions.Store(int64(len(m.sessions)))
	}
	a.session = s
	m.mutex.Unlock()
	if before != nil {
		before.owner.Replaced()
	}
	tellForgotten(forgotten)
	return a, acked, resumed, nil
}

// forget takes a session out and returns whom to tell. The caller holds the
// mutex.
func (m *MemoryStore) forget(s *memorySession) []Owner {
	if m.sessions[s.name] == s {
		delete(m.sessions, s.name)
		m.limits.sessions.Store(int64(len(m.sessions)))
	}
	m.stopWaiting(s)
	return s.end()
}

// drop forgets a session for good.
func (m *MemoryStore) drop(s *memorySession) {
	m.mutex.Lock()
	owners := m.forget(s)
	m.mutex.Unlock()
	tellForgotten(owners)
}

func tellForgotten(owners []Owner) {
	for _, o := range owners {
		o.Forgotten()
	}
}

// detach keeps the session for a while, if it can be resumed.
func (m *MemoryStore) detach(s *memorySession, h *handle) {
	m.mutex.Lock()
	keep, worth, was := s.detach(h)
	var owners []Owner
	switch {
	case !was:
	case !keep:
		owners = m.forget(s)
	default:
		s.place = &waiter{session: s, party: s.party(), until: time.Now().Add(m.options.Keep), worth: worth}
		m.waiting.add(s.place)
		if w := m.waiting.excess(s.place.party, m.options.MaxSessionsPerPrincipal, m.options.MaxSessions); w != nil {
			owners = m.forget(w.session)
		}
		m.arm()
	}
	m.mutex.Unlock()
	tellForgotten(owners)
}

// stopWaiting takes a session out of those that wait. The caller holds the
// mutex.
func (m *MemoryStore) stopWaiting(s *memorySession) {
	if s.place != nil {
		m.waiting.remove(s.place)
		s.place = nil
	}
}

// arm has expire called when the first session's time is over, or not long
// before. The caller holds the mutex.
func (m *MemoryStore) arm() {
	if m.timer != nil {
		return
	}
	if first := m.waiting.first(); first != nil {
		m.timer = time.AfterFunc(time.Until(first.until), m.expire)
	}
}

func (m *MemoryStore) expire() {
	m.mutex.Lock()
	m.timer = nil
	var owners []Owner
	now := time.Now()
	for first := m.waiting.first(); first != nil && !first.until.After(now); first = m.waiting.first() {
		owners = append(owners, m.forget(first.session)...)
	}
	m.arm()
	m.mutex.Unlock()
	tellForgotten(owners)
}

// MemoryStoreStats are what a MemoryStore keeps at the moment.
type MemoryStoreStats struct {
	// Sessions are all of them.
	Sessions int

	// Waiting are those that have no connection, which MaxSessions bounds.
	Waiting int

	// Bytes are those of outcomes that clients have not acknowledged, of all
	// sessions, which MaxTotalBytes bounds.
	Bytes int
}

// Stats counts, and costs next to nothing.
func (m *MemoryStore) Stats() MemoryStoreStats {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return MemoryStoreStats{Sessions: len(m.sessions), Waiting: m.waiting.all.len(), Bytes: int(m.limits.bytes.Load())}
}

// An attachment is a Session of a MemoryStore. It blocks only where Append has
// to wait for the client to take parts.
type attachment struct {
	handle
	store   *MemoryStore
	session *memorySession
}

func (a *attachment) Begin(_ context.Context, keys []protocol.Key) ([]Verdict, error) {
	return a.session.begin(&a.handle, keys)
}

func (a *attachment) Peek(_ context.Context, keys []protocol.Key) ([]Verdict, error) {
	return a.session.peek(&a.handle, keys)
}

func (a *attachment) Append(ctx context.Context, frame []byte, keys []protocol.Key) (last uint64, err error) {
	last, tell, dead, err := a.session.append(ctx, &a.handle, frame, keys)
	if dead {
		a.store.drop(a.session)
		return 0, ErrForgotten
	}
	if tell != nil {
		tell.Appended()
	}
	return last, err
}

func (a *attachment) Next(_ context.Context, after uint64) (frame []byte, last uint64, err error) {
	return a.session.next(&a.handle, after)
}

func (a *attachment) Ack(_ context.Context, n uint64) error { return a.session.heardOf(&a.handle, n) }

func (a *attachment) Cancel(_ context.Context, key protocol.Key) error {
	others, err := a.session.cancel(&a.handle, key)
	for _, o := range others {
		o.Canceled(key)
	}
	return err
}

func (a *attachment) Deliver(_ context.Context, key protocol.Key, frame []byte) error {
	others, err := a.session.deliver(&a.handle)
	for _, o := range others {
		o.Delivered(key, frame)
	}
	return err
}

func (a *attachment) Detach(context.Context) { a.store.detach(a.session, &a.handle) }
func (a *attachment) Forget(context.Context) { a.store.drop(a.session) }
func (a *attachment) Close(context.Context)  { a.session.close(&a.handle) }
