package session_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// parts appends a frame of n parts.
func parts(ctx context.Context, s session.Session, n, size int) (last uint64, err error) {
	return s.Append(ctx, make([]byte, size), make([]protocol.Key, n))
}

// Parts are numbered as outcomes are, and end no call.
func TestMemoryParts(t *testing.T) {
	m := session.NewMemoryStore(nil)
	s, _ := attach(t, m, "a", false, 0, 0, false)
	begin(t, s, 1, 2)
	if last, err := parts(ctx, s, 3, 10); last != 3 || err != nil {
		t.Errorf("last %d, %v", last, err)
	}
	if last, err := s.Append(ctx, make([]byte, 10), []protocol.Key{0, 2, 0}); last != 6 || err != nil {
		t.Errorf("last %d, %v", last, err)
	}
	s.Ack(ctx, 3)
	if v := begin(t, s, 1, 2); !slices.Equal(v, []session.Verdict{session.Active, session.Active}) {
		t.Errorf("verdicts %v", v)
	}
	s.Ack(ctx, 6)
	if v := begin(t, s, 1, 2); !slices.Equal(v, []session.Verdict{session.Active, session.Done}) {
		t.Errorf("verdicts %v", v)
	}
	// MaxOutcomes does not count them.
	for range 100 {
		parts(ctx, s, 1000, 2000)
	}
	s.Detach(ctx)
	s, _ = attach(t, m, "a", true, 6, 6, true)
	frame, last, err := s.Next(ctx, 6)
	if len(frame) != 2000 || last != 1006 || err != nil {
		t.Errorf("%d bytes, last %d, %v", len(frame), last, err)
	}
}

// Parts wait for the client while it is away, and for what the present
// connection has not sent; outcomes never do.
func TestMemoryPartsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemoryStore(nil)
		const size = 1 << 16
		s, _ := attach(t, m, "a", false, 0, 0, false)
		for range 100 { // connected, they don't
			parts(ctx, s, 1, size)
		}
		s.Ack(ctx, 100)
		s.Detach(ctx)
		count := 100
		go func() {
			for {
				if _, err := parts(ctx, s, 1, size); err != nil {
					count = -1
					return
				}
				count++
			}
		}()
		synctest.Wait()
		if count != 116 { // 1 MiB, and the one that exceeds it
			t.Errorf("%d", count)
		}
		if _, err := s.Append(ctx, make([]byte, 10), []protocol.Key{1}); err != nil {
			t.Error(err)
		}
		b, o := attach(t, m, "a", true, 100, 100, true)
		synctest.Wait()
		if count != 116 {
			t.Errorf("%d", count)
		}
		after := uint64(100)
		for range 20 { // the present connection sends one, and one more may be appended
			_, after, _ = b.Next(ctx, after)
			synctest.Wait()
		}
		if after != 120 || count != 121 {
			t.Errorf("%d are sent, %d are there", after, count)
		}
		b.Forget(ctx)
		synctest.Wait()
		if count != -1 {
			t.Errorf("%d", count)
		}
		o.mutex.Lock()
		defer o.mutex.Unlock()
		if !slices.Contains(o.told, "appended") {
			t.Errorf("told %q", o.told)
		}

		canceled, cancel := context.WithCancel(ctx)
		s, _ = attach(t, m, "a", false, 0, 0, false)
		s.Detach(ctx)
		cancel()
		var err error
		for err == nil {
			_, err = parts(canceled, s, 1, size)
		}
		if err != session.ErrForgotten && err != context.Canceled {
			t.Error(err)
		}
	})
}

func TestMemoryDeliver(t *testing.T) {
	m := session.NewMemoryStore(nil)
	a, first := attach(t, m, "a", false, 0, 0, false)
	if err := a.Deliver(ctx, 1, []byte("x")); err != nil {
		t.Error(err)
	}
	b, second := attach(t, m, "a", true, 0, 0, true)
	first.want(t, "replaced")
	if err := b.Deliver(ctx, 7, []byte("x")); err != nil {
		t.Error(err)
	}
	first.want(t, "delivered 7 x")
	second.want(t)
	if err := a.Deliver(ctx, 7, nil); err != session.ErrReplaced {
		t.Error(err)
	}
	a.Close(ctx)
	b.Deliver(ctx, 8, nil)
	first.want(t)
	b.Forget(ctx)
	if err := b.Deliver(ctx, 7, nil); err != session.ErrForgotten {
		t.Error(err)
	}
}
