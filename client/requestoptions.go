//go:build !js

package client

import (
	"io"
	"iter"
)

// RequestOption is an option of one call.
type RequestOption func(*requestOptions)

type requestOptions struct {
	idempotent bool
	body       source // nil: there is none
}

// Idempotent says that running the request twice does no harm. Such a call is
// sent again where any other would fail as CodeLost, unless it has a body or a
// stream of which parts have reached the other side.
func Idempotent() RequestOption {
	return func(o *requestOptions) { o.idempotent = true }
}

// Body gives the request a body of bytes, which the server's handler reads while
// it is being read here, no faster than the handler takes it. It survives a lost
// connection without being read again: what the server has not got yet is kept.
//
// A body is read in a goroutine of its own. When the call has ended early, that
// may go on until Read returns; it is not read after that. If Read fails with
// anything but io.EOF, so does the call, as CodeAborted.
func Body(body io.Reader) RequestOption {
	return func(o *requestOptions) { o.body = readerSource(body) }
}

// BodyParts is Body for a body of values, each of which becomes JSON, or bytes if
// it is of type Bytes. Values are asked for as the handler takes them.
func BodyParts(parts iter.Seq[any]) RequestOption {
	return func(o *requestOptions) { o.body = valueSource(parts) }
}
