//go:build !js

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sockjax/sockjax/internal/engine"
)

// RequestOption is an option of one call.
type RequestOption func(*requestOptions)

type requestOptions struct{ idempotent bool }

// Idempotent says that running the request twice does no harm. Such a call is
// sent again where any other would fail as CodeLost.
func Idempotent() RequestOption {
	return func(o *requestOptions) { o.idempotent = true }
}

// Request makes a call and waits for its outcome. It encodes data as JSON and
// decodes the reply into what reply points to; a nil reply drops it. It works
// whatever the state: the call waits until it can be sent. Requests that are
// made at the same time share a frame.
//
// When ctx ends, so does the call, and the server is told, so that it can stop
// working on it. If ctx has no deadline, DialOptions.Timeout counts.
//
// In plain mode data must be encoded as an object. Its member "key" names the
// call, if it is a string or a number; otherwise a uuid takes its place.
//
// Unless the reply can't be decoded, an error wraps an *Error, whose Fate says
// whether the request has run. With it come
//   - a *Rejection, where the server's handler has returned an error
//   - a *Refusal, where the server has said why it did not run the call
//   - context.DeadlineExceeded, with CodeTimeout
//   - ctx.Err(), with CodeAborted
func (c *Client) Request(ctx context.Context, data, reply any, opts ...RequestOption) error {
	body, err := c.request(ctx, data, opts)
	if err == nil && reply != nil {
		if err = json.Unmarshal(body, reply); err != nil {
			err = fmt.Errorf("failed to decode the reply: %w", err)
		}
	}
	if err != nil {
		return fmt.Errorf("failed to request: %w", err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, data any, opts []RequestOption) ([]byte, error) {
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

	body, err := json.Marshal(data)
	if err != nil {
		return nil, because(&Error{Code: CodeInvalid, Fate: Unsent, Message: "the data is not JSON"}, err)
	}
	if !utf8.Valid(body) { // a json.RawMessage is taken as it is
		return nil, &Error{Code: CodeInvalid, Fate: Unsent, Message: "the data's JSON is not UTF-8: the server would close the connection, and all calls with it"}
	}
	var o requestOptions
	for _, option := range opts {
		option(&o)
	}
	call := engine.Call[*request]{Timeout: timeout, Idempotent: o.idempotent}
	if c.opts.Plain {
		var failure *Error
		if call.Name, body, failure = engine.PlainRequest(body); failure != nil {
			return nil, failure
		}
	}
	r := &request{data: body, reply: make(chan engine.Outcome, 1)}
	call.Payload, call.Size = r, len(body)

	c.order.Lock()
	c.key++
	call.Key = c.key
	failure := c.engine.Submit(call)
	c.order.Unlock()
	if failure != nil {
		return nil, failure
	}
	c.engine.Wake()

	select {
	case end := <-r.reply:
		return end.Body, end.Err
	case <-ctx.Done():
	}
	// The engine has the same deadline, and lets a reply win that has arrived.
	if !limited || !expired(ctx.Err()) {
		if _, fate, ok := c.engine.Abort(call.Key); ok {
			return nil, gaveUp(fate, ctx.Err())
		}
	}
	end := <-r.reply
	return end.Body, end.Err
}

// gaveUp is the error of a call whose context has ended with cause.
func gaveUp(fate Fate, cause error) error {
	if expired(cause) {
		return because(&Error{Code: CodeTimeout, Fate: fate, Message: "no reply in time"}, cause)
	}
	return because(&Error{Code: CodeAborted, Fate: fate, Message: "the caller gave up"}, cause)
}

// because joins an Error with what errors.Is should find too.
func because(err *Error, cause error) error {
	return fmt.Errorf("%w: %w", err, cause)
}

// expired reports whether err stands for a deadline.
func expired(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
