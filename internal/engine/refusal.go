//go:build !js || native

package engine

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Refusal is the error of a call that the server did not run and will not. It
// wraps an Error with the fate Unsent: CodeOverloaded where another try might
// have helped, but there was no time for it, and otherwise CodeInvalid.
type Refusal struct {
	Reason  string // the server's code, such as "overloaded" or "not_found"
	Message string
	Data    json.RawMessage // nil if there is none

	code Code
}

func (r *Refusal) Error() string { return said(r.Message, r.Reason) }

// Unwrap makes errors.As find the Error.
func (r *Refusal) Unwrap() error { return &Error{r.code, Unsent, r.Error()} }

// refused reads a refusal: how the call fails if it is not tried again, and
// what to tell Refused. A code of a later version still promises that nothing
// ran, and its after that another try may help.
func refused(e protocol.Error) (*Refusal, time.Duration) {
	after := milliseconds(e.After)
	r := &Refusal{Reason: e.Code, Message: e.Message, code: CodeOverloaded}
	switch {
	case e.Code == protocol.Invalid:
		r.code, after = CodeInvalid, -1
	case e.Code != protocol.Overloaded && after == 0:
		r.code = CodeInvalid
	}
	return r, after
}

// notRun is the error of a call whose outcome says that no handler ran, with
// the fate that SettleNotRun has found.
func notRun(e protocol.Error, fate Fate) error {
	if fate != Unsent {
		return &Error{CodeLost, fate, "the server has no handler for the request now, but may have run it before it lost the session"}
	}
	return &Refusal{e.Code, e.Message, e.Data, CodeInvalid}
}

// said is what a server has said in words, or else by its code.
func said(message, code string) string {
	return cmp.Or(message, code, "the server gave no reason")
}
