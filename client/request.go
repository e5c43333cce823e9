//go:build !js

package client

import (
	"context"
	"fmt"
)

// Request makes a call and waits for its outcome. It encodes data as JSON, or
// sends it as bytes if it is of type Bytes, and decodes the reply into what reply
// points to; a nil reply drops it. A reply that is bytes needs a *Bytes or a
// *[]byte. It works whatever the state: the call waits until it can be sent.
// Requests that are made at the same time share a frame.
//
// When ctx ends, so does the call, and the server is told, so that it can stop
// working on it. If ctx has no deadline, DialOptions.Timeout counts; for a call
// with a body, that is the time without progress.
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
	k, err := c.begin(ctx, data, opts, 0)
	if err == nil {
		err = k.wait(ctx).decode(reply)
	}
	if err != nil {
		return fmt.Errorf("failed to request: %w", err)
	}
	return nil
}
