package chaos_test

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sockjax/sockjax/internal/fault"
)

// mischief does to a network, or to the servers, what its dice say.
type mischief struct {
	*rand.Rand
	done <-chan struct{}

	mu     *sync.Mutex // protects following
	counts map[string]int
}

func newMischief(seed uint64, done <-chan struct{}) mischief {
	return mischief{rand.New(rand.NewPCG(seed, 0)), done, &sync.Mutex{}, map[string]int{}}
}

// fork makes dice that depend on the seed and on nothing else.
func (m mischief) fork(n uint64) mischief {
	m.Rand = rand.New(rand.NewPCG(m.Uint64(), n))
	return m
}

func (m mischief) count(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[what]++
}

func (m mischief) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return list(m.counts)
}

// between lets a random time pass. It returns false when all is over.
func (m mischief) between(least, most time.Duration) bool {
	select {
	case <-time.After(m.duration(least, most)):
		return true
	case <-m.done:
		return false
	}
}

func (m mischief) duration(least, most time.Duration) time.Duration {
	return least + time.Duration(m.Int64N(int64(most-least)))
}

// weather makes faults on one network until all is over, and leaves it healed.
func (m mischief) weather(p *fault.Proxy) {
	const ms = time.Millisecond
	ways := []fault.Direction{fault.Up, fault.Down, fault.Both}
	names := map[fault.Direction]string{fault.Up: "up", fault.Down: "down", fault.Both: "both"}
	during := func(least, most time.Duration, change func(*fault.Conditions)) {
		p.Change(change)
		m.between(least, most)
		p.Heal()
	}
	ends := []fault.End{fault.FIN, fault.RST}
	for m.between(100*ms, 900*ms) {
		way := ways[m.IntN(len(ways))]
		end := ends[m.IntN(len(ends))]
		what := ""
		switch dice := m.IntN(100); {
		case dice < 20:
			what = "cut by " + map[fault.End]string{fault.FIN: "FIN", fault.RST: "RST"}[end]
			p.Cut(end)
		case dice < 35:
			what = "black hole " + names[way]
			p.Swallow(way)
		case dice < 50:
			what = "stall " + names[way]
			during(50*ms, 1500*ms, func(c *fault.Conditions) { c.Stalled = way })
		case dice < 58:
			what = "stall and cut"
			during(50*ms, 500*ms, func(c *fault.Conditions) { c.Stalled = way })
			p.Cut(end)
		case dice < 68:
			what = "latency"
			latency := m.duration(5*ms, 300*ms)
			during(300*ms, 1500*ms, func(c *fault.Conditions) { c.Latency = latency })
		case dice < 76:
			what = "slices"
			slice := 1 + m.IntN(50)
			during(300*ms, 1000*ms, func(c *fault.Conditions) { c.Slice = slice })
		case dice < 84:
			what = "thin line"
			rate := 5_000 + m.IntN(100_000)
			during(300*ms, 1500*ms, func(c *fault.Conditions) { c.Slice, c.Rate = 512, rate })
		case dice < 92:
			what = "refused"
			p.Change(func(c *fault.Conditions) { c.Admit = fault.Refuse })
			p.Cut(end)
			m.between(50*ms, 1000*ms)
			p.Heal()
		default:
			what = "hung up on"
			p.Change(func(c *fault.Conditions) { c.Admit = fault.HangUp })
			p.Cut(end)
			m.between(50*ms, 1000*ms)
			p.Heal()
		}
		m.count(what)
	}
}

// operations restarts the servers until all is over: from time to time so that
// sessions are lost, if they may be.
func (m mischief) operations(b *incrementers, losses bool) {
	patience := 20 * time.Second
	if losses {
		// A call whose client is cut off as the server ends can't get the rest of
		// its body, nor rid of its stream, until its session is forgotten.
		patience = 2 * time.Second
	}
	names := []string{"restart in good order", "rolling restart", "restart that kills", "restart that forgets all sessions"}
	for m.between(time.Second, 3*time.Second) {
		how := graceful
		switch dice := m.IntN(100); {
		case dice < 40:
		case dice < 80 || !losses:
			how = rolling
		case dice < 90:
			how = killed
		default:
			how = amnesiac
		}
		b.restart(how, patience)
		m.count(names[how])
	}
}
