//go:build !js || native

package engine

import "encoding/json"

// Rejection is the error of a call whose handler returned an error. It wraps
// an Error with CodeRejected.
type Rejection struct {
	Reason  string // the code that the handler gave
	Message string
	Data    json.RawMessage // nil if the handler gave none
}

func (r *Rejection) Error() string { return said(r.Message, r.Reason) }

// Unwrap makes errors.As find the Error.
func (r *Rejection) Unwrap() error { return &Error{CodeRejected, Executed, r.Error()} }
