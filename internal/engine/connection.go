package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

const frameOverhead = len("[]")

// connection is what is known of the present one; the zero value if there is
// none.
type connection struct {
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
	heartbeat heartbeat
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

// tooLarge reports whether a payload can't ever be sent on this connection.
func (c *connection) tooLarge(key protocol.Key, size int) bool {
	return c.welcomed && c.limits.Frame > 0 && frameOverhead+protocol.RequestSize(key, size) > c.limits.Frame
}
