package engine

import (
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// watch keeps the present connection until it ends, or shows no life.
func (e *Engine[P]) watch(over <-chan struct{}, conn Conn) Closed {
	left := make(chan struct{})
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer close(left)
	for {
		next, stale, end := e.check()
		if end != nil {
			return *end
		}
		if stale {
			renewing.Go(func() { e.renew(left, conn) })
		}
		if end := e.rest(next, over, conn); end != nil {
			return *end
		}
	}
}

// rest returns after d, when the connection must be looked at, or earlier,
// with why, if it has ended or is over.
func (e *Engine[P]) rest(d time.Duration, over <-chan struct{}, conn Conn) *Closed {
	look, stop := after(d)
	defer stop()
	select {
	case end := <-conn.Done():
		return &end
	case <-over:
		return &Closed{Code: protocol.CloseNormal, Reason: "the client closed the connection", Local: true}
	case <-e.attention:
	case <-look:
	}
	return nil
}

// check looks at all that depends on time, and returns when to look again,
// whether a fresh token is to be got, or why the connection must end.
func (e *Engine[P]) check() (next time.Duration, stale bool, end *Closed) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.nudged = false // the probe is on its way
	c := &e.conn
	if c.broken != nil {
		return 0, false, c.broken
	}
	due := never
	if !c.welcomed {
		if due = c.heartbeat.opened + protocol.Handshake; now >= due {
			return 0, false, &Closed{Code: protocol.CloseHandshake, Reason: "no welcome came: is this a sockjax.1 server? For others there is plain mode"}
		}
	}
	beat, dead := c.heartbeat.check(now)
	if dead {
		return 0, false, &Closed{Code: protocol.CloseHeartbeat, Reason: "heartbeat: the server was silent for too long"}
	}
	due = min(due, beat)
	ack, overdue := e.acks.overdue(now)
	if c.welcomed && !overdue {
		due = min(due, ack)
	}
	if overdue || c.heartbeat.ping {
		c.wake()
	}
	if c.trial.on {
		if now >= c.trial.until {
			e.reached(c.frames, true)
		} else {
			due = min(due, c.trial.until)
		}
	}
	renew, stale := c.tokenLife.due(now)
	due = min(due, renew)
	c.look = due
	return due - now, stale, nil
}
