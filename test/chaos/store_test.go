package chaos_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// watched is a SessionStore that tells the ledger which sessions are lost, and
// for what reason.
type watched struct {
	server.SessionStore
	memory *server.MemoryStore // the same
	ledger *ledger
	first  bool // no other one has been there before

	mu       sync.Mutex // protects following, and what is in each
	sessions map[string]*watchedState
}

type watchedState struct {
	heard     bool // the client knows that the session is here
	forgotten bool // the server has given it up: it could not end its calls
	present   *watchedSession
	left      time.Time // when the last of these began to end; zero while there is one
	appended  uint64    // outcomes
	acked     uint64    // of these
}

// keep is how long a session is kept: longer than any outage here.
const keep = 5 * time.Second

func newWatched(l *ledger, first bool) *watched {
	store := server.NewMemoryStore(&server.MemoryStoreOptions{Keep: keep})
	return &watched{SessionStore: store, memory: store, ledger: l, first: first, sessions: map[string]*watchedState{}}
}

func (w *watched) Attach(ctx context.Context, r server.SessionRequest, owner server.SessionOwner) (server.Session, uint64, bool, error) {
	session, acked, resumed, err := w.SessionStore.Attach(ctx, r, owner)
	if err != nil {
		return session, acked, resumed, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sessions[r.ID]
	if !resumed {
		if r.Resume {
			w.ledger.lost(r.ID, w.why(s))
		}
		s = &watchedState{heard: !r.Resume}
		w.sessions[r.ID] = s
	}
	s.present, s.left = &watchedSession{session, w, s}, time.Time{}
	s.acked = max(s.acked, r.Ack)
	return s.present, acked, resumed, nil
}

// baseless is the reason that must not be.
const baseless = "for no reason"

// why is the reason for which a client could not resume a session.
func (w *watched) why(s *watchedState) string {
	switch {
	case s == nil && w.first:
		return "the hello before got lost"
	case s == nil:
		return "the store is new"
	case s.forgotten:
		return "the server was killed while it ran calls"
	case !s.heard:
		return "the welcome before got lost, and that told of a loss"
	case !s.left.IsZero() && time.Since(s.left) >= keep:
		return "it had been away for too long"
	}
	return baseless
}

type watchedSession struct {
	server.Session
	store *watched
	state *watchedState
}

func (s *watchedSession) note(change func(*watchedState)) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	change(s.state)
}

func (s *watchedSession) Append(ctx context.Context, frame []byte, keys []protocol.Key) (uint64, error) {
	last, err := s.Session.Append(ctx, frame, keys)
	if err == nil {
		s.note(func(n *watchedState) { n.appended = max(n.appended, last) })
	}
	return last, err
}

func (s *watchedSession) Ack(ctx context.Context, n uint64) error {
	err := s.Session.Ack(ctx, n)
	if err == nil {
		s.note(func(now *watchedState) { now.heard, now.acked = true, max(now.acked, n) })
	}
	return err
}

// Detach may come long after another connection has taken the session over:
// closing one whose peer is silent takes seconds. It means nothing then.
func (s *watchedSession) Detach(ctx context.Context) {
	s.note(func(n *watchedState) {
		if n.present == s {
			n.present, n.left = nil, time.Now()
		}
	})
	s.Session.Detach(ctx)
}

func (s *watchedSession) Forget(ctx context.Context) {
	s.note(func(n *watchedState) { n.forgotten = true })
	s.Session.Forget(ctx)
}

// A connection that has been taken over ends last, and the session's time runs
// out meanwhile: that is a reason.
func TestChaosJudgesTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		w := newWatched(l, true)
		attach := func(resume bool) (server.Session, bool) {
			time.Sleep(time.Second)
			r := server.SessionRequest{ID: "1", Resume: resume, Opened: time.Now()}
			session, _, resumed, err := w.Attach(t.Context(), r, nobody{})
			if err != nil {
				t.Fatal(err)
			}
			return session, resumed
		}
		first, _ := attach(false)
		second, resumed := attach(true)
		if !resumed {
			t.Fatal("the session is not resumed")
		}
		second.Detach(t.Context())
		time.Sleep(keep - time.Second/2)
		first.Detach(t.Context())
		if _, resumed := attach(true); resumed {
			t.Fatal("the session is kept for too long")
		}
		if want := map[string]int{"it had been away for too long": 1}; !maps.Equal(l.reasons, want) {
			t.Errorf("got %v, want %v", l.reasons, want)
		}
	})
}

// unacked are outcomes of the last sessions of all clients that these have not
// acknowledged yet.
func (w *watched) unacked() int {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, sessions := range w.ledger.sessions {
		if s := w.sessions[sessions[len(sessions)-1]]; s != nil && s.appended > s.acked {
			n += int(s.appended - s.acked)
		}
	}
	return n
}

// nobody is the owner of a session that the test looks into.
type nobody struct{}

func (nobody) Replaced()                      {}
func (nobody) Forgotten()                     {}
func (nobody) Appended()                      {}
func (nobody) Canceled(protocol.Key)          {}
func (nobody) Delivered(protocol.Key, []byte) {}

// acknowledged waits until the clients have acknowledged every outcome. They
// are still connected, and idle.
func (b *incrementers) acknowledged(t *testing.T) {
	t.Helper()
	within(t, 5*time.Second, func() (string, bool) {
		n := b.last().unacked()
		return fmt.Sprintf("%d outcomes are kept that the clients have received", n), n == 0
	})
}

// forgets checks that the store lets go of everything when its time is over.
// All servers have been shut down.
func (b *incrementers) forgets(t *testing.T) {
	t.Helper()
	within(t, 2*keep, func() (string, bool) {
		kept := b.last().memory.Stats()
		return fmt.Sprintf("kept for ever: %+v", kept), kept == server.MemoryStoreStats{}
	})
}

// within fails the test if cond does not become true in time.
func within(t *testing.T, limit time.Duration, cond func() (what string, ok bool)) {
	t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		what, ok := cond()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Error(what)
			return
		}
	}
}

func (b *incrementers) last() *watched {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stores[len(b.stores)-1]
}
