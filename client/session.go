package client

import (
	"time"

	"github.com/google/uuid"
	"github.com/sockjax/sockjax/protocol"
)

// session is the life of an engine across its connections. Together with a
// key its id names a request for ever: a counter alone repeats, and a uuid for
// each request would cost more than the rest of the call.
type session struct {
	id     string
	resume bool // a server may have seen it
}

// largestFrame is a frame that nobody sends.
const largestFrame = 1 << 30

func newSession() session { return session{id: uuid.NewString()} }

// Welcome tells that the server has answered the hello on conn, and decides
// what becomes of the calls in doubt: those that were sent on an earlier
// connection and not answered.
func (e *Engine[P]) Welcome(conn Conn, w protocol.Welcome) {
	now := e.now()
	e.mu.Lock()
	if e.conn.Conn != conn || e.conn.welcomed {
		e.mu.Unlock()
		return
	}
	c := &e.conn
	c.welcomed, c.since = true, now
	// A server may not ask for less than what was allowed before it could,
	// and one without a limit may write the largest number that it has.
	c.limits.Frame = min(max(w.Limits.Frame, protocol.FirstFrame), largestFrame)
	c.limits.Requests = max(w.Limits.Requests, protocol.FirstRequests)
	if w.Heartbeat > 0 {
		const shortest = time.Second // or a hostile server makes the client spin
		c.pulse.after = max(time.Duration(min(w.Heartbeat, 1<<31))*time.Millisecond, shortest)
	}
	lost := e.resolve("the connection was lost after the request was sent, and the server does not know the session any more",
		func(c *call[P]) bool { return w.Resumed || c.Idempotent })
	e.change(Change{State: StateOpen})
	c.wake()
	signal(e.attention) // the heartbeat has changed
	e.mu.Unlock()
	e.fail(lost)
	e.tell()
}

// doubt puts calls that were about to be sent again, when the connection of
// the given number ended, back in doubt: the next server may not know the
// session, and must not get them before its welcome has said so. The queue
// passes over their references with the hello, which is before resolve puts
// new ones there.
func (e *Engine[P]) doubt(number uint32) {
	for _, place := range e.calls.index {
		if c := e.calls.at(place); c.sent && c.conn == 0 {
			c.conn = number
			e.queue.drop(c.Size)
		}
	}
}

// resolve sends again, before anything else and in the first order, the calls
// in doubt that again selects. All others are lost, and why says how.
func (e *Engine[P]) resolve(why string, again func(*call[P]) bool) (lost []failure[P]) {
	var older []ref
	bytes := 0
	doubt := func(c *call[P]) bool { return c.conn != 0 && c.conn != e.conn.number }
	for _, place := range e.calls.oldest(doubt) {
		c := e.calls.at(place)
		if again(c) {
			c.conn = 0
			older = append(older, ref{c.Key, place})
			bytes += c.Size
			continue
		}
		lost = append(lost, failure[P]{e.remove(place), &Error{CodeLost, Unknown, why}})
	}
	if older != nil {
		e.queue.pushFront(older, bytes)
	}
	return lost
}
