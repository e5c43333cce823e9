package engine

import "time"

// EndTurn is for hosts with Options.Turns: the time of the calls submitted
// since the last EndTurn, or Next, begins to run.
func (e *Engine[P]) EndTurn() {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.date(now)
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

// wakeBy has expire look at that time at the latest. One look too many, since
// the call for which it was set has ended, costs less than a new alarm for
// each call.
func (e *Engine[P]) wakeBy(at time.Duration) {
	if at < e.alarm {
		e.alarm = at
		e.rouse(e.sooner)
	}
}
