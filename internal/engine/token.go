package engine

import (
	"errors"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// maxToken is the size in bytes of the largest token, as a message. It leaves
// half of the first frame to requests.
const maxToken = protocol.FirstFrame / 2

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
		e.authorize(now, expires)
		e.rouse(e.attention)
	}
}

func (e *Engine[P]) authorize(now, expires time.Duration) {
	if e.opts.Token {
		e.conn.tokenLife = newTokenLife(now, expires)
	}
}

// renew gets a fresh token and has it sent on conn.
func (e *Engine[P]) renew(over <-chan struct{}, conn Conn) {
	token, err := e.token(over)
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.conn.Conn != conn:
	case err == nil:
		e.conn.token = token
		e.conn.wake()
	case e.conn.tokenLife.failed(now):
		e.rouse(e.attention)
	}
}
