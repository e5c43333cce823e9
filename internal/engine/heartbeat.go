package engine

import (
	"sync"
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
	probing  bool          // nothing but the ping may be sent until the server has shown life
	probed   time.Duration // when that began
	owed     int           // pongs that have to come, to pings that were sent
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

// Received tells that something has arrived on conn. Whatever it is, it proves
// the connection alive, except to a probe. The host calls it for each frame,
// before it settles what the frame holds, with its size in bytes or about that;
// and it may call it while a long one arrives, with the size 0.
func (e *Engine[P]) Received(conn Conn, size int) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn != conn {
		return
	}
	p := &e.conn.pulse
	e.awake(now, max(p.in, p.pinged))
	p.in = now
	e.acks.heard(size)
	switch {
	case p.probing && now < p.probed+lag && !e.opts.Plain:
		p.pinged = now // it proves nothing, but the pong may be behind it
	case p.waiting:
		if e.conn.inFlight == 0 {
			p.answered = true // otherwise it may be a reply
		}
		e.proven()
	}
	if e.deadlines.due(now) {
		// A slow timer, as in a hidden tab, must not keep what is overdue
		// alive.
		e.rouse(e.earlier)
	}
}

// Ponged tells that a pong has arrived on conn, after Received.
func (e *Engine[P]) Ponged(conn Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.conn.pulse
	if e.conn.Conn != conn || p.owed == 0 {
		return
	}
	// That to an earlier ping may be as old as any other frame.
	if p.owed--; p.owed == 0 && !p.ping && p.probing {
		e.proven()
	}
}

// proven has the connection go on: it is alive.
func (e *Engine[P]) proven() {
	p := &e.conn.pulse
	if p.probing {
		e.conn.wake()
	}
	p.waiting, p.pardoned, p.probing = false, false, false
	e.rouse(e.attention) // the next ping is due before the answer would have been
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

// rest returns after d, when the connection has to be looked at, or earlier,
// with why, if it has ended or is over.
func (e *Engine[P]) rest(d time.Duration, over <-chan struct{}, conn Conn) *Closed {
	look, stop := after(d)
	defer stop()
	select {
	case end := <-conn.Done():
		return &end
	case <-over:
		return &Closed{Code: protocol.CloseNormal, Reason: "the client closed the connection"}
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
	if e.conn.broken != nil {
		return 0, false, e.conn.broken
	}
	due, end := e.beat(now)
	if end != nil {
		return 0, false, end
	}
	ack, overdue := e.acks.overdue(now)
	if overdue {
		e.conn.wake()
	} else if e.conn.welcomed {
		due = min(due, ack)
	}
	renew, stale := e.conn.pass.due(now)
	due = min(due, renew)
	e.conn.look = due
	return due - now, stale, nil
}

// beat looks at the pulse, and returns when to do so again, or why the
// connection must end.
func (e *Engine[P]) beat(now time.Duration) (time.Duration, *Closed) {
	p := &e.conn.pulse
	if !e.conn.welcomed && now-p.opened >= protocol.Handshake {
		return 0, &Closed{Code: protocol.CloseHandshake, Reason: "no welcome came: is this a sockjax.1 server? For others there is plain mode"}
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
			return 0, &Closed{Code: protocol.CloseHeartbeat, Reason: "heartbeat: the server was silent for too long"}
		}
	}
	after := e.silence()
	due := max(min(p.in, p.out), p.pinged) + after
	if !p.waiting && now >= due {
		p.owed = 0 // after such a silence none will come
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
	return due, nil
}

// silence is how much of it the client allows.
func (e *Engine[P]) silence() time.Duration {
	if after := e.conn.pulse.after; after > 0 {
		return min(after, e.opts.Heartbeat.After)
	}
	return e.opts.Heartbeat.After
}

// silenceProves reports whether a connection from which nothing comes after a
// ping is dead: a server in plain mode may never answer one.
func (e *Engine[P]) silenceProves() bool {
	return e.opts.Heartbeat.Timeout > 0 && (e.conn.pulse.answered || !e.opts.Plain)
}

// probe has the connection show soon that it is alive: by the pong, or by what
// comes later than all that may have waited in the machine since before it
// slept or lost its network. What is sent into a connection that has died
// unnoticed is in doubt for no reason, so requests wait for that, unless
// silence proves nothing.
func (e *Engine[P]) probe(now time.Duration) {
	p := &e.conn.pulse
	limit := min(probeTimeout, e.opts.Heartbeat.Timeout)
	if !p.waiting || now+limit < p.pinged+p.limit {
		p.beat(now, limit) // never later than what was due before
	}
	if !p.probing {
		p.probing, p.probed = e.silenceProves(), now
	}
	e.conn.wake()
	e.rouse(e.attention)
}

// awake probes if timers must have stood still, as in a machine that slept:
// otherwise, that long after there was a sign of life, a ping would have been
// sent and its answer missed.
func (e *Engine[P]) awake(now, life time.Duration) {
	p := &e.conn.pulse
	if e.conn.hello || p.probing || !e.silenceProves() {
		return
	}
	if now-life > e.silence()+e.opts.Heartbeat.Timeout+slack {
		e.probe(now)
	}
}
