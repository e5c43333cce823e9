package server_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A badStore is a store that fails, or is slow, where it is told to.
type badStore struct {
	server.SessionStore
	fail atomic.Value  // the name of a method
	hold chan struct{} // not nil: Begin waits for it
}

var errStore = errors.New("secret: the disk is full")

func (b *badStore) failing(method string) bool {
	name, _ := b.fail.Load().(string)
	return name == method
}

func (b *badStore) Attach(ctx context.Context, r server.SessionRequest, o server.SessionOwner) (server.Session, uint64, bool, error) {
	if b.failing("Attach") {
		return nil, 0, false, errStore
	}
	s, acked, resumed, err := b.SessionStore.Attach(ctx, r, o)
	return &badSession{s, b, r.ID}, acked, resumed, err
}

type badSession struct {
	server.Session
	store *badStore
	id    string
}

func (b *badSession) Begin(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	if b.store.hold != nil && b.id == session {
		<-b.store.hold
	}
	if b.store.failing("Begin") {
		return nil, errStore
	}
	return b.Session.Begin(ctx, keys)
}

func (b *badSession) Peek(ctx context.Context, keys []protocol.Key) ([]server.Verdict, error) {
	if b.store.failing("Peek") {
		return nil, errStore
	}
	return b.Session.Peek(ctx, keys)
}

func (b *badSession) Append(ctx context.Context, frame []byte, keys []protocol.Key) (uint64, error) {
	if b.store.failing("Append") {
		return 0, errStore
	}
	return b.Session.Append(ctx, frame, keys)
}

func (b *badSession) Next(ctx context.Context, after uint64) ([]byte, uint64, error) {
	if b.store.failing("Next") {
		return nil, 0, errStore
	}
	return b.Session.Next(ctx, after)
}

func (b *badSession) Ack(ctx context.Context, n uint64) error {
	if b.store.failing("Ack") {
		return errStore
	}
	return b.Session.Ack(ctx, n)
}

func (b *badSession) Cancel(ctx context.Context, key protocol.Key) error {
	if b.store.failing("Cancel") {
		return errStore
	}
	return b.Session.Cancel(ctx, key)
}

// Where nobody knows what the store has done, the session is lost, and nobody
// is told otherwise.
func TestFailingStore(t *testing.T) {
	for method, frame := range map[string]string{
		"Begin":  `[{"key":2}]`,
		"Append": `[{"key":2,"data":"quick"}]`,
		"Ack":    `[{"ack":1}]`,
		"Cancel": `[{"cancel":1}]`,
		"Peek":   `[{"key":2,"data":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}]`,
	} {
		t.Run(method, func(t *testing.T) {
			store := &badStore{SessionStore: server.NewMemoryStore(nil)}
			g := newGated(`"quick"`, `"first"`)
			g.release[`"quick"`] <- nil
			g.release[`"first"`] <- nil
			f := serve(t, g.ServeCall, &server.Options{Sessions: store})
			p := f.open(t)
			p.send(`[{"key":1,"data":"first"}]`)
			p.next()
			p.send(`[{"key":3,"data":"runs on"}]`)
			<-g.started
			<-g.started
			store.fail.Store(method)
			p.send(frame)
			if reason := p.closed(protocol.CloseInternal); strings.Contains(reason, "secret") {
				t.Errorf("reason %q", reason)
			}
			if cause := <-g.ended; cause != server.ErrDisconnected {
				t.Errorf("the cause is %v", cause)
			}
			store.fail.Store("")
			f.wantLog(t, "secret", 1)
			f.comeBack(t, 1, false, 0)
		})
	}
}

func TestFailingAttachAndNext(t *testing.T) {
	store := &badStore{SessionStore: server.NewMemoryStore(nil)}
	f := serve(t, echo, &server.Options{Sessions: store})
	p := f.open(t)
	p.send(`[{"key":1,"data":1}]`)
	p.next()
	f.cut(p)
	store.fail.Store("Attach")
	p = f.dial(t, protocol.Subprotocol)
	p.send("[" + resume(session, 0) + `,{"key":1}]`)
	if reason := p.closed(protocol.CloseInternal); strings.Contains(reason, "secret") {
		t.Errorf("reason %q", reason)
	}
	store.fail.Store("Next")
	p = f.dial(t, protocol.Subprotocol)
	p.send("[" + resume(session, 0) + "]")
	p.closed(protocol.CloseInternal)
	store.fail.Store("")
	f.comeBack(t, 0, false, 0)
}

// A slow store holds up those who wait for it, and nobody else.
func TestSlowStore(t *testing.T) {
	store := &badStore{SessionStore: server.NewMemoryStore(nil), hold: make(chan struct{})}
	f := serve(t, echo, &server.Options{Sessions: store})
	slow := f.open(t)
	slow.send(`[{"key":1,"data":1}]`)
	quick := f.openAs(t, sessionID(1))
	quick.send(`[{"key":1,"data":2}]`)
	quick.want(`{"key":1,"data":2}`)
	close(store.hold)
	slow.want(`{"key":1,"data":1}`)
}
