package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// submitParted makes a call with a body, or a stream, or both.
func (m *model) submitParted(t *rapid.T) {
	n, e := m.n, m.n.engine
	if e.State() == StateClosed {
		t.Skip("it is closed")
	}
	spec := Call[*fakeCall]{Idempotent: rapid.Bool().Draw(t, "idempotent"), Open: rapid.Bool().Draw(t, "open")}
	if !spec.Open || rapid.Bool().Draw(t, "stream") {
		spec.Window = rapid.SampledFrom([]int{2_000, 10_000}).Draw(t, "window")
	}
	n.mu.Lock()
	n.key++
	spec.Key = n.key
	c := &modelCall{idempotent: spec.Idempotent, order: len(m.keys) + 1, granted: m.limits.Window}
	if !m.welcomed {
		c.granted = 0
	}
	m.calls[spec.Key] = c
	n.mu.Unlock()
	call := &fakeCall{data: payload(1)}
	n.mu.Lock()
	c.fakeCall = call
	n.mu.Unlock()
	if _, err := n.submit(spec, call); err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	m.keys = append(m.keys, spec.Key)
	n.mu.Unlock()
	e.Wake()
}

// alive are the calls that want selects, of those that have not ended.
func (m *model) alive(t *rapid.T, want func(*modelCall) bool) *modelCall {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	var found []*modelCall
	for _, key := range m.keys {
		if call := m.calls[key]; call.parted() && call.ends == 0 && want(call) {
			found = append(found, call)
		}
	}
	if len(found) == 0 {
		t.Skip("none")
	}
	return rapid.SampledFrom(found).Draw(t, "call")
}

func (m *model) feed(t *rapid.T) {
	call := m.alive(t, func(c *modelCall) bool { return c.open && !c.complete })
	var sizes []int
	for range rapid.IntRange(1, 5).Draw(t, "parts") {
		sizes = append(sizes, rapid.SampledFrom([]int{1, 10, 1000, mostPart}).Draw(t, "size"))
	}
	m.n.give(call.fakeCall, sizes...)
	if rapid.IntRange(0, 4).Draw(t, "end") == 0 {
		m.n.mu.Lock()
		call.complete = true
		m.n.mu.Unlock()
		m.n.engine.EndBody(call.key)
	}
}

func (m *model) read(t *rapid.T) {
	call := m.alive(t, func(c *modelCall) bool { return c.took < len(c.arrived) })
	m.n.took(call.fakeCall, rapid.IntRange(1, len(call.arrived)-call.took).Draw(t, "parts"))
}

// server does something with a running call that want selects, and sends what do
// returns.
func (m *model) server(t *rapid.T, want func(protocol.Key) bool, do func(protocol.Key) []modelEntry) {
	conn, running := m.look()
	m.n.mu.Lock()
	keys := slices.DeleteFunc(running, func(key protocol.Key) bool { return !want(key) })
	m.n.mu.Unlock()
	if len(keys) == 0 {
		t.Skip("nothing to do")
	}
	key := rapid.SampledFrom(keys).Draw(t, "key")
	m.n.mu.Lock()
	entries := do(key)
	m.life.log = append(m.life.log, entries...)
	var frame []byte
	if conn != nil && m.welcomed && !m.dumb {
		for _, entry := range entries {
			frame = m.arrives(frame, entry)
		}
	}
	m.n.mu.Unlock()
	if frame != nil {
		m.say(conn, string(append(frame, ']')))
	}
}

// produce sends parts of a stream for which there is credit.
func (m *model) produce(t *rapid.T) {
	count, size := rapid.IntRange(1, 5).Draw(t, "parts"), rapid.SampledFrom([]int{20, 500, mostPart}).Draw(t, "size")
	each := rapid.IntRange(1, 3).Draw(t, "in a message")
	m.server(t, func(key protocol.Key) bool { return m.life.streams[key] != nil }, func(key protocol.Key) (made []modelEntry) {
		s := m.life.streams[key]
		for range count {
			var parts []string
			for range each {
				if ahead := sum(s.sizes); ahead > 0 && ahead+size > s.window {
					break
				}
				part := fmt.Sprintf("\"%d-", s.made)
				part += strings.Repeat("x", size-len(part)-1) + `"`
				parts = append(parts, part)
				s.sizes = append(s.sizes, size)
				s.made++
			}
			if len(parts) > 0 {
				made = append(made, modelEntry{key: key, count: len(parts), text: fmt.Sprintf(`{"key":%d,"parts":[%s]}`, key, strings.Join(parts, ","))})
			}
		}
		return made
	})
}

func sum(sizes []int) (n int) {
	for _, size := range sizes {
		n += size
	}
	return n
}

// take has a handler read parts of a body, or say what has come.
func (m *model) take(t *rapid.T) {
	window := rapid.SampledFrom([]int{3_000, 10_000, 20_000}).Draw(t, "window")
	part := rapid.IntRange(0, 4).Draw(t, "fourths")
	m.server(t, func(key protocol.Key) bool { return m.life.bodies[key] != nil }, func(key protocol.Key) []modelEntry {
		b := m.life.bodies[key]
		if part == 0 {
			return []modelEntry{{key: key, count: 1, text: gotMessage(key, b.had)}}
		}
		b.taken += (b.had - b.taken) * uint64(part) / 4
		return []modelEntry{{key: key, count: 1, text: takenMessage(key, b.taken, window), window: window}}
	})
}
