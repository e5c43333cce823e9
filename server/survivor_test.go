package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A survivor is a client that keeps the rules while everything happens to it:
// its connections break at any moment, or are left without a word, and it goes
// on at any of the servers.
type survivor struct {
	*peer
	nodes   []*fixture
	random  *rand.Rand
	last    int          // the last key
	pending map[int]bool // keys that have no outcome yet
	count   int          // outcomes received, as the server counts
	acked   int
}

func (s *survivor) frame(msgs ...string) {
	s.conn.Write(context.Background(), 1, []byte("["+strings.Join(msgs, ",")+"]")) // or is lost
}

// fresh are requests that were never sent before.
func (s *survivor) fresh(n int) (msgs []string) {
	for range n {
		s.last++
		s.pending[s.last] = true
		msgs = append(msgs, fmt.Sprintf(`{"key":%d,"data":%d}`, s.last, s.last))
	}
	return msgs
}

// read reads a frame. It returns false if the connection has ended.
func (s *survivor) read() (text string, ok bool) {
	text, err := s.peer.frame()
	if err != nil {
		return err.Error(), false
	}
	var msgs []struct {
		Key       int
		Data      int
		Forgotten bool
		Refused   any
		Welcome   *protocol.Welcome
	}
	if text == "ping" {
		s.conn.Write(context.Background(), 1, []byte("pong"))
		return text, true
	}
	if err := json.Unmarshal([]byte(text), &msgs); err != nil {
		s.t.Fatalf("got %s", text)
	}
	for _, m := range msgs {
		switch {
		case m.Welcome != nil:
			if w := m.Welcome; !w.Resumed || int(w.Acked) < s.acked || int(w.Acked) > s.count {
				s.t.Fatalf("got %s with %d of %d acknowledged", text, s.acked, s.count)
			}
			s.count = int(m.Welcome.Acked)
		case m.Refused != nil:
			// sent again with the next connection
		case m.Forgotten && s.pending[m.Key], m.Data != m.Key && !m.Forgotten:
			s.t.Fatalf("got %s for %d", text, m.Key)
		case !m.Forgotten:
			s.count++
			delete(s.pending, m.Key)
		}
	}
	return text, true
}

// comeBack leaves the present connection and goes on at a server. Requests that
// were never sent before need not wait for the welcome.
func (s *survivor) comeBack() {
	for {
		if s.random.IntN(3) > 0 {
			s.conn.CloseNow()
		} else if old := s.peer; s.random.IntN(2) > 0 {
			defer func() { go old.conn.Write(context.Background(), 1, []byte("["+strings.Join(s.doubtful(), ",")+"]")) }()
		}
		s.peer = s.nodes[s.random.IntN(len(s.nodes))].dial(s.t, protocol.Subprotocol)
		doubtful := s.doubtful()
		s.frame(append([]string{resume(session, s.count)}, s.fresh(s.random.IntN(3))...)...)
		if s.random.IntN(5) == 0 {
			continue // cut before the welcome
		}
		if text, ok := s.read(); !ok || !strings.Contains(text, "welcome") {
			s.t.Fatalf("got %s", text)
		}
		s.frame(doubtful...)
		return
	}
}

// doubtful are the requests that have no outcome.
func (s *survivor) doubtful() (msgs []string) {
	for _, key := range slices.Sorted(maps.Keys(s.pending)) {
		msgs = append(msgs, fmt.Sprintf(`{"key":%d,"data":%d}`, key, key))
	}
	return msgs
}

// Whatever happens to the connections: each call runs once, and its outcome
// arrives.
func TestExactlyOnce(t *testing.T) {
	const lives, rounds = 4, 60
	for life := range lives {
		t.Run(fmt.Sprint(life), func(t *testing.T) {
			var r runs
			a, b := twoNodes(t, func(ctx context.Context, q *server.Request) (any, error) {
				for range len(q.Data) * len(q.Key()) * life * 20 {
					runtime.Gosched()
				}
				return r.ServeCall(ctx, q)
			})
			s := &survivor{peer: a.open(t), nodes: []*fixture{a, b}, pending: map[int]bool{},
				random: rand.New(rand.NewPCG(uint64(life), 7))}
			for range rounds {
				msgs := s.fresh(s.random.IntN(20))
				if s.count > s.acked && s.random.IntN(2) > 0 {
					s.acked += 1 + s.random.IntN(s.count-s.acked)
					msgs = append([]string{fmt.Sprintf(`{"ack":%d}`, s.acked)}, msgs...)
				}
				s.frame(msgs...)
				for len(s.pending) > 0 && s.random.IntN(3) > 0 {
					if text, ok := s.read(); !ok {
						t.Fatalf("the connection ended: %s", text)
					}
				}
				if s.random.IntN(2) > 0 {
					s.comeBack()
				}
			}
			s.comeBack()
			for len(s.pending) > 0 {
				if text, ok := s.read(); !ok {
					t.Fatalf("the connection ended with %d calls unanswered: %s", len(s.pending), text)
				}
			}
			s.quiet()
			for key := range s.last {
				if n := r.of(fmt.Sprint(key + 1)); n != 1 {
					t.Errorf("%d ran %d times", key+1, n)
				}
			}
		})
	}
}
