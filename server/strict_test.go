package server_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A strictStore holds the server to what Session promises to a store.
type strictStore struct {
	server.SessionStore
	t testing.TB
}

func (s *strictStore) Attach(ctx context.Context, r server.SessionRequest, o server.SessionOwner) (server.Session, uint64, bool, error) {
	session, acked, resumed, err := s.SessionStore.Attach(ctx, r, o)
	if err != nil {
		return nil, 0, false, err
	}
	return &strictSession{Session: session, t: s.t}, acked, resumed, nil
}

type strictSession struct {
	server.Session
	t                testing.TB
	reader, writer   sync.Mutex // held in the methods that one goroutine calls, or one at a time
	detached, closed atomic.Bool
}

func (s *strictSession) enter(mutex *sync.Mutex, method string) (leave func()) {
	if s.closed.Load() {
		s.t.Errorf("%s after Close", method)
	}
	if !mutex.TryLock() {
		s.t.Errorf("%s at the same time as another", method)
		return func() {}
	}
	return mutex.Unlock
}

func (s *strictSession) Begin(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	defer s.enter(&s.reader, "Begin")()
	if s.detached.Load() {
		s.t.Error("Begin after Detach")
	}
	return s.Session.Begin(ctx, keys)
}

func (s *strictSession) Peek(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	defer s.enter(&s.reader, "Peek")()
	return s.Session.Peek(ctx, keys)
}

func (s *strictSession) Ack(ctx context.Context, n uint64) error {
	defer s.enter(&s.reader, "Ack")()
	return s.Session.Ack(ctx, n)
}

func (s *strictSession) Cancel(ctx context.Context, key protocol.Key) error {
	defer s.enter(&s.reader, "Cancel")()
	return s.Session.Cancel(ctx, key)
}

func (s *strictSession) Append(ctx context.Context, frame []byte, keys []protocol.Key) (uint64, error) {
	defer s.enter(&s.writer, "Append")()
	if got, err := keysOf(frame); err != nil || !slices.Equal(got, keys) {
		s.t.Errorf("Append of %s as the outcomes of %d: %d, %v", frame, keys, got, err)
	}
	return s.Session.Append(ctx, frame, keys)
}

// keysOf are the keys of the outcomes of a frame, and a 0 for all that counts
// beside.
func keysOf(frame []byte) (keys []protocol.Key, err error) {
	r := protocol.NewReader(frame)
	if protocol.IsBinary(frame) {
		r = protocol.NewBinaryReader(frame, false)
	}
	for r.Next() {
		switch m := r.Message(); m.Kind {
		case protocol.DataKind, protocol.ErrorKind:
			keys = append(keys, m.Key)
		case protocol.PartsKind:
			for range protocol.Elements(m.Body) {
				keys = append(keys, 0)
			}
		case protocol.ChunkKind, protocol.GotKind, protocol.TakenKind:
			keys = append(keys, 0)
		default:
			return keys, fmt.Errorf("kind %d", m.Kind)
		}
	}
	return keys, r.Err()
}

func (s *strictSession) Deliver(ctx context.Context, key protocol.Key, frame []byte) error {
	defer s.enter(&s.reader, "Deliver")()
	return s.Session.Deliver(ctx, key, frame)
}

func (s *strictSession) Next(ctx context.Context, after uint64) ([]byte, uint64, error) {
	defer s.enter(&s.writer, "Next")()
	return s.Session.Next(ctx, after)
}

func (s *strictSession) Detach(ctx context.Context) {
	if s.detached.Swap(true) {
		s.t.Error("Detach twice")
	}
	s.Session.Detach(ctx)
}

func (s *strictSession) Close(ctx context.Context) {
	if !s.detached.Load() || s.closed.Swap(true) {
		s.t.Error("Close twice, or before Detach")
	}
	s.Session.Close(ctx)
}

// A deafStore is one whose news travel slowly: nobody hears of what others have
// appended before it is too late.
type deafStore struct {
	server.SessionStore
	appended chan struct{}
}

func (d *deafStore) Attach(ctx context.Context, r server.SessionRequest, o server.SessionOwner) (server.Session, uint64, bool, error) {
	return d.SessionStore.Attach(ctx, r, &deafOwner{o, d})
}

type deafOwner struct {
	server.SessionOwner
	store *deafStore
}

func (d *deafOwner) Appended() { d.store.appended <- struct{}{} }

// Outcomes are sent in the order of their numbers, by whomever they come.
func TestOrderOfOutcomes(t *testing.T) {
	store := &deafStore{server.NewMemoryStore(nil), make(chan struct{}, 1)}
	g := newGated(`"a"`, `"b"`)
	f := serve(t, g.ServeCall, &server.Options{Sessions: store})
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"}]`)
	<-g.started
	f.cut(p)
	p = f.comeBack(t, 0, true, 0)
	g.release[`"a"`] <- nil
	<-store.appended
	p.send(`[{"key":2,"data":"b"}]`)
	<-g.started
	g.release[`"b"`] <- nil
	p.want(`{"key":1,"data":"a"}`, `{"key":2,"data":"b"}`)
	p.quiet()
}
