package engine

import "time"

// tokenLife is what is known of how long a connection's token is good. Times
// are since the engine's epoch.
type tokenLife struct {
	expires time.Duration // 0: never
	refresh time.Duration // when to get a fresh one; 0: not, or it is on its way
}

// shortest is the shortest time that a server can make the client do something
// again and again after: a hostile one could make it spin.
const shortest = time.Second

// newTokenLife is that of a token which is good for some time from now on, or
// for ever if that is 0.
func newTokenLife(now, good time.Duration) tokenLife {
	if good <= 0 || good > never {
		return tokenLife{}
	}
	refresh := good * 4 / 5
	if last := good - 10*time.Second; last > good/2 {
		refresh = min(refresh, last)
	}
	return tokenLife{now + good, now + max(refresh, shortest)}
}

// due reports whether a fresh token is to be asked for now, which it then
// counts as being done, and otherwise returns when.
func (t *tokenLife) due(now time.Duration) (time.Duration, bool) {
	if t.refresh == 0 {
		return never, false
	}
	at := t.refresh
	if now < at {
		return at, false
	}
	t.refresh = 0
	return never, true
}

// failed notes that none could be got. It reports whether to try again, ever
// more often, while the old one is good; then the server closes the connection.
func (t *tokenLife) failed(now time.Duration) bool {
	next := now + max((t.expires-now)/10, shortest)
	if next >= t.expires {
		return false
	}
	t.refresh = next
	return true
}
