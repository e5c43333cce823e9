package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// modelEntry is a message of the server's that counts as so many outcomes.
type modelEntry struct {
	key     protocol.Key
	text    string
	count   int
	outcome bool
	window  int // that it grants
}

func outcomeEntry(key protocol.Key) modelEntry {
	return modelEntry{key: key, text: replyMessage(key), count: 1, outcome: true}
}

// modelBody is what the server has of one.
type modelBody struct {
	had   uint64
	taken uint64
}

// modelStream is what it knows of one.
type modelStream struct {
	made   int
	taken  int
	sizes  []int // of the others
	window int
}

func (l *modelLife) begin(key protocol.Key, call *modelCall) {
	l.seen[key], l.running[key] = true, true
	if call.fakeCall == nil {
		return
	}
	if call.open {
		l.bodies[key] = &modelBody{}
	}
	if call.window > 0 {
		l.streams[key] = &modelStream{window: call.window}
	}
}

// after are the entries behind the first n outcomes.
func (l *modelLife) after(n uint64) []modelEntry {
	for i, entry := range l.log {
		if n == 0 {
			return l.log[i:]
		}
		n -= uint64(entry.count)
	}
	return nil
}

// before is how many outcomes stand before the last so many messages of the first
// n outcomes.
func (l *modelLife) before(n, messages uint64) uint64 {
	last := len(l.log) - len(l.after(n))
	for ; messages > 0 && last > 0; messages-- {
		last--
		n -= uint64(l.log[last].count)
	}
	return n
}

// keeps reports whether the server still has an outcome.
func (l *modelLife) keeps(key protocol.Key) bool {
	return slices.ContainsFunc(l.after(l.acked), func(e modelEntry) bool { return e.outcome && e.key == key })
}

// note adds a message that counts as one outcome.
func (l *modelLife) note(key protocol.Key, text string) modelEntry {
	entry := modelEntry{key: key, text: text, count: 1}
	l.log = append(l.log, entry)
	return entry
}

// post has an entry arrive, if anything does, from within a frame of the
// engine's.
func (m *model) post(c *fakeConn, entry modelEntry) {
	if m.dumb || !m.welcomed {
		return
	}
	m.posts = append(m.posts, entry)
	if len(m.posts) > 1 {
		return // there is somebody who posts
	}
	go func() {
		for {
			m.n.mu.Lock()
			if c != m.conn || len(m.posts) == 0 {
				m.n.mu.Unlock()
				return
			}
			frame := m.arrives(nil, m.posts[0])
			m.n.mu.Unlock()
			m.say(c, string(append(frame, ']')))
			m.n.mu.Lock()
			if c == m.conn {
				m.posts = m.posts[1:]
			}
			m.n.mu.Unlock()
		}
	}()
}

// gone reports whether parts are gone with the session.
func (c *modelCall) gone() bool { return c.parted() && (len(c.arrived) > 0 || c.released > 0) }

func (c *modelCall) parted() bool { return c.fakeCall != nil && (c.open || c.window > 0) }

// parts looks at those of a frame.
func (m *model) parts(c *fakeConn, parts []Part[*fakeCall]) {
	data := 0
	for _, p := range parts {
		call := m.calls[p.Key]
		if !m.had[p.Key] {
			m.complain("parts of %d, which is not on this connection", p.Key)
			continue
		}
		switch p.Kind {
		case PartTaken:
			m.told(call, &p)
		case PartData:
			data++
			m.data(call, &p)
		case PartPiece:
			data++
			m.piece(c, call, &p)
		case PartEnd:
			if b := m.body(p.Key); b != nil && b.had != uint64(len(call.fed)) {
				m.complain("%d ends after %d of %d parts", p.Key, b.had, len(call.fed))
			}
		}
	}
	if data > 1 {
		m.complain("%d runs of parts in a frame", data)
	}
}

// piece: each once, in order, and the last one completes the request.
func (m *model) piece(c *fakeConn, call *modelCall, p *Part[*fakeCall]) {
	if at, ok := m.pieces[p.Key]; !ok || p.From != uint64(at) || p.Window == 0 || p.Window > pieceSize {
		m.complain("a piece of %d from %d on, %d bytes, behind %d", p.Key, p.From, p.Window, at)
	}
	if m.pieces[p.Key] += int(p.Window); m.pieces[p.Key] == len(call.data) {
		delete(m.pieces, p.Key)
		m.arrived(c, p.Key, call)
	}
}

func (m *model) body(key protocol.Key) *modelBody {
	if m.deaf {
		return nil
	}
	return m.life.bodies[key]
}

func (m *model) told(call *modelCall, p *Part[*fakeCall]) {
	if p.From > uint64(call.took) || p.From < call.told {
		m.complain("%d parts of %d taken, after %d, of %d", p.From, p.Key, call.told, call.took)
	}
	call.told = p.From
	delete(m.owed, p.Key)
	if m.deaf {
		return
	}
	if s := m.life.streams[p.Key]; s != nil && int(p.From) >= s.taken {
		s.sizes = s.sizes[int(p.From)-s.taken:]
		s.taken, s.window = int(p.From), int(p.Window)
	}
}

// data: each part once, in order, and within the window.
func (m *model) data(call *modelCall, p *Part[*fakeCall]) {
	ahead, count := 0, 0
	for n := call.taken; n < p.From+uint64(p.Count); n++ {
		ahead += len(call.fed[n])
		count++
	}
	if ahead > call.granted && count > 1 {
		m.complain("%d bytes of %d are ahead, with a window of %d", ahead, p.Key, call.granted)
	}
	b := m.body(p.Key)
	if b == nil {
		return
	}
	if b.had != p.From {
		m.complain("part %d of %d, where the server has %d", p.From, p.Key, b.had)
	}
	b.had = p.From + uint64(p.Count)
}

// checkParts holds the engine to what the model knows.
func (m *model) checkParts() {
	e := m.n.engine
	parted := 0
	good := e.conn.Conn == m.conn && e.conn.welcomed && !m.conn.mute && !m.probing && !m.deaf && !m.dumb && !e.conn.trial.on
	for _, key := range m.keys {
		call := m.calls[key]
		x := e.exchanges.find(key)
		if call.ends == 0 && !call.parted() && x != nil {
			parted++
			if good && e.calls.at(x.place).carried() && x.hasData() {
				m.complain("%d has pieces to send: %+v", key, x.pieces)
			}
		}
		if call.ends > 0 || !call.parted() {
			continue
		}
		parted++
		if x == nil {
			m.complain("%d has no exchange", key)
			continue
		}
		if x.stream.arrived != uint64(len(call.arrived)) || x.stream.read != uint64(call.took) {
			m.complain("%d parts of %d, %d of them read, not %d, %d", x.stream.arrived, key, x.stream.read, len(call.arrived), call.took)
		}
		if unread := total(call.arrived[call.took:]); unread > growth*call.window+mostPart {
			m.complain("%d bytes of %d unread", unread, key)
		}
		for i, part := range call.arrived {
			if number, _, _ := strings.Cut(part[1:], "-"); number != fmt.Sprint(i) {
				m.complain("part %d of %d is %s", i, key, number)
			}
		}
		if x.body.fed() != uint64(len(call.fed)) || x.body.got < call.released {
			m.complain("%d of %d parts of %d, %d got", x.body.fed(), len(call.fed), key, x.body.got)
		}
		if good && e.calls.at(x.place).carried() && (x.hasData() || x.isOver() || x.stream.due || x.body.waits && m.life.bodies[key] != nil) {
			m.complain("%d has something to send: %+v", key, *x)
		}
		if good && e.calls.at(x.place).carried() && (m.owed[key] || x.stream.unsaid() && x.stream.read == x.stream.arrived && e.acks.received == e.acks.told) {
			m.complain("the server was not told what was read of %d: %+v", key, x.stream)
		}
	}
	if len(e.exchanges.byKey) != parted && !m.ended {
		m.complain("%d exchanges, not %d", len(e.exchanges.byKey), parted)
	}
}

func total(parts []string) (n int) {
	for _, part := range parts {
		n += len(part)
	}
	return n
}

const mostPart = 4000

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
	m.n.feed(call.fakeCall, sizes...)
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
