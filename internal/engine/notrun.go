package engine

import "github.com/sockjax/sockjax/protocol"

// SettleNotRun is Settle for an outcome which says that no handler ran, and none
// will. fate is Unsent, unless an earlier session, which was lost, may have run
// the call.
func (e *Engine[P]) SettleNotRun(key protocol.Key) (payload P, fate Fate, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fate = Unsent
	if place, found := e.calls.find(key); found {
		// An idempotent call that was resent may have been rerun before that.
		if c := e.calls.at(place); c.life == rerun || c.life == resent && c.Idempotent {
			fate = Unknown
		}
	}
	e.arrived()
	payload, ok = e.settle(key)
	return payload, fate, ok
}
