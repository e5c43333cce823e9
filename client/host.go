//go:build !js

package client

import (
	"context"

	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// host is what the engine sees of a Client.
type host struct{ *Client }

func (h host) Dial(over <-chan struct{}) (engine.Conn, error) {
	ctx, done := handshake(over)
	defer done()
	return h.open(ctx)
}

func (h host) Token(over <-chan struct{}) (string, error) {
	ctx, done := handshake(over)
	defer done()
	return h.opts.Token(ctx)
}

// handshake is a context that ends with over, or after the time that the engine
// gives its host.
func handshake(over <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, done := context.WithTimeout(context.Background(), protocol.Handshake)
	go func() {
		select {
		case <-over:
			done()
		case <-ctx.Done():
		}
	}()
	return ctx, done
}

func (h host) Fail(r *request, err *Error) {
	if err.Code == CodeTimeout {
		r.end(engine.Outcome{Err: because(err, context.DeadlineExceeded)})
		return
	}
	r.end(engine.Outcome{Err: err})
}

// Changed hands the change to a goroutine: here it would hold up the engine
// if the program's callback makes a call and waits for the reply.
func (h host) Changed(change Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch change.State {
	case StateOpen:
		h.settleFirst(nil)
	case StateClosed:
		h.settleFirst(&Closed{Code: change.Code, Reason: change.Reason})
		h.last = change
	case StateWaiting:
		h.last = change
	}
	if h.opts.OnChange == nil {
		return
	}
	h.changes = append(h.changes, change)
	if !h.telling {
		h.telling = true
		go h.tell()
	}
}

func (c *Client) settleFirst(err error) {
	if c.first != nil {
		c.first <- err
		c.first = nil
	}
}

func (c *Client) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.changes) > 0 {
		next := c.changes[0]
		c.changes = c.changes[1:]
		c.mu.Unlock()
		c.opts.OnChange(next)
		c.mu.Lock()
	}
	c.telling = false
}
