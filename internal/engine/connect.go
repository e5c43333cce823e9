package engine

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// connection is the present one, the zero value if there is none.
type connection struct {
	Conn
	limits   protocol.Limits
	inFlight int           // calls sent on it without an outcome
	hello    bool          // to be sent
	adopted  bool          // see Adopt
	token    string        // to be sent, in the hello or later
	welcomed bool          // the limits are the server's own
	since    time.Duration // when it was welcomed
	jitter   time.Duration // the server's wish for the wait after its end
	look     time.Duration // when watch looks at it again
	broken   *Closed       // why it must end, if the server has broken the protocol
	pass     pass
	pulse    pulse
}

// full reports whether the server has as many requests as it takes.
func (c *connection) full() bool {
	return c.limits.Requests > 0 && c.inFlight >= c.limits.Requests
}

func (c *connection) wake() {
	if c.Conn != nil {
		c.Conn.Wake()
	}
}

// run is the goroutine that keeps the engine connected.
func (e *Engine[P]) run() {
	failures := 0
	for {
		end, past := e.attempt()
		if past.held >= minUp {
			failures = 0
		}
		failures++
		e.mu.Lock()
		switch {
		case e.finished:
			e.mu.Unlock()
			return
		case e.restarted:
			e.mu.Unlock()
			failures = 0
			continue
		case e.paused:
			e.mu.Unlock()
			failures--
			e.wait(Change{State: StateWaiting, Attempt: failures, Reason: "the page is not in use"}, nil)
			continue
		}
		e.mu.Unlock()
		if end.Code.Fatal() || failures > max(0, e.opts.Reconnect.Attempts) {
			e.surrender(end, failures)
			e.wait(Change{State: StateClosed}, nil)
			failures = 0
			continue
		}
		delay := backoff(e.opts.Reconnect, failures, past.jitter)
		over, stop := after(delay)
		if e.wait(Change{State: StateWaiting, Attempt: failures, Delay: delay, Code: end.Code, Reason: end.Reason}, over) {
			failures = 0
		}
		stop()
	}
}

// wait changes the state and waits for over, Nudge, Reconnect or Close. After
// a surrender a mere nudge does not count. It returns true on Reconnect.
func (e *Engine[P]) wait(c Change, over <-chan struct{}) bool {
	e.mu.Lock()
	e.change(c)
	e.mu.Unlock()
	e.tell()
	for {
		e.mu.Lock()
		restarted, nudged := e.restarted, e.nudged && e.closed == nil
		e.mu.Unlock()
		if restarted || nudged {
			return restarted
		}
		select {
		case <-e.closing:
			return false
		case <-over:
			return false
		case <-e.attention:
		}
	}
}

// past is what counts of a connection that has ended: the zero value if the
// server had never welcomed it.
type past struct {
	held   time.Duration // since the welcome
	jitter time.Duration // the server's wish
}

// attempt opens one connection, unless one was adopted, keeps it for as long
// as it holds, and returns why it ended.
func (e *Engine[P]) attempt() (Closed, past) {
	over := make(chan struct{})
	redial := sync.OnceFunc(func() { close(over) })
	e.mu.Lock()
	conn, unwanted := e.conn.Conn, e.finished || e.paused
	switch {
	case conn == nil && unwanted:
		e.mu.Unlock()
		return Closed{}, past{}
	case e.failed != nil:
		end := *e.failed
		e.failed = nil
		e.mu.Unlock()
		return end, past{}
	case conn == nil:
		e.change(Change{State: StateConnecting})
	case unwanted:
		redial() // the adopted one ends as any other
	}
	e.redial, e.restarted, e.nudged, e.closed = redial, false, false, nil
	e.mu.Unlock()
	e.tell()
	if conn == nil {
		var end *Closed
		if conn, end = e.open(over); end != nil {
			return *end, past{}
		}
	}
	end := e.watch(over, conn)
	past := e.detach(end)
	conn.Close(end.Code, end.Reason)
	return end, past
}

// open opens a connection, or says why there is none.
func (e *Engine[P]) open(over <-chan struct{}) (Conn, *Closed) {
	token, err := e.token(over)
	if err != nil {
		return nil, &Closed{Reason: err.Error()}
	}
	conn, err := e.host.Dial(over)
	if err != nil {
		var end *Closed
		if !errors.As(err, &end) {
			end = &Closed{Reason: err.Error()}
		}
		return nil, end
	}
	e.adopt(conn, token, e.now())
	return conn, nil
}

// adopt makes an open connection the present one.
func (e *Engine[P]) adopt(conn Conn, token string, now time.Duration) {
	e.mu.Lock()
	e.install(conn, token, now)
	e.mu.Unlock()
	e.tell()
}

// install is adopt under the lock.
func (e *Engine[P]) install(conn Conn, token string, now time.Duration) {
	e.opened++
	e.conn = connection{Conn: conn, token: token}
	e.conn.pulse.start(now)
	e.nudged = false // what was nudged was the attempt
	if e.opts.Plain {
		// Nothing is known of such a server's limits.
		e.conn.welcomed, e.conn.since = true, now
		e.change(Change{State: StateOpen})
	} else {
		e.conn.hello = true
		e.conn.limits = protocol.Limits{Frame: protocol.FirstFrame, Requests: protocol.FirstRequests}
	}
	e.conn.wake()
}

// detach ends the present connection's part. What was sent on it and not
// answered is in doubt from here on.
func (e *Engine[P]) detach(end Closed) (p past) {
	now := e.now()
	e.mu.Lock()
	if e.conn.welcomed {
		p = past{now - e.conn.since, e.conn.jitter}
	}
	e.conn = connection{}
	var lost []failure[P]
	switch {
	case e.opts.Plain:
		e.doubt()
		lost = e.resolve("the connection was lost after the request was sent", end.Code != protocol.CloseTooLarge, false)
	case end.Code == protocol.CloseTooLarge:
		lost = e.forget()
	default:
		e.doubt()
	}
	e.mu.Unlock()
	e.fail(lost)
	return p
}

// surrender closes without Close: only Reconnect helps.
func (e *Engine[P]) surrender(end Closed, failures int) {
	why := "gave up after " + strconv.Itoa(failures) + " failed attempts in a row"
	if end.Code.Fatal() {
		why = "the server closed with code " + strconv.Itoa(int(end.Code)) + ", after which trying again is pointless"
	}
	if end.Reason != "" {
		why += ": " + end.Reason
	}
	e.mu.Lock()
	if e.finished || e.restarted {
		// Close or Reconnect came in between, and counts.
		e.mu.Unlock()
		return
	}
	lost := e.end(&Error{Code: CodeClosed, Message: why})
	e.change(Change{State: StateClosed, Attempt: failures, Code: end.Code, Reason: why})
	e.mu.Unlock()
	e.fail(lost)
	e.tell()
}

// Reconnect closes the present connection, if there is one, and connects
// anew at once, even after giving up. After Close it does nothing.
func (e *Engine[P]) Reconnect() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finished {
		return
	}
	e.closed, e.paused, e.restarted = nil, false, true // at once, for calls made before run sees it
	if e.redial != nil {
		e.redial()
	}
	e.rouse(e.attention)
}

// Nudge says that now is a good time: the network came back, the page was
// shown, the machine woke. Waiting for the next attempt ends; an open
// connection has to show with a ping that it is still alive.
func (e *Engine[P]) Nudge() {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.paused && e.closed == nil:
		e.restarted = true // the pause was no failure
	case e.conn.Conn != nil && !e.conn.hello:
		e.probe(e.now())
	}
	e.nudged, e.paused = true, false
	e.rouse(e.attention)
}

// Pause disconnects until Nudge. A page does so before it enters the
// back/forward cache, which an open socket would keep it out of.
func (e *Engine[P]) Pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	// What was asked for before and not begun is over, or run would find
	// reasons both to go on and to wait.
	e.paused, e.nudged, e.restarted = true, false, false
	if e.redial != nil {
		e.redial()
	}
	e.rouse(e.attention)
}

// backoff is "full jitter": anything up to the exponential delay, so that
// clients cut at the same moment do not come back at the same moment. A server
// with many clients may ask for a longer one.
func backoff(r Reconnect, failures int, jitter time.Duration) time.Duration {
	limit := r.Max
	if doublings := failures - 1; doublings < 63 && r.Min <= r.Max>>doublings {
		limit = r.Min << doublings
	}
	return rand.N(max(limit, jitter, 1))
}
