package client

import (
	"context"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// pulse is what the heartbeat knows of a connection. Times are since the
// engine's epoch.
type pulse struct {
	opened   time.Duration
	in, out  time.Duration // when something was last received and sent
	after    time.Duration // the server's wish; 0: none
	pinged   time.Duration // when the last ping was due
	waiting  bool          // nothing has come since then
	limit    time.Duration // how long that may last
	pardoned bool          // the limit has passed once, unseen
	answered bool          // a ping has been answered, ever
	ping     bool          // to be sent
	pong     bool          // to be sent
}

func (p *pulse) start(now time.Duration) {
	p.opened, p.in, p.out, p.pinged = now, now, now, now
}

func (p *pulse) beat(now, limit time.Duration) {
	p.pinged, p.limit, p.ping = now, limit, true
	p.waiting = limit > 0
}

// Received tells that something has arrived on conn, whatever it is: that is
// what proves a connection alive. The host calls it for each frame, before it
// settles what the frame holds, and may call it while a long one arrives.
func (e *Engine[P]) Received(conn Conn) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn != conn {
		return
	}
	p := &e.conn.pulse
	p.in = now
	if p.waiting {
		p.waiting, p.pardoned = false, false
		signal(e.attention) // the next ping is due before the answer would have been
		if e.conn.inFlight == 0 {
			p.answered = true // otherwise it may be a reply
		}
	}
	if e.deadlines.due(now) {
		// A slow timer, as in a hidden tab, must not keep what is overdue
		// alive.
		signal(e.earlier)
	}
}

// Pinged tells that a ping has arrived on conn, which the next Next answers.
func (e *Engine[P]) Pinged(conn Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn == conn {
		e.conn.pulse.pong = true
		e.conn.wake()
	}
}

// watch keeps the present connection until it ends, or shows no life.
func (e *Engine[P]) watch(ctx context.Context, conn Conn) Closed {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, end := e.check()
		if end != nil {
			return *end
		}
		timer.Reset(next)
		select {
		case end := <-conn.Done():
			return end
		case <-ctx.Done():
			return Closed{protocol.CloseNormal, "the client closed the connection"}
		case <-e.attention:
		case <-timer.C:
		}
	}
}

// check looks at the pulse and returns when to look again, or why the
// connection must end.
func (e *Engine[P]) check() (time.Duration, *Closed) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.conn.pulse
	if !e.conn.welcomed && now-p.opened >= protocol.Handshake {
		return 0, &Closed{protocol.CloseHandshake, "no welcome came: is this a sockjax.1 server? For others there is plain mode"}
	}
	if e.nudged {
		e.nudged = false
		limit := min(probeTimeout, e.opts.Heartbeat.Timeout)
		if !p.waiting || now+limit < p.pinged+p.limit {
			p.beat(now, limit) // never later than what was due before
		}
	}
	if p.waiting && now >= p.pinged+p.limit {
		switch late := now - (p.pinged + p.limit); {
		case e.opts.Plain && !p.answered:
			p.waiting = false // such a server may never answer a ping
		case late > stall && !p.pardoned:
			// The clock stood still, not necessarily the server: once more.
			p.beat(now, p.limit)
			p.pardoned = true
		default:
			return 0, &Closed{protocol.CloseHeartbeat, "heartbeat: the server was silent for too long"}
		}
	}
	after := e.opts.Heartbeat.After
	if p.after > 0 {
		after = min(after, p.after)
	}
	due := max(min(p.in, p.out), p.pinged) + after
	if !p.waiting && now >= due {
		p.beat(now, e.opts.Heartbeat.Timeout)
		due = now + after
	}
	if p.ping {
		e.conn.wake()
	}
	if p.waiting {
		due = p.pinged + p.limit
	}
	if !e.conn.welcomed {
		due = min(due, p.opened+protocol.Handshake)
	}
	return due - now, nil
}
