package server

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// identify finds out who speaks plain mode, where nobody says hello.
func (c *conn) identify() *ending {
	if !c.plain {
		return nil
	}
	identity, end := c.authenticate("")
	if end == nil {
		c.client.Store(&client{principal: identity.Principal})
		c.expireAt(identity.Expires)
	}
	return end
}

func (c *conn) authenticate(token string) (who Identity, end *ending) {
	ask := c.options.Authenticate
	if ask == nil {
		return Identity{}, nil
	}
	returned := false
	defer func() {
		failed := closing(protocol.CloseInternal, "the credentials could not be checked: try again later")
		if p := recover(); p != nil {
			c.log(slog.LevelError, "sockjax: Options.Authenticate panicked", "panic", describe(p), "stack", string(debug.Stack()))
			end = failed
		} else if !returned {
			c.log(slog.LevelError, "sockjax: Options.Authenticate called runtime.Goexit")
			go c.end(failed) // the reader, which this was, is no more
		}
	}()
	ctx, cancel := context.WithTimeout(c.ctx, protocol.Handshake)
	defer cancel()
	who, err := ask(ctx, c.http, token)
	returned = true
	switch {
	case c.ctx.Err() != nil:
		return who, &ending{reason: "closed while its credentials were checked"}
	case err != nil && ctx.Err() != nil:
		return who, closing(protocol.CloseHandshake, "the credentials could not be checked within %v", protocol.Handshake)
	case err != nil:
		return who, &ending{protocol.CloseUnauthorized, err.Error()}
	case !who.Expires.IsZero() && !who.Expires.After(time.Now()):
		return who, expired
	}
	return who, nil
}

// token acts on a fresh token.
func (c *conn) token(m *protocol.Message) *ending {
	token, err := m.Token()
	if err != nil {
		return closing(protocol.CloseBadMessage, "%v", err)
	}
	who, end := c.authenticate(token)
	if end != nil {
		return end
	}
	if who.Principal != c.client.Load().principal {
		return closing(protocol.CloseUnauthorized, "the token is somebody else's than the one before")
	}
	c.tell(protocol.AppendAuthorized(nil, protocol.Authorized{Expires: c.expireAt(who.Expires)}))
	return nil
}

var expired = &ending{protocol.CloseExpired, "the token has expired: connect again with a fresh one"}

// expireAt ends the connection at a time, zero for never. It returns in how
// many milliseconds that is, as the wire has it.
func (c *conn) expireAt(at time.Time) int64 {
	if at.IsZero() {
		c.expiry.stop()
		return 0
	}
	left := time.Until(at)
	c.expiry.set(left, c.expire)
	return millis(left)
}

// expire closes the connection, without waiting for handlers: their outcomes
// are for the next one.
func (c *conn) expire() {
	c.calls.stop(overloaded(afterStop, "the token has expired"))
	c.queue.Seal()
	c.log(slog.LevelDebug, "sockjax: closed a connection", "code", int(expired.code), "reason", expired.reason)
	c.close(expired.code, expired.reason)
}
