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

	// countedExactly is the size above which pages count bytes, and not characters:
	// see countedSize in ../../web/host/wire.js.
	countedExactly = protocol.FirstFrame / 4

	// trialTime is how long a connection must hold to have passed, where no
	// pong says so: servers of plain mode need not know any.
	trialTime = 5 * time.Second
)

// blame looks for what broke the present connection, perhaps because it was too
// large, and returns the call that is lost because of it, if any.
func (e *Engine[P]) blame(tooLarge bool) []failure[P] {
	c := &e.conn
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
		case !tooLarge || e.sizes.most == leastFrame: // or it goes into a smaller frame now
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
	switch size := e.conn.trial.size; {
	case tooLarge && e.sizes.dubious(size):
		if e.opts.Turns && size <= countedExactly {
			size *= 3 // bytes of a character at most
		}
		e.sizes.known(size)
		why = tooLargeToPass
	case k.deaths < lostAt:
		return nil
	}
	err := e.lossOf(suspect.place, why)
	return []failure[P]{{e.cancel(suspect.place), err}}
}
