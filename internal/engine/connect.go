package engine

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

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
			e.wait(Change{State: StateWaiting, Attempt: failures, Cause: CausePaused, Reason: "the page is not in use"}, nil)
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
		if e.wait(Change{State: StateWaiting, Attempt: failures, Delay: delay, Code: end.Code, Cause: end.because(), Reason: end.Reason}, over) {
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
		return nil, &Closed{Cause: CauseFunction, Reason: err.Error()}
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

// detach ends the present connection's part. What was sent on it and not
// answered is in doubt from here on.
func (e *Engine[P]) detach(end Closed) (p past) {
	now := e.now()
	e.mu.Lock()
	if e.conn.welcomed {
		p = past{now - e.conn.since, e.conn.jitter}
	}
	lost := e.ended(end)
	e.mu.Unlock()
	e.fail(lost)
	return p
}

// surrender closes without Close: only Reconnect helps.
func (e *Engine[P]) surrender(end Closed, failures int) {
	cause, why := CauseGaveUp, "gave up after "+strconv.Itoa(failures)+" failed attempts in a row"
	if end.Code.Fatal() {
		cause, why = CauseRefused, "the server closed with code "+strconv.Itoa(int(end.Code))+", after which trying again is pointless"
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
	lost := e.cancelAll(&Error{Code: CodeClosed, Message: why})
	e.change(Change{State: StateClosed, Attempt: failures, Code: end.Code, Cause: cause, Reason: why})
	e.mu.Unlock()
	e.fail(lost)
	e.tell()
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

// because is the cause of an end. Where whoever ended it has said none, the
// close code tells.
func (c Closed) because() Cause {
	switch {
	case c.Code.Fatal():
		return CauseRefused
	case c.Cause != "":
		return c.Cause
	}
	switch c.Code {
	case 0, protocol.CloseAbnormal:
		return CauseNetwork
	case protocol.CloseHandshake, protocol.CloseHeartbeat:
		return CauseTimeout
	}
	return CauseServer
}
