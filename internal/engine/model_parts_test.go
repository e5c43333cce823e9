package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/protocol"
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
	if call.answered {
		return // as in request
	}
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
		if unread := total(call.arrived[call.took:]); unread > call.window+mostPart {
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
