package engine

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// model is a server with sessions, and what it knows of the engine that it
// serves: therefore what may be said of each call. Its connections may fall
// silent in either direction before they end.
type model struct {
	n     *fakeNet
	calls map[protocol.Key]*modelCall
	keys  []protocol.Key // of calls, in the order of submission

	sentLate []protocol.Key // calls of an earlier life, submitted after Start
	wrong    []string       // what was seen that may not be; guarded by n.mu, as all that follows

	life     *modelLife // the session on the server; nil: it knows none
	tokens   int        // that the host has given
	expires  time.Duration
	received uint64 // outcomes that the engine has got, as it was told to count
	unseen   bool   // no server has taken a connection of the session yet
	tooLarge bool   // the last connection was closed with 1009: the engine may give the session up
	poisons  int    // calls whose frame cuts the connection
	learned  bool   // one was closed so that had carried nothing too large
	limit    int    // what lies on the way closes larger frames with 1009; 0: none
	later    bool   // the session of an earlier life is lost
	gaveUp   bool   // it is closed, or has been since the last call
	ended    bool   // Close was called

	modelConn
}

// modelConn is the present connection.
type modelConn struct {
	conn      *fakeConn
	asked     bool // its hello asked to resume
	resumed   bool // and was granted that
	welcomed  bool
	deaf      bool      // nothing reaches the server
	dumb      bool      // nothing reaches the engine
	heard     bool      // something has
	probing   bool      // the engine waits for a sign of life
	probed    time.Time // since then
	limits    protocol.Limits
	open      map[protocol.Key]bool // requests for which the engine counts on an answer
	had       map[protocol.Key]bool // requests it has carried
	begun     map[protocol.Key]bool // of these, those that the server had not seen before
	doubtful  map[protocol.Key]bool // calls to be sent again, by the welcome
	before    map[protocol.Key]bool // doubtful on the connection before
	again     protocol.Key          // the last of these that was
	newest    int                   // the last that was sent for the first time, by order
	fresh     bool                  // one was, after the welcome
	posts     []modelEntry          // that arrive next
	pieces    map[protocol.Key]int  // bytes of large requests that have come
	owed      map[protocol.Key]bool // streams of which the server is to be told again
	authority time.Time             // until when the token is good; zero: for ever
}

// modelLife is a session on the server, from its beginning until it is lost.
type modelLife struct {
	seen    map[protocol.Key]bool
	running map[protocol.Key]bool
	log     []modelEntry // outcomes, and what counts as such
	acked   uint64       // of these
	bodies  map[protocol.Key]*modelBody
	streams map[protocol.Key]*modelStream
	heard   bool // the engine knows that it has begun
}

func newLife(heard bool) *modelLife {
	return &modelLife{seen: map[protocol.Key]bool{}, running: map[protocol.Key]bool{}, heard: heard,
		bodies: map[protocol.Key]*modelBody{}, streams: map[protocol.Key]*modelStream{}}
}

type modelCall struct {
	*fakeCall
	order      int
	idempotent bool
	poison     bool      // its frame cuts the connection
	deaths     int       // connections that ended under it
	deadline   time.Time // zero: none
	sent       bool      // in this session, and not refused since
	lost       bool      // in a session that was lost
	older      bool      // on an earlier connection of the session
	retry      bool      // it was refused, which says nothing of that
	on         *fakeConn // the last that it was sent on
	notBefore  time.Time // it was refused until then
	refused    bool      // for good
	forgotten  bool
	mayBeLost  bool
	runs       int
	answered   bool // the engine has got its outcome
	cancelled  bool
	checked    bool   // its verdict
	granted    int    // the largest window that it has had for its body
	told       uint64 // parts of its stream that the server was told of
}

func (m *model) complain(format string, args ...any) {
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

// framed looks at each frame of the engine's.
func (m *model) framed(c *fakeConn, b *Batch[*fakeCall], size int) {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	if m.conn != nil && c.number < m.conn.number {
		for _, item := range b.Items { // it left as its connection ended
			if call := m.calls[item.Key]; !item.Cancel {
				call.sent, call.on = true, c
			}
		}
		return
	}
	if c != m.conn {
		m.died()
		m.modelConn = modelConn{before: m.doubtful, conn: c, limits: protocol.Limits{Frame: protocol.FirstFrame, Requests: protocol.FirstRequests},
			open: map[protocol.Key]bool{}, had: map[protocol.Key]bool{}, begun: map[protocol.Key]bool{}, owed: map[protocol.Key]bool{}, pieces: map[protocol.Key]int{}, newest: m.newest}
	}
	if size > m.limits.Frame {
		m.complain("a frame of %d bytes", size)
	}
	tooLarge := m.tooLarge
	if b.Hello != nil {
		m.tooLarge = false
	}
	m.cut(c, b, size)
	switch b.Word {
	case protocol.Ping:
		if !m.deaf && !m.dumb {
			go m.say(c, protocol.Pong)
		}
		return
	case protocol.Pong:
		if !m.deaf && m.life != nil {
			m.life.heard = true
		}
		return
	}
	if m.probing {
		m.complain("%s into a connection that is being probed", b.brief())
	}
	if b.Hello != nil {
		m.hello(b.Hello, tooLarge)
	}
	if b.Token != "" {
		m.token(b.Token)
		if !m.deaf && !m.dumb {
			go m.authorize(c)
		}
	}
	if b.Ack != 0 {
		m.ack(b.Ack)
	}
	for _, item := range b.Items {
		if item.Cancel {
			m.cancel(item.Key)
		} else {
			m.request(c, item.Key, item.Large)
		}
	}
	m.parts(c, b.Parts)
	if len(m.open) > m.limits.Requests {
		m.complain("%d requests at a time", len(m.open))
	}
}

func (b *Batch[P]) brief() string {
	return fmt.Sprintf("%v %q %d %v", b.Hello, b.Token, b.Ack, b.Items)
}

func (m *model) token(got string) {
	if got != fmt.Sprint(m.tokens) {
		m.complain("the token %s, not %d", got, m.tokens)
	}
}

func (m *model) hello(h *protocol.Hello, tooLarge bool) {
	m.token(h.Token)
	switch {
	case m.unseen == h.Resume && m.unseen:
		m.complain("a hello that resumes what no server has seen")
	case m.unseen || h.Resume:
	case tooLarge:
		m.forget()
	default:
		m.complain("a hello that does not resume")
	}
	if h.Ack != m.received {
		m.complain("hello acknowledges %d of %d", h.Ack, m.received)
	}
	m.asked, m.unseen = h.Resume, false
	if m.deaf {
		return
	}
	m.resumed = h.Resume && m.life != nil && m.life.heard
	if !m.resumed {
		m.life = newLife(!h.Resume)
		return
	}
	m.life.acked = max(m.life.acked, h.Ack)
}

func (m *model) ack(n uint64) {
	if !m.welcomed || n > m.received {
		m.complain("an ack of %d after %d outcomes", n, m.received)
	}
	if m.deaf {
		return
	}
	if n <= m.life.acked {
		m.complain("an ack of %d, again", n)
	}
	m.life.acked, m.life.heard = n, true
}

func (m *model) cancel(key protocol.Key) {
	call := m.calls[key]
	if !call.sent {
		m.complain("cancel %d, which the server does not know", key)
	}
	call.cancelled = true
	delete(m.open, key)
	if !m.deaf {
		delete(m.life.running, key) // it produces no outcome, and is never run
		m.life.seen[key] = true
	}
}

func (m *model) request(c *fakeConn, key protocol.Key, large bool) {
	call := m.calls[key]
	if call.answered && m.resumed && call.on != c {
		call.on, m.had[key] = c, true // the outcome stands behind the welcome, and is just being read
		return
	}
	switch {
	case call.notBefore.After(time.Now()):
		m.complain("%d again, %v too early", key, time.Until(call.notBefore))
	case call.retry:
		call.retry = false
	case m.had[key] && call.sent:
		m.complain("%d twice on a connection", key)
	case m.doubtful[key]:
		if m.tried() != key {
			if m.fresh || key <= m.again {
				m.complain("%d again, behind others", key)
			}
			m.again = key
		}
		delete(m.doubtful, key)
	case call.sent && call.on != nil:
		m.complain("%d again, which may have run", key)
	case call.sent && !m.welcomed:
		m.complain("%d, of an earlier life, before the welcome", key)
	case !call.sent && !call.lost && call.notBefore.IsZero() && m.tried() != key:
		if call.open {
			break // it has waited for the welcome
		}
		if call.order <= m.newest {
			m.complain("%d in the wrong order", key)
		}
		m.newest, m.fresh = call.order, m.fresh || m.welcomed
	}
	if m.resumed && call.older && call.parted() && call.took > 0 {
		m.owed[key] = true
	}
	call.sent, call.on = true, c
	m.had[key], m.open[key] = true, true
	if large {
		m.pieces[key] = 0
		return // until all of it has come
	}
	m.arrived(c, key, call)
}

// arrived takes a request that has arrived, if anything does.
func (m *model) arrived(c *fakeConn, key protocol.Key, call *modelCall) {
	switch {
	case m.deaf:
	case !m.life.seen[key]:
		m.life.begin(key, call)
		m.begun[key] = true
		call.runs++
		if call.runs > 1 && !call.idempotent {
			m.complain("%d ran twice", key)
		}
	case m.life.running[key]:
	case m.life.keeps(key):
	case call.order > 0 && call.ends == 0:
		m.complain("%d again, whose outcome was acknowledged", key)
	case !m.dumb: // an earlier life has got the outcome
		call.forgotten = true
		delete(m.open, key)
		go m.say(c, string(append(protocol.AppendForgotten([]byte("["), key), ']')))
	}
	if !m.deaf && call.fakeCall != nil && call.open && m.life.running[key] {
		m.post(c, m.life.note(key, gotMessage(key, m.life.bodies[key].had)))
	}
}

// Each payload comes back exactly once, with its true fate, whatever happens
// in whatever order; and nothing runs twice.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubbled{t}, func(rt *rapid.T) {
			reloaded := rapid.Bool().Draw(rt, "reloaded")
			n := newNet(t, Options{
				Queue: Queue{1 << 20, math.MaxInt}, Reconnect: Reconnect{Min: time.Second, Max: 5 * time.Second}, Token: true, Resume: reloaded,
			})
			n.answers(nil)
			m := &model{n: n, unseen: !reloaded, limit: rapid.SampledFrom([]int{0, 0, 0, 10_000, 50_000}).Draw(rt, "limit"), calls: map[protocol.Key]*modelCall{}, expires: rapid.SampledFrom([]time.Duration{0, 20 * time.Second, time.Minute}).Draw(rt, "expires")}
			n.framed = m.framed
			n.token = func(<-chan struct{}) (string, error) {
				n.mu.Lock()
				defer n.mu.Unlock()
				m.tokens++
				return fmt.Sprint(m.tokens), nil
			}
			defer n.finish() // after a failure too
			if reloaded {
				m.reload(rt)
			}
			n.engine.Start()
			actions := m.actions(reloaded)
			actions[""] = m.check
			rt.Repeat(actions)
			m.calm(rt)
			m.ended = true
			n.engine.Close()
			m.check(rt)
		})
	})
}

// bubbled hides that it is a *testing.T, whose Deadline is real time.
type bubbled struct{ rapid.TB }
