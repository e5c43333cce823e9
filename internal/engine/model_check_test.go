package engine

import (
	"slices"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// check holds everything together when nothing moves.
func (m *model) check(t *rapid.T) {
	synctest.Wait()
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	e := m.n.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if m.tooLarge && !e.session.resume && e.conn.Conn == nil {
		m.before = m.doubtful
		m.forget()
	}
	pending := 0
	for _, key := range m.keys {
		call := m.calls[key]
		switch call.ends {
		case 0:
			pending++
			if !call.deadline.IsZero() && !now.Before(call.deadline) {
				m.complain("%d lives %v after its deadline", key, now.Sub(call.deadline))
			}
			if call.refused || call.answered || call.forgotten || call.cancelled {
				m.complain("%d lives after its end: %+v", key, *call)
			}
			if fate := e.calls.at(m.place(key)).fate(); (fate == Unknown) != (call.sent || call.lost) {
				m.complain("%d is %s; sent %v, lost %v", key, fate, call.sent, call.lost)
			}
		case 1:
			if !call.checked {
				m.verdict(call)
				call.checked = true
			}
		default:
			m.complain("%d came back %d times", key, call.ends)
		}
	}
	if e.conn.Conn == m.conn && e.conn.welcomed && !m.conn.mute && !m.probing && !m.ended && !e.conn.trial.on {
		for key := range m.life.running {
			if call := m.calls[key]; call != nil && call.ends > 0 && !call.cancelled {
				m.complain("%d was given up, and the server never heard of it", key)
			}
		}
	}
	m.tables(pending)
	m.checkParts()
	if e.acks.received != m.received && !m.ended {
		m.complain("%d outcomes counted, not %d", e.acks.received, m.received)
	}
	if e.acks.told > e.acks.received {
		m.complain("%d outcomes acknowledged of %d", e.acks.told, e.acks.received)
	}
	if e.conn.welcomed && !m.conn.mute && e.acks.received > e.acks.told && e.now() > e.acks.since+ackAfter && !m.probing && !e.conn.trial.on {
		m.complain("no ack for %v", e.now()-e.acks.since)
	}
	if m.conn != nil && e.conn.Conn == m.conn && m.welcomed && !m.conn.mute && !m.deaf && !m.dumb && !m.probing &&
		!m.authority.IsZero() && now.After(m.authority) {
		m.complain("the token expired %v ago", now.Sub(m.authority))
	}
	m.gaveUp = m.gaveUp && e.states.present == StateClosed
	if len(m.wrong) > 0 {
		t.Fatalf("%d things wrong, first %q", len(m.wrong), m.wrong[:1])
	}
}

func (m *model) place(key protocol.Key) uint32 {
	place, ok := m.n.engine.calls.find(key)
	if !ok {
		m.complain("%d is pending and not in the table", key)
	}
	return place
}

// tables checks what the engine counts.
func (m *model) tables(pending int) {
	e := m.n.engine
	if pending != e.calls.live() {
		m.complain("%d calls, not %d", e.calls.live(), pending)
	}
	queued, bytes, inFlight := 0, 0, 0
	for _, place := range e.calls.oldest(func(*call[*fakeCall]) bool { return true }) {
		switch c := e.calls.at(place); {
		case c.waits():
			queued++
			bytes += c.Size
		case c.carried():
			inFlight++
		}
	}
	if queued != e.queue.live || bytes != e.queue.bytes || inFlight != e.conn.inFlight {
		m.complain("queue %d, %d bytes, %d in flight, not %d, %d, %d", e.queue.live, e.queue.bytes, e.conn.inFlight, queued, bytes, inFlight)
	}
	ready, waiting := 0, 0
	for _, r := range e.queue.refs[e.queue.head:] {
		if e.calls.queued(r) {
			ready++
		}
	}
	for _, entry := range e.retries {
		if e.calls.queued(entry.ref) {
			waiting++
		}
	}
	suspects := 0
	for _, r := range e.suspects {
		if e.calls.queued(r) {
			suspects++
		}
	}
	if ready+waiting+suspects != queued {
		m.complain("%d references, %d retries and %d suspects for %d queued calls", ready, waiting, suspects, queued)
	}
	if e.conn.welcomed && !m.conn.mute && !m.probing && !e.conn.full() && !e.conn.trial.on && ready+suspects > 0 {
		m.complain("%d calls wait for nothing", ready+suspects)
	}
	if m.ended && (queued+ready+waiting+len(e.cancels.due)+len(e.cancels.late)+len(e.undated)+len(e.retries) > 0 || e.calls.live() > 0) {
		m.complain("left: %d queued, %d cancels, %d owed, %d undated, %d retries, %d calls", queued, len(e.cancels.due), len(e.cancels.late), len(e.undated), len(e.retries), e.calls.live())
	}
}

// known reports whether a payload may be known to be too large to pass. What the
// dice close with 1009 is not really.
func (m *model) known(size int) bool {
	return size+100 > leastFrame && (m.learned || m.limit > 0 && size+100 > m.limit)
}

// verdict checks that on a call which has ended.
func (m *model) verdict(call *modelCall) {
	verdict := verdict(call.out)
	ok := false
	switch verdict {
	case "reply":
		ok = call.answered
	case "timeout/unsent", "timeout/unknown":
		ok = !call.deadline.IsZero() && !time.Now().Before(call.deadline)
	case "aborted/unsent", "aborted/unknown":
		ok = true // n.abort said so
	case "closed/unsent", "closed/unknown":
		ok = m.gaveUp || m.ended
	case "overloaded/unsent":
		ok = call.refused
	case "invalid/unsent":
		ok = errorOf(call.out).Message == tooLargeToPass && m.known(len(call.data))
	case "lost/unknown":
		ok = len(call.arrived) == 0 && (call.mayBeLost || call.deaths+1 >= lostAt || m.known(len(call.data)))
	case "lost/executed":
		ok = call.runs > 0 && (call.forgotten || len(call.arrived) > 0 && (call.mayBeLost || call.deaths+1 >= lostAt))
	}
	if fate := errorOf(call.out); fate != nil && fate.Code != CodeLost && (fate.Fate == Unknown) != (call.sent || call.lost) {
		ok = false
	}
	if !ok || call.answered && verdict != "reply" {
		m.complain("%s: %+v", verdict, *call)
	}
}

func errorOf(o Outcome) *Error {
	err, _ := o.Err.(*Error)
	return err
}

// reload gives the engine calls that an earlier life of the session has sent,
// with whatever has become of them, and the server some that it was not told
// of.
func (m *model) reload(t *rapid.T) {
	m.life = newLife(true)
	m.n.key = 100
	for key := protocol.Key(1); key <= 8; key++ {
		call := &modelCall{order: -1, sent: true, older: true}
		known := rapid.SampledFrom([]string{"", "running", "answered", "never seen", "forgotten"}).Draw(t, "call")
		if known != "" {
			c, err := m.n.call(Call[*fakeCall]{Key: key, Sent: true}, 1)
			if err != nil {
				t.Fatal(err)
			}
			call.fakeCall = c
			m.calls[key] = call
			m.keys = append(m.keys, key)
		}
		if known == "never seen" {
			continue
		}
		m.life.seen[key] = true
		call.runs = 1
		switch known {
		case "running":
			m.life.running[key] = true
		case "forgotten":
			m.life.log = slices.Insert(m.life.log, int(m.life.acked), outcomeEntry(key))
			m.life.acked++
		default:
			m.life.log = append(m.life.log, outcomeEntry(key))
		}
	}
}

// calm lets everything come to its end on a good network: then only what has
// been given up, or lost, has no reply.
func (m *model) calm(t *rapid.T) {
	n := m.n
	for range 100 + 2*lostAt*m.poisons {
		m.recover(t)
		m.check(t)
		if _, running := m.look(); len(running) > 0 {
			m.finish(running...)
		}
		m.check(t)
		if n.engine.Stats().Pending == 0 {
			return
		}
	}
	t.Fatalf("%+v", n.engine.Stats())
}

// recover gives the engine a good connection if it has none.
func (m *model) recover(t *rapid.T) {
	n := m.n
	n.dials(accept)
	time.Sleep(2 * time.Millisecond) // cut may be about to end it
	m.check(t)
	if conn, _ := m.look(); conn != nil && (conn.mute || m.deaf || m.dumb) {
		conn.drop(protocol.CloseAbnormal)
	}
	if n.engine.State() == StateClosed {
		n.engine.Reconnect()
	}
	n.engine.Nudge()            // ends a pause
	time.Sleep(6 * time.Second) // the longest wait for an attempt, less than a handshake
	m.check(t)
	if conn, _ := m.look(); conn != nil && !m.welcomed {
		w := *wide(10_000)
		w.Limits.Frame = protocol.FirstFrame
		m.welcome(w)
	}
}
