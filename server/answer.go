package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Handle implements dispatch.Host: it calls the handler and answers.
func (c *conn) Handle(k *call) (took time.Duration) {
	began := time.Now()
	finished := false
	defer func() {
		if finished {
			return
		}
		took = time.Since(began)
		// A panic, or runtime.Goexit, as t.FailNow calls it.
		if p := recover(); p != nil {
			c.fault(k, errors.New("panic: "+describe(p)), "stack", string(debug.Stack()))
		} else {
			c.fault(k, errors.New("the handler has called runtime.Goexit"))
		}
		c.answer(k, nil, c.encode(k, nil, &internal))
	}()
	result, err := c.handler.ServeCall(&k.ctx, &k.Request)
	took = time.Since(began)
	data, failure := c.outcome(k, result, err)
	text := c.encode(k, data, failure)
	finished = true // what follows does not depend on the handler
	c.answer(k, data, text)
	return took
}

// Flush implements dispatch.Host.
func (c *conn) Flush() {
	if c.queue.Flush() {
		c.queue.Write()
	}
}

// outcome is what the caller learns: data, unless there is a failure.
func (c *conn) outcome(k *call, result any, err error) (json.RawMessage, *protocol.Error) {
	if err == nil {
		data, err := encode(result)
		if err == nil {
			return data, nil
		}
		c.fault(k, fmt.Errorf("failed to encode the result: %w", err))
		return nil, &internal
	}
	failure, fault := wireError(err)
	if fault != nil && k.ctx.Err() == nil { // else it is most likely the context's, and nobody's
		c.fault(k, fault)
	}
	return nil, &failure
}

// fault logs what the caller must not learn.
func (c *conn) fault(k *call, err error, more ...any) {
	c.log(slog.LevelError, "sockjax: a handler failed", append(more, "err", err, "key", k.key.String())...)
}

// encode is the message that an outcome becomes: nil for data of sockjax.1,
// which the send queue encodes.
func (c *conn) encode(k *call, data []byte, failure *protocol.Error) []byte {
	switch {
	case c.plain && failure != nil:
		return plainError(nil, k.rawKey, "error", *failure)
	case c.plain:
		return plainReply(nil, k.rawKey, data)
	case failure != nil:
		return protocol.AppendError(nil, k.key.n, *failure)
	}
	return nil
}

// answer ends the call. The dispatcher flushes what it adds; a frame that is
// full, or of plain mode, leaves at once.
func (c *conn) answer(k *call, data, text []byte) {
	c.queue.Room()
	write := false
	c.calls.finish(k, func() {
		switch {
		case c.plain:
			write = c.queue.Frame(text)
		case text != nil:
			write = c.queue.Outcome(k.key.n, text)
		default:
			write = c.queue.Reply(k.key.n, data)
		}
	})
	if write {
		c.queue.Write()
	}
}
