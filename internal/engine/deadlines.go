package engine

import "time"

// deadlines is a heap of times, earliest first. A call that ends in time leaves
// its entry behind, which points to nothing: taking it out at once would cost
// each reply a search. compact clears them away when they are the majority.
type deadlines []deadline

type deadline struct {
	at time.Duration // since the engine's epoch
	ref
}

func (d *deadlines) push(at time.Duration, r ref) {
	h := append(*d, deadline{at, r})
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent].at <= h[i].at {
			break
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
	*d = h
}

func (d *deadlines) pop() deadline {
	h := *d
	top, last := h[0], len(h)-1
	h[0] = h[last]
	*d = h[:last]
	d.down(0)
	return top
}

func (d deadlines) down(i int) {
	for {
		least, left := i, 2*i+1
		for child := left; child <= left+1 && child < len(d); child++ {
			if d[child].at < d[least].at {
				least = child
			}
		}
		if least == i {
			return
		}
		d[i], d[least] = d[least], d[i]
		i = least
	}
}

func (d deadlines) due(now time.Duration) bool { return len(d) > 0 && d[0].at <= now }

// wasteful reports whether most entries point to nothing.
func (d deadlines) wasteful(live int) bool { return len(d) > 2*live+64 }

func (d *deadlines) compact(waits func(ref) bool) {
	kept := (*d)[:0]
	for _, entry := range *d {
		if waits(entry.ref) {
			kept = append(kept, entry)
		}
	}
	*d = kept
	for i := len(kept)/2 - 1; i >= 0; i-- {
		kept.down(i)
	}
}

// expire is the goroutine that fails calls whose deadline has passed, and
// sends those again that the server was too busy for.
func (e *Engine[P]) expire() {
	for {
		at, any := e.earliest()
		wait := time.Hour
		if any {
			wait = at - e.now()
		}
		if !e.sleep(wait, e.earlier) {
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

// date gives the calls that have no deadline yet theirs.
func (e *Engine[P]) date(now time.Duration) {
	if len(e.undated) == 0 {
		return
	}
	for _, r := range e.undated {
		if !e.calls.holds(r) {
			continue
		}
		if e.deadlines.wasteful(e.calls.live()) {
			e.deadlines.compact(e.calls.holds)
		}
		at := now + e.calls.at(r.place).Timeout
		if at < now {
			continue // so late that it overflows: never
		}
		e.calls.at(r.place).until = at
		e.deadlines.push(at, r)
		e.wakeBy(at)
	}
	e.undated = e.undated[:0]
	if cap(e.undated) > idleCapacity {
		e.undated = nil
	}
}

// earliest is when a call that has not ended is to be looked at.
func (e *Engine[P]) earliest() (time.Duration, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarm = min(e.deadlines.earliest(e.calls.holds), e.retries.earliest(e.calls.queued))
	return e.alarm, e.alarm < never
}

// wakeBy has expire look at that time at the latest. One look too many, since
// the call for which it was set has ended, costs less than a new alarm for
// each call.
func (e *Engine[P]) wakeBy(at time.Duration) {
	if at < e.alarm {
		e.alarm = at
		e.rouse(e.earlier)
	}
}

// earliest is the first time of an entry that points to something, never if
// there is none.
func (d *deadlines) earliest(waits func(ref) bool) time.Duration {
	for len(*d) > 0 && !waits((*d)[0].ref) {
		d.pop()
	}
	if len(*d) > 0 {
		return (*d)[0].at
	}
	if cap(*d) > idleCapacity {
		*d = nil
	}
	return never
}

// overdue gives up the calls whose deadline has passed.
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
		why := &Error{CodeTimeout, e.calls.at(entry.place).fate(), "no reply in time"}
		late = append(late, failure[P]{e.giveUp(entry.place), why})
	}
	return late
}
