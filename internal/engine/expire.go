package engine

import "time"

// expire is the goroutine that fails calls whose deadline has passed, and
// sends those again that the server was too busy for.
func (e *Engine[P]) expire() {
	for {
		at, any := e.earliest()
		wait := time.Hour
		if any {
			wait = at - e.now()
		}
		if !e.sleep(wait, e.sooner) {
			return
		}
		// If the program itself stood still, the reply may be waiting in the
		// socket, or in the frame that has woken us: let that be read first.
		if any && e.now()-at > stall && !e.sleep(stall/10, nil) {
			return
		}
		e.fail(e.overdue())
		e.retry()
	}
}

// sleep returns after d, or when something comes over wake. It returns false
// if the engine is being closed.
func (e *Engine[P]) sleep(d time.Duration, wake <-chan struct{}) bool {
	over, stop := after(d)
	defer stop()
	select {
	case <-e.closing:
		return false
	case <-wake:
	case <-over:
	}
	return true
}

// earliest is when a call that has not ended is to be looked at.
func (e *Engine[P]) earliest() (time.Duration, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarm = min(e.deadlines.earliest(e.calls.holds), e.retries.earliest(e.calls.queued))
	return e.alarm, e.alarm < never
}

// overdue cancels the calls whose deadline has passed.
func (e *Engine[P]) overdue() []failure[P] {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	var late []failure[P]
	for e.deadlines.due(now) {
		entry := e.deadlines.pop()
		if !e.calls.holds(entry.ref) {
			continue
		}
		if c := e.calls.at(entry.place); c.parted {
			if x := e.exchanges.find(c.Key); x.paused() {
				c.extend(now)
			}
			if c.until > now {
				e.deadlines.push(c.until, entry.ref)
				continue
			}
		}
		why := &Error{CodeTimeout, e.calls.at(entry.place).fate(), "no reply in time"}
		late = append(late, failure[P]{e.cancel(entry.place), why})
	}
	return late
}

// retry puts the refused calls whose time has come into the queue.
func (e *Engine[P]) retry() {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.retries.due(now) {
		return
	}
	for e.retries.due(now) {
		if r := e.retries.pop().ref; e.calls.queued(r) {
			e.enqueue(r)
		}
	}
	e.conn.wake()
}
