package engine

// queue is the order in which calls are sent. It holds references: a call
// that ends while it waits leaves one behind that points to nothing, which
// Engine.front skips and compact clears away.
type queue struct {
	refs  []ref
	head  int // refs before it are gone
	live  int // calls that wait, those too that have not entered yet
	bytes int // of these
}

// hold counts a call that waits, here or until it may enter.
func (q *queue) hold(size int) {
	q.live++
	q.bytes += size
}

func (q *queue) enter(r ref) { q.refs = append(q.refs, r) }

// pushFront puts calls that have been sent before ahead of all others.
func (q *queue) pushFront(older []ref, bytes int) {
	q.refs = append(older, q.refs[q.head:]...)
	q.head = 0
	q.live += len(older)
	q.bytes += bytes
}

// clear forgets all references: none points to a call that waits.
func (q *queue) clear() {
	q.refs, q.head = q.refs[:0], 0
	if cap(q.refs) > idleCapacity {
		q.refs = nil
	}
}

// pop takes the front out, whose call is being sent.
func (q *queue) pop(size int) {
	q.head++
	q.drop(size)
}

// drop counts a call out that waits no more.
func (q *queue) drop(size int) {
	q.live--
	q.bytes -= size
}

// wasteful reports whether most of the memory holds nothing.
func (q *queue) wasteful() bool { return len(q.refs) > 2*q.live+64 }

func (q *queue) compact(waits func(ref) bool) {
	kept := q.refs[:0]
	for _, r := range q.refs[q.head:] {
		if waits(r) {
			kept = append(kept, r)
		}
	}
	q.refs, q.head = kept, 0
}
