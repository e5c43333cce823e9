package engine

import (
	"slices"

	"github.com/sockjax/sockjax/protocol"
)

// cancels are the calls given up that the server may know of, and must be told
// of.
type cancels struct {
	due  []protocol.Key // now
	late []protocol.Key // once a welcome has resumed the session
}

// maxLate bounds the cancels that wait for a welcome. A server that never
// sends one gets a few more calls with each connection.
const maxLate = 10_000

func (c *cancels) later(keys ...protocol.Key) {
	c.late = append(c.late, keys[:min(len(keys), max(0, maxLate-len(c.late)))]...)
}

// take takes up to n that are due out, and reports whether more are left.
func (c *cancels) take(n int, each func(protocol.Key)) (more bool) {
	n = min(n, len(c.due))
	for _, key := range c.due[:n] {
		each(key)
	}
	c.due = slices.Delete(c.due, 0, n)
	return len(c.due) > 0
}

// ended has those that were due wait for a welcome.
func (c *cancels) ended() {
	c.later(c.due...)
	c.due = nil
}

// welcomed ends the wait: the server knows the session, or nothing of it.
func (c *cancels) welcomed(resumed bool) {
	if resumed {
		c.due = append(c.late, c.due...)
	}
	c.late = nil
}
