//go:build !js

package client

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// model is what the network has seen of an engine, and therefore what may be
// said of its calls.
type model struct {
	n      *fakeNet
	calls  map[protocol.Key]*modelCall
	keys   []protocol.Key // of calls, in order
	newest protocol.Key   // the last that was sent for the first time
	closed bool
	wrong  []string // what was seen that may not be; guarded by n.mu

	// Of the present connection.
	conn     *fakeConn
	welcomed bool
	resumed  bool
	limits   protocol.Limits
	open     map[protocol.Key]bool // requests the server works on
	had      map[protocol.Key]bool // requests it has got
	fresh    bool                  // one came for the first time after the welcome
	again    protocol.Key          // the last that came again
}

type modelCall struct {
	*fakeCall
	idempotent bool
	deadline   time.Time // zero: none
	sent       int       // connections that it was sent on
	tooLarge   bool      // one of them ended with 1009
	replied    bool
}

func (m *model) complain(format string, args ...any) {
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

// framed looks at each frame.
func (m *model) framed(c *fakeConn, b *Batch[*fakeCall], size int) {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	if c != m.conn {
		m.connected(c)
	}
	if size > m.limits.Frame {
		m.complain("a frame of %d bytes", size)
	}
	for _, item := range b.Items {
		if item.Cancel {
			if !m.had[item.Key] { // a reply may have crossed it, though
				m.complain("cancel %d, which the server does not know", item.Key)
			}
			delete(m.open, item.Key)
			continue
		}
		call := m.calls[item.Key]
		switch {
		case m.had[item.Key]:
			m.complain("%d twice on a connection", item.Key)
		case call.sent == 0:
			if item.Key <= m.newest {
				m.complain("%d after %d", item.Key, m.newest)
			}
			m.newest = item.Key
			m.fresh = m.fresh || m.welcomed
		case !m.welcomed || !m.resumed && !call.idempotent:
			m.complain("%d again, which may have run", item.Key)
		case m.fresh || item.Key <= m.again:
			m.complain("%d again, behind others", item.Key)
		default:
			m.again = item.Key
		}
		call.sent++
		m.had[item.Key], m.open[item.Key] = true, true
	}
	if len(m.open) > m.limits.Requests {
		m.complain("%d requests at a time", len(m.open))
	}
}

func (m *model) connected(c *fakeConn) {
	m.conn, m.welcomed, m.resumed, m.fresh, m.again = c, false, false, false, 0
	m.limits = protocol.Limits{Frame: protocol.FirstFrame, Requests: protocol.FirstRequests}
	m.open, m.had = map[protocol.Key]bool{}, map[protocol.Key]bool{}
}

// look tells what is now: the connection, nil if there is none, and what it
// has open.
func (m *model) look() (conn *fakeConn, welcomed bool, open []protocol.Key) {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	if m.n.live == 0 || m.conn != m.n.conns[len(m.n.conns)-1] {
		return nil, false, nil
	}
	return m.conn, m.welcomed, slices.Sorted(maps.Keys(m.open))
}

// check holds everything together when nothing moves.
func (m *model) check(t *rapid.T) {
	synctest.Wait()
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	e := m.n.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	pending := 0
	for _, key := range m.keys {
		call := m.calls[key]
		switch call.ends {
		case 0:
			pending++
			if !call.deadline.IsZero() && !now.Before(call.deadline) {
				m.complain("%d lives %v after its deadline", key, now.Sub(call.deadline))
			}
		case 1:
			m.outcome(call)
		default:
			m.complain("%d came back %d times", key, call.ends)
		}
	}
	if pending != e.calls.live() {
		m.complain("%d calls, not %d", e.calls.live(), pending)
	}
	queued, bytes, inFlight := 0, 0, 0
	for _, place := range e.calls.index {
		switch c := e.calls.at(place); c.conn {
		case 0:
			queued++
			bytes += c.Size
		case e.conn.number:
			inFlight++
		}
	}
	if queued != e.queue.live || bytes != e.queue.bytes || inFlight != e.conn.inFlight {
		m.complain("queue %d, %d bytes, %d in flight, not %d, %d, %d", e.queue.live, e.queue.bytes, e.conn.inFlight, queued, bytes, inFlight)
	}
	refs := 0
	for _, r := range e.queue.refs[e.queue.head:] {
		if e.calls.queued(r) {
			refs++
		}
	}
	if refs != queued {
		m.complain("%d references to %d queued calls", refs, queued)
	}
	if e.conn.welcomed && !m.conn.mute && !e.conn.full() && queued > 0 {
		m.complain("%d calls wait for nothing", queued)
	}
	if len(m.wrong) > 0 {
		t.Fatalf("%d things wrong, first %q", len(m.wrong), m.wrong[:1])
	}
}

// outcome checks the verdict on a call that has ended.
func (m *model) outcome(call *modelCall) {
	verdict := verdict(call.out)
	unknown := call.sent > 0
	ok := false
	switch verdict {
	case "reply":
		ok = call.replied
	case "timeout/unsent", "timeout/unknown":
		ok = !call.deadline.IsZero() && !time.Now().Before(call.deadline)
	case "aborted/unsent", "aborted/unknown":
		ok = true // n.abort said so
	case "closed/unsent", "closed/unknown":
		ok = m.closed
	case "lost/unknown":
		ok = !call.idempotent || call.tooLarge
	}
	if fate := errorOf(call.out); fate != nil && (fate.Fate == Unknown) != unknown {
		ok = false
	}
	if !ok || call.replied && verdict != "reply" {
		m.complain("%d, sent %d times: %s", call.key, call.sent, verdict)
	}
}

// reply answers requests in one frame. The engine may have given some up.
func (m *model) reply(conn *fakeConn, keys ...protocol.Key) {
	m.n.mu.Lock()
	for _, key := range keys {
		call := m.calls[key]
		call.replied = call.replied || call.ends == 0
		delete(m.open, key)
	}
	m.n.mu.Unlock()
	conn.reply(keys...)
}

func errorOf(o outcome) *Error {
	err, _ := o.err.(*Error)
	return err
}

// Each payload comes back exactly once, with its true fate, whatever happens
// in whatever order.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubbled{t}, func(rt *rapid.T) {
			n := newNet(t, Options{Queue: Queue{1 << 20, 1 << 40}, Heartbeat: Heartbeat{Timeout: -1}, Reconnect: Reconnect{Min: time.Second, Max: 5 * time.Second}})
			n.answers(nil)
			m := &model{n: n, calls: map[protocol.Key]*modelCall{}}
			n.framed = m.framed
			defer n.finish() // after a failure too
			n.engine.Start()
			actions := m.actions()
			actions[""] = m.check
			rt.Repeat(actions)
			m.closed = true
			n.engine.Close()
			m.check(rt)
		})
	})
}

// bubbled hides that it is a *testing.T, whose Deadline is real time.
type bubbled struct{ rapid.TB }

func (m *model) actions() map[string]func(*rapid.T) {
	n, e := m.n, m.n.engine
	anyKey := func(t *rapid.T) protocol.Key {
		if len(m.keys) == 0 {
			t.Skip("no calls")
		}
		return rapid.SampledFrom(m.keys).Draw(t, "key")
	}
	return map[string]func(*rapid.T){
		"submit": func(t *rapid.T) {
			count := rapid.SampledFrom([]int{1, 1, 2, 5, 100}).Draw(t, "calls")
			spec := Call[*fakeCall]{Idempotent: rapid.Bool().Draw(t, "idempotent")}
			if rapid.Bool().Draw(t, "deadline") {
				spec.Timeout = time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond
			}
			size := rapid.SampledFrom([]int{1, 1, 1, 1000, 3000, protocol.FirstFrame}).Draw(t, "size")
			for range count {
				n.mu.Lock()
				c := &modelCall{idempotent: spec.Idempotent}
				m.calls[n.key+1] = c
				n.mu.Unlock()
				call, err := n.call(spec, size)
				if err != nil {
					t.Fatal(err)
				}
				n.mu.Lock()
				c.fakeCall = call
				if spec.Timeout > 0 {
					c.deadline = time.Now().Add(spec.Timeout)
				}
				m.keys = append(m.keys, call.key)
				n.mu.Unlock()
			}
			e.Wake()
		},
		"reply": func(t *rapid.T) {
			conn, _, open := m.look()
			if len(open) == 0 {
				t.Skip("nothing to reply to")
			}
			m.reply(conn, rapid.SampledFrom(open).Draw(t, "key"))
		},
		"replyAll": func(t *rapid.T) {
			conn, _, open := m.look()
			if len(open) == 0 {
				t.Skip("nothing to reply to")
			}
			m.reply(conn, open...)
		},
		"abort": func(t *rapid.T) { n.abort(anyKey(t)) },
		"welcome": func(t *rapid.T) {
			conn, welcomed, _ := m.look()
			if conn == nil || welcomed {
				t.Skip("no hello")
			}
			w := welcome
			w.Resumed = rapid.Bool().Draw(t, "resumed")
			w.Limits.Requests = rapid.SampledFrom([]int{64, 70, 1024}).Draw(t, "requests")
			n.mu.Lock()
			m.welcomed, m.resumed, m.limits = true, w.Resumed, w.Limits
			n.mu.Unlock()
			e.Welcome(conn, w)
		},
		"drop": func(t *rapid.T) {
			conn, _, _ := m.look()
			if conn == nil {
				t.Skip("no connection")
			}
			code := rapid.SampledFrom([]protocol.CloseCode{1006, 1006, 1012, 1009}).Draw(t, "code")
			if code == protocol.CloseTooLarge {
				n.mu.Lock()
				for _, call := range m.calls {
					call.tooLarge = call.tooLarge || call.sent > 0
				}
				n.mu.Unlock()
			}
			conn.drop(code)
		},
		"stall": func(t *rapid.T) {
			conn, _, _ := m.look()
			if conn == nil {
				t.Skip("no connection")
			}
			n.mu.Lock()
			mute := conn.mute
			n.mu.Unlock()
			conn.stall(!mute)
		},
		"dials": func(t *rapid.T) {
			n.dials(rapid.SampledFrom([]func(context.Context) *Closed{accept, refuse, hang}).Draw(t, "dial"))
		},
		"reconnect": func(*rapid.T) { e.Reconnect() },
		"nudge":     func(*rapid.T) { e.Nudge() },
		"pause":     func(*rapid.T) { e.Pause() },
		"advance": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 8000).Draw(t, "ms")) * time.Millisecond)
		},
	}
}
