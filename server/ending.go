package server

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/sendq"
	"github.com/sockjax/sockjax/protocol"
)

// How a connection ends.

// An ending is why the server ends a connection. Without a code, the
// connection has ended already.
type ending struct {
	code   protocol.CloseCode
	reason string
}

func closing(code protocol.CloseCode, format string, args ...any) *ending {
	return &ending{code, fmt.Sprintf(format, args...)}
}

// tooMany ends the connection of a client that floods it.
var tooMany = &ending{protocol.ClosePolicy, "too many messages that are no requests: see server.Options.Rate"}

// end ends the connection. It returns when no handler runs for it.
func (c *conn) end(end *ending) {
	c.cancel()
	c.expiry.stop()
	if end.code != 0 {
		level := slog.LevelWarn
		switch end.code {
		case protocol.CloseHeartbeat, protocol.CloseHandshake, protocol.CloseReplaced, protocol.CloseExpired:
			level = slog.LevelDebug // nothing unusual
		}
		c.log(level, "sockjax: closed a connection", "code", int(end.code), "reason", end.reason)
		if c.plain {
			c.calls.end(ErrDisconnected)
		}
		c.queue.Seal()
		c.close(end.code, end.reason)
	} else {
		c.log(slog.LevelDebug, "sockjax: disconnected", "reason", end.reason)
	}
	c.queue.Stop()
	c.ws.CloseNow()
	c.topics.close()
	c.leave()
	c.topics.wait()
	c.remove(c)
}

// leave detaches the session, and returns when no handler runs. Without a
// session nobody waits for the handlers, and they are cancelled.
func (c *conn) leave() {
	known := c.client.Load()
	if known == nil || known.session == nil {
		c.calls.end(ErrDisconnected)
		c.queue.Drop()
		c.calls.wait()
		return
	}
	known.session.Detach()
	c.calls.wait()
	c.queue.Drain()
	known.session.Close()
}

// close sends what is ready and then a close, and waits a few seconds for the
// client's answer. Only the first close counts.
func (c *conn) close(code protocol.CloseCode, reason string) {
	c.cancel()
	c.queue.Finish()
	// The error says only that the client has gone without answering.
	c.ws.Close(websocket.StatusCode(code), protocol.Reason(reason))
}

const restartReason = "the server restarts: connect again"

// drain closes the connection when its handlers have returned. Until the close
// it refuses each request that arrives.
func (c *conn) drain() {
	c.calls.stop(overloaded(afterStop, "the server shuts down"))
	c.calls.wait()
	c.close(protocol.CloseRestart, restartReason)
}

// kill closes the connection at once: neither a client that reads nothing nor a
// store that does not answer delays it for long. Calls without an outcome will
// never have one, so the session is forgotten.
func (c *conn) kill() {
	cut := c.calls.end(ErrShutdown) > 0
	c.queue.Seal()
	c.cancel()
	c.transport.Hurry()
	if !within(2*sendq.HurryTime, c.queue.Finish) {
		c.queue.Drop()
		cut = true
	}
	if known := c.client.Load(); cut && known != nil && known.session != nil {
		within(sendq.HurryTime, known.session.Forget) // before the client can come back
	}
	c.ws.Close(websocket.StatusCode(protocol.CloseRestart), restartReason)
}

// within runs f and returns true, or returns false after d: then f continues in
// its own goroutine.
func within(d time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	select {
	case <-done:
		return true
	case <-timeout.C:
		return false
	}
}
