package engine

import (
	"time"

	"github.com/sockjax/sockjax/internal/pace"
	"github.com/sockjax/sockjax/protocol"
)

const frameOverhead = len("[]")

// connection is what is known of the present one; the zero value if there is
// none.
type connection struct {
	_ incomparable
	Conn
	limits    protocol.Limits
	inFlight  int           // calls sent on it without an outcome
	hello     bool          // to be sent
	adopted   bool          // see Adopt
	heard     bool          // something has come on it
	token     string        // to be sent, in the hello or later
	welcomed  bool          // the limits are the server's own
	since     time.Duration // when it was welcomed
	jitter    time.Duration // the server's wish for the wait after its end
	look      time.Duration // when watch looks at it again
	broken    *Closed       // why it must end, if the server has broken the protocol
	tokenLife tokenLife
	line      pace.Line // as far as bodies have found it out
	heartbeat heartbeat

	frames  uint32 // with requests, sent on it
	largest int    // size of the largest of them since all had passed
	passed  uint32 // of these, the server has got at least so many
	pinged  uint32 // of these, so many were sent before the last ping
	answers bool   // an outcome has come
	sound   bool   // a pong has come behind the welcome and all frames
	trial   trial
}

// trial keeps everything but heartbeats back until the server has got all that
// was sent, so that if the connection breaks meanwhile it is plain why.
type trial struct {
	on      bool
	suspect ref           // sent alone; zero: the connection must be sound first
	size    int           // of its frame
	until   time.Duration // a connection that holds so long has passed
}

// reached notes that the server has got the first so many frames, and whether
// it is a pong that says so: then all has come too that the server had to say
// before. It returns the size of the frame that was tried and has passed, 0 if
// there is none.
func (c *connection) reached(frames uint32, pong bool) (tried int) {
	c.passed = max(c.passed, frames)
	all := c.passed == c.frames
	if all {
		c.largest = 0
	}
	c.sound = c.sound || pong && all
	if c.trial.on && all && (pong || c.trial.suspect.key != 0) {
		tried = c.trial.size
		c.trial = trial{}
		c.wake()
	}
	return tried
}

// full reports whether the server has as many requests as it takes.
func (c *connection) full() bool {
	return c.limits.Requests > 0 && c.inFlight >= c.limits.Requests
}

// turnedAway reports whether the server has ended the connection before it
// began anything that it had brought: it runs nothing before its welcome.
func (c *connection) turnedAway(code protocol.CloseCode) bool {
	switch code {
	case protocol.CloseUnauthorized, protocol.CloseForbidden, protocol.CloseVersion:
		return !c.heard && !c.hello
	}
	return false
}

func (c *connection) wake() {
	if c.Conn != nil {
		c.Conn.Wake()
	}
}

// tooLarge reports whether the server has said that it takes no frame of this
// size.
func (c *connection) tooLarge(size int) bool {
	return c.welcomed && c.limits.Frame > 0 && size > c.limits.Frame
}

// frameSize is the size of a frame with a single request.
func frameSize(key protocol.Key, size int) int {
	return frameOverhead + protocol.RequestSize(key, size)
}
