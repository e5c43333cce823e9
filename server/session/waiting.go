package session

import "time"

// waiting are the sessions without a connection. What one party keeps is
// bounded first, and within each bound a session without anything to lose goes
// before one with calls that run or outcomes that are unacknowledged, and the
// one that has waited longest before the others.
//
// The zero value is empty. Each method takes constant time.
type waiting struct {
	all     byWorth
	parties map[party]*byWorth
}

// A party is who keeps sessions: a principal, or where there is none, an
// address.
type party struct{ principal, address string }

// A waiter is a session's place among those that wait.
type waiter struct {
	session *memorySession
	party   party
	until   time.Time
	worth   worth
	links   [2]link // by queue.which
}

// worth is what the loss of a session does.
type worth uint8

const (
	nothing worth = iota // nobody would notice
	calls                // calls that run, or have run, would be lost
)

// byWorth has a queue for each worth.
type byWorth [2]queue

func (b *byWorth) len() int { return b[nothing].len + b[calls].len }

// next is the one to forget first, nil if there is none.
func (b *byWorth) next() *waiter {
	if first := b[nothing].first; first != nil {
		return first
	}
	return b[calls].first
}

// The queues that a waiter stands in.
const (
	inAll = iota
	inParty
)

func (w *waiting) add(x *waiter) {
	w.all[x.worth].push(x, inAll)
	p := w.parties[x.party]
	if p == nil {
		if w.parties == nil {
			w.parties = make(map[party]*byWorth)
		}
		p = new(byWorth)
		w.parties[x.party] = p
	}
	p[x.worth].push(x, inParty)
}

func (w *waiting) remove(x *waiter) {
	w.all[x.worth].remove(x, inAll)
	p := w.parties[x.party]
	p[x.worth].remove(x, inParty)
	if p.len() == 0 {
		delete(w.parties, x.party)
	}
}

// excess is a session that must go so that one party keeps no more than
// perParty, and all together no more than most; nil if none must.
func (w *waiting) excess(of party, perParty, most int) *waiter {
	if p := w.parties[of]; p != nil && p.len() > perParty {
		return p.next()
	}
	if w.all.len() > most {
		return w.all.next()
	}
	return nil
}

// first is the one whose time is over first, nil if there is none.
func (w *waiting) first() *waiter {
	a, b := w.all[nothing].first, w.all[calls].first
	if a == nil || b != nil && b.until.Before(a.until) {
		return b
	}
	return a
}

// A queue holds waiters in the order in which they came.
type queue struct {
	first, last *waiter
	len         int
}

// A link is a waiter's place in a queue.
type link struct{ before, behind *waiter }

func (q *queue) push(x *waiter, which int) {
	x.links[which] = link{before: q.last}
	if q.last != nil {
		q.last.links[which].behind = x
	} else {
		q.first = x
	}
	q.last = x
	q.len++
}

func (q *queue) remove(x *waiter, which int) {
	l := x.links[which]
	if l.before != nil {
		l.before.links[which].behind = l.behind
	} else {
		q.first = l.behind
	}
	if l.behind != nil {
		l.behind.links[which].before = l.before
	} else {
		q.last = l.before
	}
	q.len--
}
