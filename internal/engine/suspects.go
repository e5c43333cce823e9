package engine

import (
	"strconv"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A request may be why its connection breaks: a proxy cuts at a word in it, its
// handler takes the server down, its frame is too large for something on the
// way. To send all that is in doubt again as it was would break the next
// connection too. So a call that was on several in a row which broke before the
// server had shown that it got the call's frame is suspected, and tried alone:
// behind all others, when those have passed, in a frame and followed by a ping,
// and nothing else until the pong has shown that it passed too. If instead the
// connection breaks, again and again, the call is lost.
//
// Once a connection was closed because of a frame that was too large, all that is
// larger than what is known to pass is tried so.
//
// What passes is not to blame, however often connections break later: a call
// that takes an hour on a bad network is never lost so.

const (
	// suspectAt is how many deaths make a suspect, and lostAt how many, those
	// of its trials counted, make an end of it.
	suspectAt = 3
	lostAt    = 6

	// trialTime is how long a connection must hold to have passed, where no
	// pong says so: servers of plain mode need not know any.
	trialTime = 5 * time.Second
)

// blame looks for what broke a connection, and returns the call that is lost
// because of it, if any.
func (e *Engine[P]) blame(c *connection, end *Closed) []failure[P] {
	tooLarge := end.Code == protocol.CloseTooLarge
	if suspect := c.trial.suspect; suspect.key != 0 {
		if e.calls.holds(suspect) {
			return e.condemn(suspect, tooLarge)
		}
		return nil
	}
	for i := range e.calls.places {
		switch k := &e.calls.places[i]; {
		case k.Key == 0 || !k.carried():
		case k.frame <= c.passed:
			k.deaths = 0
		case !tooLarge: // or it goes into a smaller frame now
			k.deaths = min(k.deaths+1, suspectAt)
		}
	}
	return nil
}

// condemn counts the connection that broke while a call was tried.
func (e *Engine[P]) condemn(suspect ref, tooLarge bool) []failure[P] {
	k := e.calls.at(suspect.place)
	k.deaths++
	why := "the connection broke each time that this request was sent, " + strconv.Itoa(int(k.deaths)) + " times"
	switch size := frameSize(k.Key, k.Size); {
	case tooLarge && e.sizes.dubious(size):
		e.sizes.known(size)
		why = tooLargeToPass
	case k.deaths < lostAt:
		return nil
	}
	return []failure[P]{{e.cancel(suspect.place), &Error{CodeLost, Unknown, why}}}
}

// largest is the size of the largest frame that a connection has carried, as
// far as is known, and that the server has not shown to have got.
func (e *Engine[P]) largest(c *connection) (size int) {
	for i := range e.calls.places {
		if k := &e.calls.places[i]; k.Key != 0 && k.carried() && k.frame > c.passed {
			size = max(size, int(k.reach))
		}
	}
	return size
}

// try sends the next suspect, or has first shown that all others have passed.
// It returns those that need no trial.
func (e *Engine[P]) try(b *Batch[P], now time.Duration) (failed []failure[P]) {
	c := &e.conn
	for len(e.suspects) > 0 && c.welcomed && !c.full() {
		r := e.suspects[0]
		if !e.calls.queued(r) {
			e.suspects = e.suspects[1:]
			continue
		}
		k := e.calls.at(r.place)
		if why := e.oversized(r.key, k.Size, k.life); why != nil {
			failed = append(failed, failure[P]{e.remove(r.place), why})
			continue
		}
		c.trial = trial{on: true, until: now + trialTime}
		if e.opts.Plain || c.passed == c.frames {
			e.suspects = e.suspects[1:]
			e.queue.drop(k.Size)
			c.trial.suspect, c.trial.size = r, frameSize(r.key, k.Size)
			k.frame, k.reach = c.frames+1, uint32(c.trial.size)
			e.carry(b, r, k)
		}
		if !e.opts.Plain {
			c.heartbeat.ping = true
		}
		if b.empty() {
			e.word(b)
		}
		e.rouse(e.attention) // watch must know until when
		break
	}
	return failed
}
