package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// resume is the hello of a client that comes back and has received so many
// outcomes.
func resume(session string, ack int) string {
	return fmt.Sprintf(`{"hello":{"session":"%s","resume":true,"ack":%d}}`, session, ack)
}

// comeBack connects as a client of a session that it does not begin, and wants
// the welcome to say so much.
func (f *fixture) comeBack(t testing.TB, ack int, resumed bool, acked int) *peer {
	t.Helper()
	p := f.dial(t, protocol.Subprotocol)
	p.send("[" + resume(session, ack) + "]")
	p.wantWelcome(resumed, acked)
	return p
}

func (p *peer) wantWelcome(resumed bool, acked int) {
	p.t.Helper()
	var m struct{ Welcome *protocol.Welcome }
	if err := json.Unmarshal([]byte(p.next()), &m); err != nil || m.Welcome == nil {
		p.t.Fatalf("got %+v, %v; want a welcome", m, err)
	}
	if w := m.Welcome; w.Resumed != resumed || w.Acked != uint64(acked) {
		p.t.Fatalf("resumed %t, acked %d; want %t, %d", w.Resumed, w.Acked, resumed, acked)
	}
}

// quiet wants the server to have nothing to say.
func (p *peer) quiet() {
	p.t.Helper()
	p.send("ping")
	if got := p.mustFrame(); got != "pong" {
		p.t.Fatalf("got %.300s, want nothing", got)
	}
}

// cut ends the connection as a broken network does, and returns when the
// server has noticed.
func (f *fixture) cut(p *peer) {
	p.t.Helper()
	n := strings.Count(f.log.String(), "disconnected")
	p.conn.CloseNow()
	f.wantLog(p.t, "disconnected", n+1)
}

// wantLog waits until the log has text so often.
func (f *fixture) wantLog(t testing.TB, text string, times int) {
	t.Helper()
	for !f.log.wait(func(log string) bool { return strings.Count(log, text) >= times }) {
		t.Fatalf("the log has %q fewer than %d times:\n%s", text, times, f.log)
	}
}

// A runs counts how often a handler has run for each data.
type runs struct {
	mutex sync.Mutex // protects following
	by    map[string]int
}

func (r *runs) ServeCall(_ context.Context, q *server.Request) (any, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.by == nil {
		r.by = make(map[string]int)
	}
	r.by[string(q.Data)]++
	return q.Data, nil
}

func (r *runs) of(data string) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.by[data]
}

// welcomed takes the welcome of a session that is resumed.
func (p *peer) welcomed(t testing.TB) (acked int) {
	t.Helper()
	var m struct{ Welcome *protocol.Welcome }
	if err := json.Unmarshal([]byte(p.next()), &m); err != nil || m.Welcome == nil || !m.Welcome.Resumed {
		t.Fatalf("got %+v, %v; want a welcome that resumes", m.Welcome, err)
	}
	return int(m.Welcome.Acked)
}
