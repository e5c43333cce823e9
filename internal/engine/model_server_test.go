package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// What the model's server does.

// say has a frame arrive at the engine.
func (m *model) say(c *fakeConn, frame string) {
	m.n.mu.Lock()
	m.heard = m.heard || c == m.conn
	if c == m.conn && (frame == protocol.Pong || time.Since(m.probed) >= lag) {
		m.probing = false
	}
	m.n.mu.Unlock()
	c.receive(frame)
}

func (m *model) authorize(c *fakeConn) {
	m.n.mu.Lock()
	m.grant()
	m.n.mu.Unlock()
	c.authorize(m.expires)
}

func (m *model) grant() {
	m.authority = time.Time{}
	if m.expires > 0 {
		m.authority = time.Now().Add(m.expires)
	}
}

// look tells what is now: the connection, nil if there is none, and what the
// server works on.
func (m *model) look() (conn *fakeConn, running []protocol.Key) {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	if m.life != nil {
		running = slices.Sorted(maps.Keys(m.life.running))
	}
	if m.n.live == 0 || m.conn != m.n.conns[len(m.n.conns)-1] {
		return nil, running
	}
	return m.conn, running
}

// welcome answers the hello, and sends the outcomes that the engine lacks, and
// w.Acked messages that it does not.
func (m *model) welcome(w protocol.Welcome) {
	n := m.n
	n.mu.Lock()
	w.Resumed, w.Expires = m.resumed, m.expires.Milliseconds()
	m.grant()
	m.welcomed, m.limits, m.doubtful = true, w.Limits, map[protocol.Key]bool{}
	for key, call := range m.calls {
		if call.fakeCall == nil || call.ends > 0 || !call.sent || call.on == m.conn {
			continue
		}
		switch {
		case m.resumed:
			m.doubtful[key], call.older, call.retry, call.notBefore = true, true, false, time.Time{}
		case call.idempotent && !call.gone():
			m.doubtful[key], call.sent, call.lost, call.notBefore = true, false, true, time.Time{}
		default:
			call.mayBeLost = true
		}
		call.older = call.older && m.resumed
	}
	if repeated := w.Acked; w.Resumed {
		w.Acked = m.life.before(m.life.acked, repeated)
		m.life.acked = w.Acked
	} else {
		w.Acked = 0
	}
	m.received = w.Acked
	frame := protocol.AppendWelcome([]byte("["), w)
	for _, entry := range m.life.after(w.Acked) {
		frame = m.arrives(frame, entry)
	}
	for _, call := range m.calls {
		call.granted = max(call.granted, w.Limits.Window)
	}
	m.later = m.later || m.asked && !m.resumed
	unheard := !m.life.heard
	n.mu.Unlock()
	m.say(m.conn, string(append(frame, ']')))
	if unheard {
		m.say(m.conn, protocol.Ping)
	}
}

// arrives appends an outcome, or what counts as one, that will arrive.
func (m *model) arrives(frame []byte, entry modelEntry) []byte {
	m.received += uint64(entry.count)
	call := m.calls[entry.key]
	switch {
	case entry.outcome:
		delete(m.open, entry.key)
		delete(m.doubtful, entry.key)
		if call != nil && call.fakeCall != nil && call.ends == 0 {
			call.answered = true
		}
	case call != nil:
		call.granted = max(call.granted, entry.window)
	}
	return append(protocol.Join(frame), entry.text...)
}

// finish has handlers return. Their outcomes arrive if the connection is there
// and good.
func (m *model) finish(keys ...protocol.Key) {
	conn, _ := m.look()
	m.n.mu.Lock()
	arrive := conn != nil && m.welcomed && !m.dumb
	var frame []byte
	for _, key := range keys {
		delete(m.life.running, key)
		delete(m.life.bodies, key)
		delete(m.life.streams, key)
		m.life.log = append(m.life.log, outcomeEntry(key))
		if arrive {
			frame = m.arrives(frame, outcomeEntry(key))
		}
	}
	m.n.mu.Unlock()
	if arrive {
		m.say(conn, string(append(frame, ']')))
	}
}

// turnAway ends the connection before the server has begun anything.
func (m *model) turnAway() {
	for key, call := range m.calls {
		if m.begun[key] {
			delete(m.life.running, key)
			delete(m.life.seen, key)
			call.runs--
		}
		if call.fakeCall != nil && call.ends == 0 && call.on == m.conn && call.sent {
			call.sent, call.on = false, nil
			m.newest = min(m.newest, call.order-1)
		}
	}
	m.unseen = !m.asked
}

// cut ends the connection where what lies on the way does not let a frame pass,
// soon after: what has been said before arrives.
func (m *model) cut(c *fakeConn, b *Batch[*fakeCall], size int) {
	poisoned := slices.ContainsFunc(b.Items, func(i Item[*fakeCall]) bool { return !i.Cancel && m.calls[i.Key].poison })
	code := protocol.CloseAbnormal
	switch {
	case m.limit > 0 && size > m.limit:
		code, m.tooLarge = protocol.CloseTooLarge, true
	case !poisoned:
		return
	}
	m.deaf = true
	time.AfterFunc(time.Millisecond, func() { c.drop(code) })
}

// died counts, for the calls that the connection had carried, that it is gone.
func (m *model) died() {
	for _, call := range m.calls {
		if call.on != nil && call.on == m.conn {
			call.deaths++
		}
	}
}

// tried is the call that the engine tries alone, 0 if there is none.
func (m *model) tried() protocol.Key {
	e := m.n.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.conn.trial.suspect.key
}

// forget has the engine begin another session after one that was closed with
// 1009: what its last connection had carried is lost, and what was still to be
// sent again is not to blame.
func (m *model) forget() {
	m.later, m.received = true, 0
	for key, call := range m.calls {
		if call.fakeCall != nil && call.ends == 0 && (m.before[key] || call.retry) && call.idempotent && !call.gone() {
			call.sent, call.lost, call.older, call.retry, call.notBefore = false, true, false, false, time.Time{}
		}
		call.mayBeLost = call.mayBeLost || call.sent
	}
}

// refuse answers a request that the server has not begun after all.
func (m *model) refuse(conn *fakeConn, key protocol.Key, after time.Duration) {
	m.n.mu.Lock()
	call := m.calls[key]
	delete(m.life.running, key)
	delete(m.life.seen, key)
	delete(m.open, key)
	call.runs--
	switch at := time.Now().Add(after); {
	case call.ends > 0:
	case call.older: // it may have been begun before, for all that the engine knows
		call.retry, call.notBefore = true, at
		if after == 0 {
			call.notBefore = at.Add(shortest)
		}
	default:
		call.sent = false
		if again := after > 0 && (call.deadline.IsZero() || at.Before(call.deadline)); again {
			call.notBefore = at
		} else {
			call.refused, call.mayBeLost = true, call.lost
		}
	}
	m.n.mu.Unlock()
	m.say(conn, string(append(protocol.AppendRefused([]byte("["), key, protocol.Error{Code: protocol.Overloaded, After: after.Milliseconds()}), ']')))
}
