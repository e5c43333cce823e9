package server

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sockjax/sockjax/internal/sendq"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// The way of a request: to a call that runs, or to a refusal, and to its answer.

// newCall makes a call of data that lies in borrowed memory.
func (c *conn) newCall(name key, data []byte) *call {
	who := c.client.Load()
	k := newCall(data)
	k.HTTP, k.Session, k.Principal, k.key = c.http, who.id, who.principal, name
	return k
}

// request adds a request to the batch.
func (c *conn) request(b *batch, k *call, depth int) {
	if depth <= protocol.MaxDepth {
		if after := c.limiter.request(); after > 0 {
			b.refused = append(b.refused, refusedCall{k, overloaded(after, "more than %v requests per second", c.options.Rate)})
			return
		}
	}
	c.admit(b, k, depth)
}

// admit is request for one that the limiter has seen.
func (c *conn) admit(b *batch, k *call, depth int) {
	if depth > protocol.MaxDepth {
		why := &protocol.Error{Code: protocol.Invalid, Message: fmt.Sprintf("the data nests deeper than %d levels", protocol.MaxDepth)}
		b.refused = append(b.refused, refusedCall{k, why})
		return
	}
	b.calls = append(b.calls, k)
}

// begin begins the requests of a batch, and empties it.
func (c *conn) begin(b *batch) *ending {
	if b.size() == 0 {
		return nil
	}
	defer b.empty()
	c.calls.admit(b)
	if !c.plain {
		if end := c.claim(b); end != nil {
			return end
		}
	}
	for _, k := range b.calls {
		k.own()
	}
	end := c.reject(b)
	if b.told {
		c.writeIf(c.queue.FlushControl()) // before the outcomes of the others
	}
	c.dispatcher.Add(c.serveParted(b.calls)) // whatever end is: they are claimed
	for _, k := range b.others {
		if failed := c.again(k); end == nil {
			end = failed
		}
	}
	return end
}

// serve runs a call with parts in a goroutine of its own: its handler waits for
// the client, and the reader must not wait with it.
func (c *conn) serve(k *call) {
	defer c.Flush() // also where the handler ends the goroutine
	c.Handle(k)
}

// serveParted runs those calls that have parts, and returns the others.
func (c *conn) serveParted(calls []*call) (others []*call) {
	if !slices.ContainsFunc(calls, hasParts) {
		return calls
	}
	for _, k := range calls {
		if !hasParts(k) {
			others = append(others, k)
			continue
		}
		if k.exchange.body != nil {
			c.queue.Room()
			k.exchange.got()
		}
		go c.serve(k)
	}
	return others
}

func hasParts(k *call) bool { return k.exchange != nil }

// claim takes those calls out of a batch that must not run: they have begun
// before, or the session goes on elsewhere.
func (c *conn) claim(b *batch) *ending {
	for _, k := range b.calls {
		b.keys = append(b.keys, k.key.n)
	}
	if len(b.keys) == 0 {
		return nil
	}
	verdicts, err := c.client.Load().session.Begin(b.keys)
	if err != nil {
		c.calls.dismiss(b.calls)
		return c.lostEnding(err)
	}
	if verdicts != nil {
		begun := b.calls[:0]
		var others []*call
		for i, k := range b.calls {
			switch verdicts[i] {
			case session.New:
				begun = append(begun, k)
				continue
			case session.Done:
				c.tell(protocol.AppendForgotten(nil, k.key.n))
				b.told = true
			}
			others = append(others, k)
		}
		clear(b.calls[len(begun):])
		b.calls = begun
		c.calls.dismiss(others)
		b.others = others
	}
	if !c.heard && !c.asked && len(b.calls) > 0 {
		c.ask()
	}
	return nil
}

// reject answers the refused requests of a batch. Those that have begun before
// are not refused: they run, or have run.
func (c *conn) reject(b *batch) (end *ending) {
	if len(b.refused) == 0 {
		return nil
	}
	b.told = true
	var verdicts []session.Verdict // nil: all are New
	if !c.plain {
		b.keys = b.keys[:0]
		for _, r := range b.refused {
			b.keys = append(b.keys, r.key.n)
		}
		var err error
		if verdicts, err = c.client.Load().session.Peek(b.keys); err != nil {
			return c.lostEnding(err)
		}
	}
	for i, r := range b.refused {
		switch {
		case verdicts == nil || verdicts[i] == session.New:
			c.refuse(r.call, r.why)
		case verdicts[i] == session.Done:
			c.tell(protocol.AppendForgotten(nil, r.key.n))
		default:
			if end := c.again(r.call); end != nil {
				return end
			}
		}
	}
	return nil
}

// refuse tells the client that a request does not run.
func (c *conn) refuse(k *call, why *protocol.Error) {
	if c.plain {
		c.queue.Room()
		c.writeIf(c.queue.Frame(plainError(nil, *k.rawKey, "refused", *why)))
		return
	}
	c.tell(protocol.AppendRefused(nil, k.key.n, *why))
}

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
		c.answer(k, reply{text: c.encode(k, nil, &internal)})
	}()
	result, err := c.handler.ServeCall(&k.ctx, &k.Request)
	took = time.Since(began)
	data, isBytes, failure := c.outcome(k, result, err)
	text := c.encode(k, data, failure)
	finished = true // what follows does not depend on the handler
	c.answer(k, reply{text, data, isBytes})
	return took
}

// Flush implements dispatch.Host.
func (c *conn) Flush() {
	if c.queue.Flush() {
		c.queue.Write()
	}
}

// outcome is what the caller learns: data, unless there is a failure.
func (c *conn) outcome(k *call, result any, err error) (data []byte, isBytes bool, _ *protocol.Error) {
	if err == nil {
		data, isBytes, err := content(result)
		if err == nil && isBytes && c.plain {
			err = errors.New("plain mode can't carry Bytes")
		}
		if err == nil {
			return data, isBytes, nil
		}
		c.fault(k, fmt.Errorf("failed to encode the result: %w", err))
		return nil, false, &internal
	}
	failure, fault := wireError(err)
	if fault != nil && k.ctx.Err() == nil { // else it is most likely the context's, and nobody's
		c.fault(k, fault)
	}
	return nil, false, &failure
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
		return plainError(nil, *k.rawKey, "error", *failure)
	case c.plain:
		return plainReply(nil, *k.rawKey, data)
	case failure != nil:
		return protocol.AppendError(nil, k.key.n, *failure)
	}
	return nil
}

// A reply is what answers a call.
type reply struct {
	text    []byte // what encode has made
	data    []byte // what counts where that is nil
	isBytes bool   // data is bytes
}

// answer ends the call. The dispatcher flushes what it adds; a frame that is
// full, or of plain mode, leaves at once.
func (c *conn) answer(k *call, r reply) {
	c.queue.Room()
	write := false
	c.calls.finish(k, func() {
		switch {
		case c.plain:
			write = c.queue.Frame(r.text)
		case k.exchange != nil && k.exchange.stream != nil:
			write = c.queue.End(k.exchange.stream, r.text, r.data, r.isBytes)
		case r.text != nil:
			write = c.queue.Outcome(k.key.n, r.text)
		case r.isBytes:
			write = c.queue.ReplyBytes(k.key.n, r.data)
		case len(r.data) > sendq.LargeReply && c.readsBinary.Load():
			write = c.queue.Large(k.key.n, r.data)
		default:
			write = c.queue.Reply(k.key.n, r.data)
		}
	})
	if write {
		c.queue.Write()
	}
}
