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
