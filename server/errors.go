package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Why the context of a request ended, as context.Cause tells it. Err of the
// context is context.Canceled for each of them.
var (
	// ErrCanceled: the caller has given up, by its AbortSignal or because its
	// deadline has passed. Nobody waits for the reply and none is sent.
	ErrCanceled = errors.New("sockjax: the caller has given up")
	// ErrDisconnected: the client is gone, and its session has been forgotten,
	// or the client has begun it anew. In plain mode: the connection has ended.
	ErrDisconnected = errors.New("sockjax: the client has disconnected")
	// ErrShutdown: the time that Shutdown gave to running requests is over. The
	// session is lost with that.
	ErrShutdown = errors.New("sockjax: the server shuts down")
	// ErrDone: the handler has returned. Only what it left behind sees this.
	ErrDone = errors.New("sockjax: the handler has returned")
)

// An Error is what a caller is told when a handler returns it, wrapped or
// not. In a page it becomes a SockjaxError of code "rejected" with this Code as
// error.reason, Message as error.message and Data as error.data; in a Go
// program, a *client.Rejection. Any other error that a handler returns may hold
// what is nobody's business: the caller is told the code "internal" and the
// message "internal error", and the log has the rest.
type Error struct {
	Code    string // a word for programs, such as "out_of_tea"; empty means "error"
	Message string // a sentence for people
	Data    any    // anything else, sent as JSON; nil is left out

	notRun bool // no handler has run: set by Mux alone, which knows that
}

// Error is code and message.
func (e *Error) Error() string { return e.code() + ": " + e.Message }

func (e *Error) code() string {
	if e.Code == "" {
		return "error"
	}
	return e.Code
}

// badRequest is the Error of data that does not decode. It speaks of JSON, not
// of Go, since the caller need not know that language.
func badRequest(err error) *Error {
	e := &Error{Code: "bad_request", Message: "the data is not what this call takes: " + err.Error()}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		where := "the data"
		if wrong.Field != "" {
			where = fmt.Sprintf("%q", wrong.Field)
		}
		article := "a"
		if strings.HasPrefix(wrong.Value, "object") || strings.HasPrefix(wrong.Value, "array") {
			article = "an"
		}
		e.Message = fmt.Sprintf("the data is not what this call takes: %s must not be %s %s", where, article, wrong.Value)
	}
	return e
}
