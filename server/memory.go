package server

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of MemoryStoreOptions.
const (
	DefaultKeep          = 2 * time.Minute
	DefaultMaxSessions   = 100_000
	DefaultMaxOutcomes   = 8192
	DefaultMaxBytes      = 16 << 20
	DefaultMaxTotalBytes = 256 << 20
)

// MemoryStoreOptions are the bounds of a MemoryStore. The zero value of each
// field means its default.
//
// Outcomes that a client has acknowledged do not count. When one of the bounds
// of a session is exceeded, its oldest outcomes are dropped: it can then be
// resumed only by a client that has received them. What was dropped before it
// was sent makes resuming impossible, and the session is forgotten.
type MemoryStoreOptions struct {
	// Keep is how long a session is kept after its connection has ended.
	// Default: DefaultKeep, 2 min.
	Keep time.Duration

	// MaxSessions is how many sessions without a connection are kept. Where
	// one more comes, the one that has been waiting for the longest is
	// forgotten. Default: DefaultMaxSessions, 100,000; each takes about 1 KB
	// beside its outcomes.
	MaxSessions int

	// MaxOutcomes and MaxBytes bound what is kept for one session. Default:
	// DefaultMaxOutcomes, 8192, and DefaultMaxBytes, 16 MiB.
	MaxOutcomes int
	MaxBytes    int

	// MaxTotalBytes bounds what is kept for all sessions. Beyond half of it,
	// a session may have no more than its equal share of that half. Default:
	// DefaultMaxTotalBytes, 256 MiB.
	MaxTotalBytes int
}

// A MemoryStore is a SessionStore in the memory of this process. Several
// Servers may share one; a new Server that takes over the store of one that
// has been shut down can resume all sessions.
type MemoryStore struct {
	options MemoryStoreOptions
	bytes   atomic.Int64 // in all sessions
	count   atomic.Int64 // of sessions

	mutex    sync.Mutex // protects following; taken before that of a session
	sessions map[sessionName]*memorySession
	waiting  list.List // sessions without a connection, the longest first
	timer    *time.Timer
}

type sessionName struct{ principal, id string }

// NewMemoryStore makes a MemoryStore. opts may be nil. It panics on options
// that can't work.
func NewMemoryStore(opts *MemoryStoreOptions) *MemoryStore {
	m := &MemoryStore{sessions: make(map[sessionName]*memorySession)}
	if opts != nil {
		m.options = *opts
	}
	o := &m.options
	setDefault("Keep", &o.Keep, DefaultKeep, time.Millisecond)
	setDefault("MaxSessions", &o.MaxSessions, DefaultMaxSessions, 1)
	setDefault("MaxOutcomes", &o.MaxOutcomes, DefaultMaxOutcomes, 1)
	setDefault("MaxBytes", &o.MaxBytes, DefaultMaxBytes, 1)
	setDefault("MaxTotalBytes", &o.MaxTotalBytes, DefaultMaxTotalBytes, 1)
	return m
}

// Attach implements SessionStore.
func (m *MemoryStore) Attach(_ context.Context, r SessionRequest, owner SessionOwner) (_ Session, acked uint64, resumed bool, err error) {
	name := sessionName{r.Principal, r.ID}
	a := &memoryHold{owner: owner}
	m.mutex.Lock()
	old := m.sessions[name]
	if old != nil && r.Opened.Before(old.opened) {
		m.mutex.Unlock()
		return nil, 0, false, ErrReplaced
	}
	var before *memoryHold
	if old != nil {
		m.stopWaiting(old)
		before, acked, resumed = old.attach(a, r)
	}
	var forgotten []SessionOwner
	if !resumed {
		if old != nil {
			forgotten = m.forget(old)
		}
		// A client that asks to resume does not know yet that it can't.
		s := &memorySession{store: m, name: name, opened: r.Opened, heard: !r.Resume}
		s.take(a)
		m.sessions[name] = s
		m.count.Store(int64(len(m.sessions)))
	}
	m.mutex.Unlock()
	if before != nil {
		before.owner.Replaced()
	}
	tellForgotten(forgotten)
	return a, acked, resumed, nil
}

// forget takes a session out and returns whom to tell. The caller holds the
// mutex.
func (m *MemoryStore) forget(s *memorySession) []SessionOwner {
	if m.sessions[s.name] == s {
		delete(m.sessions, s.name)
		m.count.Store(int64(len(m.sessions)))
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

func tellForgotten(owners []SessionOwner) {
	for _, o := range owners {
		o.Forgotten()
	}
}

// detach keeps the session for a while, if it can be resumed.
func (m *MemoryStore) detach(a *memoryHold) {
	m.mutex.Lock()
	keep, was := a.session.detach(a)
	var owners []SessionOwner
	switch {
	case !was:
	case !keep:
		owners = m.forget(a.session)
	default:
		a.session.until = time.Now().Add(m.options.Keep)
		a.session.place = m.waiting.PushBack(a.session)
		if m.waiting.Len() > m.options.MaxSessions {
			owners = m.forget(m.waiting.Front().Value.(*memorySession))
		}
		m.watch()
	}
	m.mutex.Unlock()
	tellForgotten(owners)
}

// stopWaiting takes a session out of those that wait. The caller holds the
// mutex.
func (m *MemoryStore) stopWaiting(s *memorySession) {
	if s.place != nil {
		m.waiting.Remove(s.place)
		s.place = nil
	}
}

// watch has expire called when the first session's time is over, or not long
// before. The caller holds the mutex.
func (m *MemoryStore) watch() {
	if m.timer == nil && m.waiting.Len() > 0 {
		first := m.waiting.Front().Value.(*memorySession)
		m.timer = time.AfterFunc(time.Until(first.until), m.expire)
	}
}

func (m *MemoryStore) expire() {
	m.mutex.Lock()
	m.timer = nil
	var owners []SessionOwner
	for now := time.Now(); m.waiting.Len() > 0; {
		first := m.waiting.Front().Value.(*memorySession)
		if first.until.After(now) {
			break
		}
		owners = append(owners, m.forget(first)...)
	}
	m.watch()
	m.mutex.Unlock()
	tellForgotten(owners)
}
