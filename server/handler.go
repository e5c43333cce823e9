package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// A Handler answers requests.
//
// ServeCall runs next to the other requests of the same connection, and once
// for each call, however often the client loses its connection and sends the
// request again. It may take as long as it likes: on a connection whose calls
// have all returned at once, the goroutine that reads runs them one after the
// other, but one that waits holds up others for 10 ms at most.
//
// What it returns goes to the caller: a json.RawMessage and Bytes as they are,
// which must not change any more, anything else through json.Marshal; nil is
// null. Request.Send sends parts before that. An error goes as described at Error. A
// panic is logged with its stack and the caller is told "internal error";
// nobody else notices.
//
// ctx ends when the caller gives up, the client is gone for good or the server
// shuts down, which context.Cause tells apart, and when ServeCall has returned.
// It goes on when the connection ends, as long as the client may come back for
// the outcome; plain mode has nothing to come back to. It has the values of the
// upgrade request's context.
type Handler interface {
	ServeCall(ctx context.Context, r *Request) (any, error)
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, r *Request) (any, error)

// ServeCall calls f.
func (f HandlerFunc) ServeCall(ctx context.Context, r *Request) (any, error) { return f(ctx, r) }

// Func makes a Handler of a function with types of its own. Data that does not
// decode into In is answered with an Error of code "bad_request".
func Func[In, Out any](f func(ctx context.Context, in In) (Out, error)) HandlerFunc {
	return func(ctx context.Context, r *Request) (any, error) {
		var in In
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		return f(ctx, in)
	}
}

// A Request is one call. The handler owns it and may keep it.
type Request struct {
	// Data is the payload: one valid JSON value that nests at most
	// protocol.MaxDepth deep. In plain mode it is the whole object, with the
	// key in it. The handler owns these bytes.
	Data json.RawMessage

	// HTTP is the request that opened the connection on which the call came
	// first, with its headers, cookies, address and TLS state; all requests of
	// the connection share it, so handlers may only read it.
	// Its context has the values of the original, such as those of
	// http.Server.ConnContext, but outlives it and never ends.
	HTTP *http.Request

	// Session is the client's uuid, which it keeps across connections: empty
	// in plain mode. It is no proof of who the client is, which Principal is,
	// and it is a secret, not to be logged whole.
	Session string

	// Principal is whom Options.Authenticate took the client for: empty
	// without that.
	Principal string

	// Bytes is the payload where the client has sent bytes, an ArrayBuffer for
	// example, and nil otherwise. Data is null then.
	Bytes []byte

	// Body reads what the client sends behind the request, as it arrives: the
	// bytes of a file, for example. It is empty where there is none, and never
	// nil. NextPart and Parts read a body of JSON values. A client sends no more
	// than a window ahead of what was read, and nothing after the handler has
	// returned.
	Body io.Reader

	exchange *exchange // nil: no stream is asked for, and there is no body
	key      key
}

// Key names the request within its session: a decimal number, or what the
// client chose in plain mode.
func (r *Request) Key() string { return r.key.String() }

// Decode is json.Unmarshal of the data. Its error is an Error of code
// "bad_request" that a handler can return as it is.
func (r *Request) Decode(v any) error {
	err := json.Unmarshal(r.Data, v)
	var misuse *json.InvalidUnmarshalError
	if errors.As(err, &misuse) {
		return fmt.Errorf("failed to decode a request: %w", err)
	}
	if err != nil {
		return badRequest(err)
	}
	return nil
}
