package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// submitSent makes a call that an earlier life of the session has made, and of
// which the server has never heard.
func (m *model) submitSent(t *rapid.T) {
	n := m.n
	n.mu.Lock()
	key := protocol.Key(20 + len(m.sentLate))
	m.sentLate = append(m.sentLate, key)
	c := &modelCall{sent: true, older: true}
	m.calls[key] = c
	lost := m.later
	n.mu.Unlock()
	call, err := n.call(Call[*fakeCall]{Key: key, Sent: true}, 1)
	if lost != (err != nil && err.Code == CodeLost) {
		t.Fatalf("%d: %v", key, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		delete(m.calls, key)
		return
	}
	c.fakeCall = call
	m.keys = append(m.keys, key)
	n.engine.Wake()
}

func (m *model) submit(t *rapid.T) {
	count := rapid.SampledFrom([]int{1, 1, 2, 5, 100, 400}).Draw(t, "calls")
	size := rapid.SampledFrom([]int{1, 1, 1, 1000, 3000, protocol.FirstFrame}).Draw(t, "size")
	if size == protocol.FirstFrame && m.limit > 0 {
		count = min(count, 5) // it may go in many pieces
	}
	m.submitSome(t, count, size)
}

// submitLarge makes a call that may have to go in pieces.
func (m *model) submitLarge(t *rapid.T) {
	if m.limit > 0 {
		t.Skip("it does not pass")
	}
	m.submitSome(t, 1, 200_000)
}

func (m *model) submitSome(t *rapid.T, count, size int) {
	n, e := m.n, m.n.engine
	spec := Call[*fakeCall]{Idempotent: rapid.Bool().Draw(t, "idempotent")}
	if rapid.Bool().Draw(t, "deadline") {
		spec.Timeout = time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond
	}
	poison := -1
	if m.poisons < 5 && rapid.IntRange(0, 9).Draw(t, "poison") == 0 {
		poison = count / 2
		m.poisons++
	}
	for i := range count {
		n.mu.Lock()
		key := n.key + 1
		if !m.ended && rapid.IntRange(0, 9).Draw(t, "gap") == 0 {
			key += protocol.Key(rapid.SampledFrom([]int{1, 50, 100_000}).Draw(t, "skipped"))
		}
		n.key = key
		c := &modelCall{idempotent: spec.Idempotent, order: len(m.keys) + 1, poison: i == poison}
		m.calls[key] = c
		n.mu.Unlock()
		spec.Key = key
		call, err := n.call(spec, size)
		if err != nil {
			if err.Message == tooLargeToPass && m.known(size) {
				continue
			}
			if err.Code == CodeClosed && err.Fate == Unsent && e.State() == StateClosed {
				return
			}
			t.Fatal(err)
		}
		n.mu.Lock()
		c.fakeCall = call
		if spec.Timeout > 0 {
			c.deadline = time.Now().Add(spec.Timeout)
		}
		m.keys = append(m.keys, key)
		n.mu.Unlock()
	}
	e.Wake()
}

func (m *model) actions(reloaded bool) map[string]func(*rapid.T) {
	n, e := m.n, m.n.engine
	connected := func(t *rapid.T) *fakeConn {
		conn, _ := m.look()
		if conn == nil {
			t.Skip("no connection")
		}
		return conn
	}
	working := func(t *rapid.T) []protocol.Key {
		_, running := m.look()
		if len(running) == 0 {
			t.Skip("the server has nothing to do")
		}
		return running
	}
	return map[string]func(*rapid.T){
		"submit":     m.submit,
		"submitToo":  m.submit,
		"large":      m.submitLarge,
		"open":       m.submitParted,
		"openToo":    m.submitParted,
		"feed":       m.feed,
		"feedToo":    m.feed,
		"read":       m.read,
		"readToo":    m.read,
		"produce":    m.produce,
		"produceToo": m.produce,
		"take":       m.take,
		"takeToo":    m.take,
		"submitSent": func(t *rapid.T) { // late, and the server has never seen it
			if !reloaded || e.State() == StateClosed || len(m.sentLate) > 50 {
				t.Skip("no earlier life")
			}
			m.submitSent(t)
		},
		"recover":    m.recover,
		"recoverToo": m.recover,
		"finish":     func(t *rapid.T) { m.finish(rapid.SampledFrom(working(t)).Draw(t, "key")) },
		"finishAll":  func(t *rapid.T) { m.finish(working(t)...) },
		"refuse": func(t *rapid.T) {
			conn := connected(t)
			var keys []protocol.Key
			at := working(t)
			n.mu.Lock()
			for _, key := range at {
				if m.begun[key] && m.welcomed && !m.dumb && !m.calls[key].parted() {
					keys = append(keys, key)
				}
			}
			n.mu.Unlock()
			if len(keys) == 0 {
				t.Skip("nothing to refuse")
			}
			after := time.Duration(rapid.SampledFrom([]int{0, 1, 1000, 10_000}).Draw(t, "after")) * time.Millisecond
			m.refuse(conn, rapid.SampledFrom(keys).Draw(t, "key"), after)
		},
		"abort": func(t *rapid.T) {
			if len(m.keys) == 0 {
				t.Skip("no calls")
			}
			n.abort(rapid.SampledFrom(m.keys).Draw(t, "key"))
		},
		"welcome": func(t *rapid.T) {
			connected(t)
			n.mu.Lock()
			heard := !m.welcomed && !m.deaf && !m.dumb
			n.mu.Unlock()
			if !heard {
				t.Skip("no hello")
			}
			w := welcome
			w.Limits.Window = rapid.SampledFrom([]int{3_000, 10_000, 20_000}).Draw(t, "window")
			w.Acked = rapid.SampledFrom([]uint64{0, 0, 1, 3}).Draw(t, "repeated")
			w.Limits.Frame = rapid.SampledFrom([]int{protocol.FirstFrame, 1 << 20}).Draw(t, "frame")
			w.Limits.Message = 1 << 20
			w.Limits.Requests = rapid.SampledFrom([]int{64, 70, 1024}).Draw(t, "requests")
			m.welcome(w)
		},
		"lose": func(t *rapid.T) { // the session, without a word
			n.mu.Lock()
			defer n.mu.Unlock()
			if n.live > 0 {
				t.Skip("the session is in use")
			}
			m.life = nil
		},
		"silence": func(t *rapid.T) {
			connected(t)
			n.mu.Lock()
			defer n.mu.Unlock()
			m.deaf = m.deaf || rapid.Bool().Draw(t, "deaf")
			m.dumb = m.dumb || rapid.Bool().Draw(t, "dumb")
		},
		"drop": func(t *rapid.T) {
			conn := connected(t)
			code := rapid.SampledFrom([]protocol.CloseCode{1006, 1006, 1012, 1009, 4401, 4410}).Draw(t, "code")
			n.mu.Lock()
			m.gaveUp = m.gaveUp || code.Fatal()
			if code == protocol.CloseUnauthorized && !m.heard {
				m.turnAway()
			}
			m.tooLarge = code == protocol.CloseTooLarge
			m.learned = m.learned || m.tooLarge
			n.mu.Unlock()
			conn.drop(code)
		},
		"stall": func(t *rapid.T) {
			conn := connected(t)
			n.mu.Lock()
			mute := conn.mute
			n.mu.Unlock()
			conn.stall(!mute)
		},
		"dials": func(t *rapid.T) {
			n.dials(rapid.SampledFrom([]func(<-chan struct{}) *Closed{accept, refuse, hang}).Draw(t, "dial"))
		},
		"reconnect": func(*rapid.T) { e.Reconnect() },
		"nudge": func(*rapid.T) {
			conn, _ := m.look()
			n.mu.Lock()
			if conn != nil && !m.probing {
				m.probing, m.probed = true, time.Now()
			}
			n.mu.Unlock()
			e.Nudge()
		},
		"pause": func(*rapid.T) { e.Pause() },
		"wait":  func(*rapid.T) { time.Sleep(20 * time.Second) },
		"advance": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 8000).Draw(t, "ms")) * time.Millisecond)
		},
	}
}
