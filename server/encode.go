package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sockjax/sockjax/protocol"
)

// encode makes JSON of what a handler returned. An invalid RawMessage must not
// leave: it would break the frame that it shares with other replies.
func encode(result any) (json.RawMessage, error) {
	if raw, ok := result.(json.RawMessage); ok {
		if len(raw) == 0 {
			return json.RawMessage("null"), nil
		}
		if _, ok := protocol.Valid(raw); !ok {
			return nil, errors.New("the handler's json.RawMessage is not JSON in UTF-8")
		}
		return raw, nil
	}
	text, err := json.Marshal(result)
	if err == nil && !utf8.Valid(text) { // a Marshaler's own text
		err = errors.New("the result's JSON is not UTF-8")
	}
	return text, err
}

// content is what a handler's result becomes: JSON, or bytes.
func content(result any) (data []byte, isBytes bool, err error) {
	if data, ok := result.(Bytes); ok {
		return data, true, nil
	}
	data, err = encode(result)
	return data, false, err
}

// internal is what a caller learns of a failure that is the server's own.
var internal = protocol.Error{Code: "internal", Message: "internal error"}

// wireError is what a handler's error becomes. fault is what the log must
// tell, nil if the caller learns everything.
func wireError(err error) (e protocol.Error, fault error) {
	var own *Error
	if !errors.As(err, &own) || own == nil {
		return internal, err
	}
	e = protocol.Error{Code: own.code(), Message: own.Message, NotRun: own.notRun}
	if own.Data != nil {
		data, err := encode(own.Data)
		if err != nil {
			return internal, fmt.Errorf("failed to encode the data of an error %q: %w", own.Code, err)
		}
		e.Data = data
	}
	return e, nil
}
