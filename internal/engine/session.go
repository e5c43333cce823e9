package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// session is the life of an engine across its connections. Together with a
// key its id names a request for ever: a counter alone repeats, and a uuid for
// each request would cost more than the rest of the call.
type session struct {
	id     string
	resume bool // a server may have seen it
	asked  bool // the last hello asked whether the server has
	lost   bool // it had not: the session has begun anew
}

const (
	// largestFrame is a frame that nobody sends.
	largestFrame = 1 << 30

	// longestJitter is the longest that a server can keep its clients away.
	longestJitter = 10 * time.Minute

	sessionLost = "the connection was lost after the request was sent, and the server does not know the session any more"
)

func newSession(opts Options) session {
	s := session{id: opts.Session, resume: opts.Resume}
	if s.id == "" {
		s.id = newID()
	}
	return s
}

// hello is that of the next connection.
func (s *session) hello(ack uint64, token string) *protocol.Hello {
	h := &protocol.Hello{Session: s.id, Resume: s.resume, Ack: ack, Token: token}
	s.asked, s.resume = s.resume, true
	return h
}
