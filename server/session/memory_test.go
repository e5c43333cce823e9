package session_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// ctx never ends.
var ctx = context.Background()

// An owner writes down what a store tells it.
type owner struct {
	mutex sync.Mutex // protects following
	told  []string
}

func (o *owner) add(what string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.told = append(o.told, what)
}

func (o *owner) Replaced()                 { o.add("replaced") }
func (o *owner) Forgotten()                { o.add("forgotten") }
func (o *owner) Appended()                 { o.add("appended") }
func (o *owner) Canceled(key protocol.Key) { o.add(fmt.Sprint("canceled ", key)) }

func (o *owner) Delivered(key protocol.Key, frame []byte) {
	o.add(fmt.Sprintf("delivered %d %s", key, frame))
}

func (o *owner) want(t *testing.T, told ...string) {
	t.Helper()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !slices.Equal(o.told, told) {
		t.Errorf("it was told %q, want %q", o.told, told)
	}
	o.told = nil
}

// attach is Attach, with what it must return.
func attach(t *testing.T, m session.Store, id string, back bool, ack uint64, acked uint64, resumed bool) (session.Session, *owner) {
	t.Helper()
	o := &owner{}
	s, gotAcked, gotResumed, err := m.Attach(ctx,
		session.Request{ID: id, Resume: back, Ack: ack, Opened: time.Now()}, o)
	if err != nil || gotAcked != acked || gotResumed != resumed {
		t.Fatalf("acked %d, resumed %t, %v; want %d, %t", gotAcked, gotResumed, err, acked, resumed)
	}
	return s, o
}

// outcomes appends n outcomes of the keys from first, of so many bytes
// together.
func outcomes(t *testing.T, s session.Session, first, n, size int) {
	t.Helper()
	var keys []protocol.Key
	for i := range n {
		keys = append(keys, protocol.Key(first+i))
	}
	if _, err := s.Append(ctx, []byte(strings.Repeat("x", size)), keys); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, s session.Session, keys ...protocol.Key) []session.Verdict {
	t.Helper()
	verdicts, err := s.Begin(ctx, keys)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
}

func TestMemoryVerdicts(t *testing.T) {
	m := session.NewMemoryStore(nil)
	s, o := attach(t, m, "a", false, 0, 0, false)
	if v := begin(t, s, 1, 2, 3); v != nil {
		t.Errorf("verdicts %v", v)
	}
	outcomes(t, s, 1, 1, 10)
	s.Cancel(ctx, 3)
	s.Cancel(ctx, 9)
	s.Ack(ctx, 1)
	want := []session.Verdict{session.Done, session.Active, session.Done, session.New, session.Active, session.Done}
	if v := begin(t, s, 1, 2, 3, 4, 4, 9); !slices.Equal(v, want) {
		t.Errorf("verdicts %v, want %v", v, want)
	}
	o.want(t)
}

// What one owner appends, the present one is told of; and what has come before
// it in the order of numbers.
func TestMemoryOwners(t *testing.T) {
	m := session.NewMemoryStore(nil)
	a, first := attach(t, m, "a", false, 0, 0, false)
	begin(t, a, 1, 2, 3)
	outcomes(t, a, 1, 1, 10)
	b, second := attach(t, m, "a", true, 0, 0, true)
	first.want(t, "replaced")
	outcomes(t, a, 2, 1, 10)
	second.want(t, "appended")
	b.Cancel(ctx, 3)
	first.want(t, "canceled 3")
	for after := range uint64(2) {
		if frame, last, err := b.Next(ctx, after); len(frame) != 10 || last != after+1 || err != nil {
			t.Errorf("after %d: %d bytes, last %d, %v", after, len(frame), last, err)
		}
	}
	if frame, _, err := b.Next(ctx, 2); frame != nil || err != nil {
		t.Errorf("there is more: %s, %v", frame, err)
	}
	if _, err := a.Begin(ctx, []protocol.Key{4}); err != session.ErrReplaced {
		t.Error(err)
	}
	if err := a.Ack(ctx, 1); err != session.ErrReplaced {
		t.Error(err)
	}
	if err := a.Cancel(ctx, 1); err != session.ErrReplaced {
		t.Error(err)
	}
	if _, _, err := a.Next(ctx, 0); err != session.ErrReplaced {
		t.Error(err)
	}
	if v := begin(t, b, 4); v != nil {
		t.Error("a replaced owner has begun a key")
	}
	a.Detach(ctx) // changes nothing
	a.Close(ctx)
	b.Forget(ctx)
	b.Forget(ctx)
	first.want(t)
	second.want(t, "forgotten")
	if _, err := b.Append(ctx, []byte("x"), []protocol.Key{4}); err != session.ErrForgotten {
		t.Error(err)
	}
	if _, err := b.Begin(ctx, []protocol.Key{5}); err != session.ErrForgotten {
		t.Error(err)
	}
	attach(t, m, "a", true, 0, 0, false)
}

// What Next has returned stays as it is, though a client may acknowledge it
// before it is sent: the memory must not hold what others are told.
func TestMemoryLends(t *testing.T) {
	m := session.NewMemoryStore(nil)
	s, _ := attach(t, m, "a", false, 0, 0, false)
	outcomes(t, s, 1, 1, 100)
	frame, _, err := s.Next(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Ack(ctx, 1)
	other, _ := attach(t, m, "b", false, 0, 0, false)
	for i := range 1000 {
		if _, err := other.Append(ctx, []byte(strings.Repeat("y", 100)), []protocol.Key{protocol.Key(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if string(frame) != strings.Repeat("x", 100) {
		t.Errorf("it has become %s", frame)
	}
}

// The memory of frames is used again, whatever their sizes: what comes back is
// what was appended.
func TestMemoryKeepsFrames(t *testing.T) {
	m := session.NewMemoryStore(nil)
	s, _ := attach(t, m, "a", false, 0, 0, false)
	var sent uint64
	for round := range 3 {
		for size := 1; size < 300_000; size = size*3/2 + 1 {
			text := strings.Repeat(string(rune('a'+round)), size)
			keys := make([]protocol.Key, 1+size%50)
			for i := range keys {
				keys[i] = protocol.Key(sent) + protocol.Key(i+1)
			}
			last, err := s.Append(ctx, []byte(text), keys)
			if err != nil || last != sent+uint64(len(keys)) {
				t.Fatalf("last %d after %d: %v", last, sent, err)
			}
			if round != 1 { // else it is freed without having been lent
				if frame, _, err := s.Next(ctx, sent); string(frame) != text || err != nil {
					t.Fatalf("%d bytes: got %d, %v", size, len(frame), err)
				}
			}
			if sent = last; size%2 == 0 {
				s.Ack(ctx, sent)
			}
		}
	}
}

// A client that never acknowledges costs a bounded amount, and can still be
// resumed if it says that it has what was dropped.
func TestMemoryBoundsOfASession(t *testing.T) {
	for name, opts := range map[string]session.MemoryStoreOptions{
		"outcomes": {MaxOutcomes: 10},
		"bytes":    {MaxBytes: 5 * (128 + 96 + 2*8)},
		"total":    {MaxTotalBytes: 10 * (128 + 96 + 2*8)}, // half of it for one session alone
	} {
		t.Run(name, func(t *testing.T) {
			m := session.NewMemoryStore(&opts)
			s, _ := attach(t, m, "a", false, 0, 0, false)
			for i := range 1000 {
				outcomes(t, s, 1+2*i, 2, 100)
			}
			if _, _, err := s.Next(ctx, 1988); err != session.ErrForgotten {
				t.Errorf("what was dropped is there: %v", err)
			}
			attach(t, m, "a", true, 1990, 1990, true)
			attach(t, m, "a", true, 1995, 1994, true)
			s, _ = attach(t, m, "a", true, 0, 1994, true)
			if frame, last, err := s.Next(ctx, 1994); len(frame) != 100 || last != 1996 || err != nil {
				t.Errorf("%d bytes, last %d, %v", len(frame), last, err)
			}
		})
	}
	// It was not acknowledged, and is not there.
	m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxOutcomes: 1})
	s, o := attach(t, m, "a", false, 0, 0, false)
	outcomes(t, s, 1, 1, 100)
	outcomes(t, s, 2, 1, 100)
	attach(t, m, "a", true, 0, 0, false)
	o.want(t, "replaced", "forgotten")
}

// While nobody is connected, the first outcome too many was never sent: nobody
// can ever resume the session.
func TestMemoryBoundsWhileAway(t *testing.T) {
	m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxOutcomes: 2})
	s, o := attach(t, m, "a", false, 0, 0, false)
	outcomes(t, s, 1, 1, 100)
	outcomes(t, s, 2, 1, 100)
	s.Detach(ctx)
	outcomes(t, s, 3, 1, 100) // drops what was sent
	outcomes(t, s, 4, 1, 100)
	o.want(t)
	if _, err := s.Append(ctx, []byte("x"), []protocol.Key{5}); err != session.ErrForgotten {
		t.Error(err)
	}
	o.want(t, "forgotten")
	s.Close(ctx)
	attach(t, m, "a", true, 4, 0, false)
}

// Keys with more gaps than the store remembers: the session works on, and can't
// be resumed.
func TestMemoryGaps(t *testing.T) {
	m := session.NewMemoryStore(nil)
	s, _ := attach(t, m, "a", false, 0, 0, false)
	for i := range 1024 {
		if v := begin(t, s, protocol.Key(1+2*i)); v != nil {
			t.Fatalf("verdicts %v", v)
		}
	}
	if v := begin(t, s, 1); !slices.Equal(v, []session.Verdict{session.Active}) {
		t.Errorf("verdicts %v", v)
	}
	s, o := attach(t, m, "a", true, 0, 0, true)
	for i := range 100_000 {
		key := protocol.Key(3000 + 2*i)
		if v := begin(t, s, key); v != nil {
			t.Fatalf("verdicts %v", v)
		}
		if v := begin(t, s, key); v == nil {
			t.Fatal("a key begins twice in a row")
		}
	}
	s.Detach(ctx)
	o.want(t, "forgotten")
	attach(t, m, "a", true, 0, 0, false)
}

func TestMemoryKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemoryStore(&session.MemoryStoreOptions{Keep: time.Minute})
		var sessions []session.Session
		var owners []*owner
		for i := range 4 {
			s, o := attach(t, m, fmt.Sprint(i), false, 0, 0, false)
			sessions, owners = append(sessions, s), append(owners, o)
		}
		sessions[0].Detach(ctx)
		sessions[1].Detach(ctx)
		time.Sleep(30 * time.Second)
		sessions[2].Detach(ctx)
		attach(t, m, "1", true, 0, 0, true) // comes back in time
		time.Sleep(30 * time.Second)
		synctest.Wait()
		owners[0].want(t, "forgotten")
		owners[1].want(t)
		owners[2].want(t)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		owners[2].want(t, "forgotten")
		time.Sleep(time.Hour)
		attach(t, m, "0", true, 0, 0, false)
		attach(t, m, "1", true, 0, 0, true)
		attach(t, m, "3", true, 0, 0, true) // was never away
	})
}

func TestMemoryMaxSessions(t *testing.T) {
	m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxSessions: 2, MaxSessionsPerPrincipal: 2})
	var owners []*owner
	for i := range 4 {
		s, o := attach(t, m, fmt.Sprint(i), false, 0, 0, false)
		owners = append(owners, o)
		s.Detach(ctx)
	}
	owners[0].want(t, "forgotten")
	owners[1].want(t, "forgotten")
	for i := range 4 {
		attach(t, m, fmt.Sprint(i), true, 0, 0, i > 1)
	}
}

func TestMemoryOptionsThatCannotWork(t *testing.T) {
	for _, opts := range []session.MemoryStoreOptions{{Keep: -1}, {MaxSessions: -1}, {MaxSessionsPerPrincipal: -1}, {MaxOutcomes: -1}, {MaxBytes: -1}, {MaxTotalBytes: -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken", opts)
				}
			}()
			session.NewMemoryStore(&opts)
		}()
	}
}
