package session_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// enter attaches a client to a new session, and leave detaches it.
func enter(t testing.TB, m *session.MemoryStore, r session.Request) (session.Session, *owner) {
	t.Helper()
	o := &owner{}
	r.Opened = time.Now()
	s, _, resumed, err := m.Attach(ctx, r, o)
	if err != nil || resumed != r.Resume {
		t.Fatalf("resumed %t, %v, of %+v", resumed, err, r)
	}
	return s, o
}

func leave(s session.Session) {
	s.Detach(ctx)
	s.Close(ctx)
}

// wantKept wants these sessions to be there, and the others not.
func wantKept(t *testing.T, m *session.MemoryStore, requests map[string]session.Request, ids ...string) {
	t.Helper()
	var kept []string
	for id, r := range requests {
		r.ID, r.Resume, r.Opened = id, true, time.Now()
		if _, _, resumed, _ := m.Attach(ctx, r, &owner{}); resumed {
			kept = append(kept, id)
		}
	}
	slices.Sort(kept)
	if !slices.Equal(kept, ids) {
		t.Errorf("kept are %v, want %v", kept, ids)
	}
}

// A party that leaves too many sessions loses its own, the oldest first, and
// nobody else's.
func TestPartiesKeepTheirShare(t *testing.T) {
	for name, parties := range map[string][2]session.Request{
		"principals": {{Principal: "victim", Address: "a"}, {Principal: "stranger", Address: "a"}},
		"addresses":  {{Address: "a"}, {Address: "b"}},
		"both":       {{Address: "a"}, {Principal: "a", Address: "a"}}, // not the same
	} {
		t.Run(name, func(t *testing.T) {
			m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxSessions: 5, MaxSessionsPerPrincipal: 2})
			requests := map[string]session.Request{}
			add := func(id string, r session.Request) {
				r.ID = id
				requests[id] = r
				s, _ := enter(t, m, r)
				leave(s)
			}
			add("v", parties[0])
			for i := range 6 {
				add(fmt.Sprint(i), parties[1])
			}
			if now := m.Stats(); now.Waiting != 3 || now.Sessions != 3 {
				t.Errorf("%+v", now)
			}
			wantKept(t, m, requests, "4", "5", "v")
		})
	}
}

// By default a party keeps an eighth of all, and at least one.
func TestDefaultShare(t *testing.T) {
	for most, want := range map[int]int{1: 1, 5: 1, 64: 8} {
		m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxSessions: most})
		for i := range 2 * most {
			s, _ := enter(t, m, session.Request{ID: fmt.Sprint(i)})
			leave(s)
		}
		if got := m.Stats().Waiting; got != want {
			t.Errorf("of %d, one party keeps %d, want %d", most, got, want)
		}
	}
}

// Where sessions of any party must go, those with nothing to lose go first,
// though they came last, and though it is the one that has just come.
func TestCallsOutliveEmptySessions(t *testing.T) {
	const most = 5
	for name, use := range map[string]func(s session.Session){
		"unacknowledged outcomes": func(s session.Session) {
			s.Begin(ctx, []protocol.Key{1})
			s.Append(ctx, []byte("x"), []protocol.Key{1})
		},
		"calls that run": func(s session.Session) { s.Begin(ctx, []protocol.Key{1}) },
	} {
		for _, perParty := range []int{1, most} {
			t.Run(fmt.Sprintf("%s, %d for each party", name, perParty), func(t *testing.T) {
				m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxSessions: most, MaxSessionsPerPrincipal: perParty})
				requests := map[string]session.Request{}
				add := func(id string, use func(session.Session)) {
					r := session.Request{ID: id, Principal: "p"}
					if perParty == 1 {
						r.Principal = id
					}
					requests[id] = r
					s, _ := enter(t, m, r)
					use(s)
					leave(s)
				}
				var ids []string
				for i := range most { // all have something to lose
					ids = append(ids, fmt.Sprint("v", i))
					add(ids[i], use)
				}
				for i := range 20 { // whose calls have all been acknowledged or cancelled
					add(fmt.Sprint(i), func(s session.Session) {
						s.Begin(ctx, []protocol.Key{1, 2, 3})
						last, _ := s.Append(ctx, []byte("x"), []protocol.Key{1, 3})
						s.Ack(ctx, last)
						s.Cancel(ctx, 2)
					})
				}
				add("v", use) // the oldest goes for it
				wantKept(t, m, requests, append([]string{"v"}, ids[1:]...)...)
			})
		}
	}
}

// A session that is resumed from another network counts as that one's.
func TestPartyOfTheLastConnection(t *testing.T) {
	m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxSessions: 10, MaxSessionsPerPrincipal: 1})
	s, _ := enter(t, m, session.Request{ID: "1", Address: "a"})
	leave(s)
	s, one := enter(t, m, session.Request{ID: "1", Address: "b", Resume: true})
	leave(s)
	s, two := enter(t, m, session.Request{ID: "2", Address: "a"})
	leave(s)
	one.want(t)
	s, _ = enter(t, m, session.Request{ID: "3", Address: "b"})
	leave(s)
	one.want(t) // it has called Close before
	two.want(t)
	if _, _, resumed, _ := m.Attach(ctx, session.Request{ID: "1", Resume: true, Opened: time.Now()}, one); resumed {
		t.Error("b keeps two")
	}
}

// What waits is what a simple model says, and each goes when its time is over.
func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, perParty, keep = 20, 6, time.Minute
		random := rand.New(rand.NewPCG(1, 2))
		m := session.NewMemoryStore(&session.MemoryStoreOptions{Keep: keep, MaxSessions: most, MaxSessionsPerPrincipal: perParty})
		type kept struct {
			id, principal string
			calls         bool
			until         time.Time
		}
		var model []kept // in the order of their coming
		forget := func(mine func(kept) bool) {
			i := slices.IndexFunc(model, func(k kept) bool { return mine(k) && !k.calls })
			if i < 0 {
				i = slices.IndexFunc(model, mine)
			}
			model = slices.Delete(model, i, i+1)
		}
		for i := range 5000 {
			time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
			synctest.Wait()
			model = slices.DeleteFunc(model, func(k kept) bool { return !k.until.After(time.Now()) })
			if n := m.Stats().Waiting; n != len(model) {
				t.Fatalf("after %d steps: %d wait, want %d", i, n, len(model))
			}
			k := kept{id: fmt.Sprint(i), principal: fmt.Sprint("p", random.IntN(8)), calls: random.IntN(2) > 0}
			resume := len(model) > 0 && random.IntN(3) == 0
			if resume {
				at := random.IntN(len(model))
				k.id, k.principal, k.calls = model[at].id, model[at].principal, model[at].calls
				model = slices.Delete(model, at, at+1)
			}
			s, _ := enter(t, m, session.Request{ID: k.id, Principal: k.principal, Resume: resume})
			if k.calls {
				s.Begin(ctx, []protocol.Key{1})
			}
			leave(s)
			k.until = time.Now().Add(keep)
			model = append(model, k)
			mine := func(other kept) bool { return other.principal == k.principal }
			n := 0
			for _, other := range model {
				if mine(other) {
					n++
				}
			}
			if n > perParty {
				forget(mine)
			} else if len(model) > most {
				forget(func(kept) bool { return true })
			}
		}
		time.Sleep(keep)
		synctest.Wait()
		if now := m.Stats(); now != (session.MemoryStoreStats{}) {
			t.Errorf("there is left %+v", now)
		}
	})
}

// BenchmarkComeAndGo has a client come back and leave again while so many other
// sessions wait: each takes the same time, and one of them is forgotten.
func BenchmarkComeAndGo(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		for _, parties := range []int{1, 100_000} {
			b.Run(fmt.Sprintf("%d wait, %d parties", n, parties), func(b *testing.B) {
				m := session.NewMemoryStore(&session.MemoryStoreOptions{MaxSessions: n, MaxSessionsPerPrincipal: n})
				come := func(i int) {
					s, _ := enter(b, m, session.Request{ID: fmt.Sprint(i), Principal: fmt.Sprint(i % parties)})
					leave(s)
				}
				for i := range n {
					come(i)
				}
				b.ResetTimer()
				for i := range b.N {
					come(n + i)
				}
			})
		}
	}
}
