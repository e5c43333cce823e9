package session

import (
	"slices"

	"github.com/sockjax/sockjax/protocol"
)

// keySet is what a session knows of its keys: the rule by which a call runs
// once.
type keySet struct {
	begun ranges // keys that never get New again
	done  ranges // those of begun that will have no outcome any more
	lossy bool   // begun has lost keys: the session can't be resumed
}

// maxRuns is how many runs the keys of a session may form, 16 bytes each.
// Clients count up; a gap is a call that was cancelled before it was sent.
const maxRuns = 1024

// begin claims a key if it is New.
func (k *keySet) begin(key protocol.Key) Verdict {
	if k.add(key) {
		return New
	}
	return k.known(key)
}

// peek returns the verdict of begin and claims nothing.
func (k *keySet) peek(key protocol.Key) Verdict {
	if !k.begun.has(key) {
		return New
	}
	return k.known(key)
}

// known is the verdict of a key that has begun.
func (k *keySet) known(key protocol.Key) Verdict {
	if k.done.has(key) {
		return Done
	}
	return Active
}

// add adds a key to begun, if it is not there. Where there are too many runs,
// the honest answer is that the session can't be resumed. Then begun serves
// only to find a key that comes twice in a row.
func (k *keySet) add(key protocol.Key) bool {
	if !k.begun.add(key) {
		return false
	}
	if n := len(k.begun); n > maxRuns {
		k.lossy = true
		k.begun, k.done = ranges{k.begun[n-1]}, nil
	}
	return true
}

// allDone tells whether no key will have an outcome any more.
func (k *keySet) allDone() bool { return slices.Equal(k.begun, k.done) }

// cancel uses a key up, whether or not it has begun.
func (k *keySet) cancel(key protocol.Key) {
	k.add(key)
	k.finish(key)
}

// finish notes that a key will have no outcome any more.
func (k *keySet) finish(key protocol.Key) {
	if !k.lossy { // else nobody will ask
		k.done.add(key)
	}
}
