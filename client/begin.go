//go:build !js

package client

import (
	"context"
	"time"

	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// call is one that was made.
type call struct {
	*request
	client  *Client
	key     protocol.Key
	engined bool // the engine has the context's deadline
}

// begin makes a call; a stream with a window.
func (c *Client) begin(ctx context.Context, data any, opts []RequestOption, window int) (*call, error) {
	deadline, limited := ctx.Deadline()
	timeout := c.opts.Timeout
	if limited {
		timeout = time.Until(deadline)
	}
	switch err := ctx.Err(); {
	case err != nil:
		return nil, gaveUp(Unsent, err)
	case limited && timeout <= 0:
		return nil, gaveUp(Unsent, context.DeadlineExceeded)
	}

	var o requestOptions
	for _, option := range opts {
		option(&o)
	}
	body, isBytes, err := encode(data)
	if err != nil {
		return nil, err
	}
	k := &call{request: &request{data: body, reply: make(chan engine.Outcome, 1)}, client: c, engined: limited}
	parted := o.body != nil || window > 0
	if isBytes || parted {
		k.exchange = newExchange(isBytes, o.body != nil, window)
	}
	if parted && limited {
		k.engined, timeout = false, 0 // the engine's is the time without progress
	}
	e := engine.Call[*request]{Timeout: timeout, Idempotent: o.idempotent, Bytes: isBytes, Open: o.body != nil, Window: window}
	if c.opts.Plain {
		if isBytes {
			return nil, &Error{Code: CodeInvalid, Fate: Unsent, Message: "plain mode has no bytes"}
		}
		var failure *Error
		if e.Name, k.data, failure = engine.PlainRequest(body); failure != nil {
			return nil, failure
		}
	}
	e.Payload, e.Size = k.request, len(k.data)

	c.order.Lock()
	c.key++
	k.key, e.Key = c.key, c.key
	failure := c.engine.Submit(e)
	c.order.Unlock()
	if failure != nil {
		return nil, failure
	}
	c.engine.Wake()
	if o.body != nil {
		go k.feed(o.body)
	}
	return k, nil
}

// feed is the goroutine that reads the body, as fast as the server takes it.
func (k *call) feed(body source) {
	x, e := k.exchange, k.client.engine
	gone := false
	size := func() int { return e.Chunk(k.key) }
	err := body(size, func(p part) bool {
		if gone = !x.wait(); !gone {
			x.add(p)
			gone = !e.Feed(k.key, len(p.data))
		}
		return !gone
	})
	switch {
	case err != nil:
		k.abort(err)
	case !gone:
		e.EndBody(k.key)
	}
}

// wait waits for it.
func (k *call) wait(ctx context.Context) outcome {
	select {
	case end := <-k.reply:
		return outcome(end)
	case <-ctx.Done():
	}
	// The engine has the same deadline, and lets a reply win that has arrived.
	if !k.engined || !expired(ctx.Err()) {
		k.abort(ctx.Err())
	}
	return outcome(<-k.reply)
}

// abort gives the call up because of a context's error, unless it has ended.
func (k *call) abort(cause error) {
	if _, fate, ok := k.client.engine.Abort(k.key); ok {
		k.end(engine.Outcome{Err: gaveUp(fate, cause)})
	}
}
