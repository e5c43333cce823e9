package session

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// ctx never ends.
var ctx = context.Background()

type nobody struct{}

func (nobody) Replaced()                      {}
func (nobody) Forgotten()                     {}
func (nobody) Appended()                      {}
func (nobody) Canceled(protocol.Key)          {}
func (nobody) Delivered(protocol.Key, []byte) {}

// Any number of sessions can't fill the memory, and those that hold much do
// not take what another holds.
func TestMemoryTotal(t *testing.T) {
	const total = 200_000
	m := NewMemoryStore(&MemoryStoreOptions{MaxTotalBytes: total, MaxBytes: total})
	attach := func(id string, resume bool) (s Session, resumed bool) {
		s, _, resumed, err := m.Attach(ctx, Request{ID: id, Resume: resume, Opened: time.Now()}, nobody{})
		if err != nil {
			t.Fatal(err)
		}
		return s, resumed
	}
	frame := make([]byte, 500)
	small, _ := attach("small", false)
	if _, err := small.Append(ctx, frame, []protocol.Key{1}); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s, _ := attach(fmt.Sprint(i), false)
		for j := range 1000 {
			s.Append(ctx, frame, []protocol.Key{protocol.Key(j + 1)})
			if n := m.limits.bytes.Load(); n > total+1000 {
				t.Fatalf("%d bytes are kept", n)
			}
		}
		if i%2 == 0 {
			s.Detach(ctx)
		}
	}
	if _, resumed := attach("small", true); !resumed {
		t.Error("a session that held little has lost it")
	}
	for name, s := range m.sessions { // the books are right
		sum := 0
		for _, f := range s.frames.frames[s.frames.head:] {
			sum += f.size()
		}
		if sum != s.frames.bytes {
			t.Errorf("%s holds %d bytes, not %d", name.id, sum, s.frames.bytes)
		}
		m.drop(s)
	}
	if n := m.limits.bytes.Load(); n != 0 || m.waiting.all.len() != 0 || len(m.sessions) != 0 || m.limits.sessions.Load() != 0 {
		t.Errorf("%d bytes are left, and %d sessions", n, len(m.sessions))
	}
}
