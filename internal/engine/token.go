package engine

import (
	"errors"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// pass is what is known of how long a connection's token is good. Times are
// since the engine's epoch.
type pass struct {
	expires time.Duration // 0: never
	refresh time.Duration // when to get a fresh one; 0: not, or it is on its way
}

const (
	// maxToken is the size in bytes of the largest token, as a message. It
	// leaves half of the first frame to requests.
	maxToken = protocol.FirstFrame / 2

	// shortest is the shortest time that a server can make the client do
	// something again and again after: a hostile one could make it spin.
	shortest = time.Second
)

// token asks the host for a token, if the engine is to have one.
func (e *Engine[P]) token(over <-chan struct{}) (string, error) {
	if !e.opts.Token || e.opts.Plain {
		return "", nil
	}
	token, err := e.host.Token(over)
	if err == nil && len(protocol.AppendToken(nil, token)) > maxToken {
		err = errors.New("the token is too large: it must leave room for requests in the first frame")
	}
	return token, err
}

// Authorized tells that the server has taken the token on conn, which is good
// for some time, or for ever if that is 0.
func (e *Engine[P]) Authorized(conn Conn, expires time.Duration) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn == conn {
		e.conn.pass = e.pass(now, expires)
		e.rouse(e.attention)
	}
}

func (e *Engine[P]) pass(now, good time.Duration) pass {
	if !e.opts.Token || good <= 0 || good > never {
		return pass{}
	}
	refresh := good * 4 / 5
	if last := good - 10*time.Second; last > good/2 {
		refresh = min(refresh, last)
	}
	return pass{now + good, now + max(refresh, shortest)}
}

// due reports whether a fresh token is to be asked for now, which it then
// counts as being done, and otherwise returns when.
func (p *pass) due(now time.Duration) (time.Duration, bool) {
	if p.refresh == 0 {
		return never, false
	}
	at := p.refresh
	if now < at {
		return at, false
	}
	p.refresh = 0
	return never, true
}

// renew gets a fresh token and has it sent on conn. If that fails it is tried
// again, ever more often, while the old one is good; then the server closes
// the connection.
func (e *Engine[P]) renew(over <-chan struct{}, conn Conn) {
	token, err := e.token(over)
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn.Conn != conn {
		return
	}
	if err == nil {
		e.conn.token = token
		e.conn.wake()
		return
	}
	p := &e.conn.pass
	if next := now + max((p.expires-now)/10, shortest); next < p.expires {
		p.refresh = next
		e.rouse(e.attention)
	}
}
