//go:build !js

package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sockjax/sockjax/internal/engine"
)

// Bytes are bytes as a request's data, as a part of a body or of a stream, or as a
// reply: they cross the network as they are, and not as base64 in JSON. Plain mode
// has none.
type Bytes []byte

// encode is what goes on the wire of a value.
func encode(data any) (body []byte, isBytes bool, err error) {
	if data, ok := data.(Bytes); ok {
		return data, true, nil
	}
	body, err = json.Marshal(data)
	if err != nil {
		return nil, false, because(&Error{Code: CodeInvalid, Fate: Unsent, Message: "the data is not JSON"}, err)
	}
	if !utf8.Valid(body) { // a json.RawMessage is taken as it is
		return nil, false, &Error{Code: CodeInvalid, Fate: Unsent, Message: "the data's JSON is not UTF-8: the server would close the connection, and all calls with it"}
	}
	return body, false, nil
}

// outcome is that of a call.
type outcome engine.Outcome

// decode puts a reply into what reply points to.
func (o outcome) decode(reply any) error {
	if o.Err != nil || reply == nil {
		return o.Err
	}
	if o.Bytes {
		switch reply := reply.(type) {
		case *Bytes:
			*reply = o.Body
		case *[]byte:
			*reply = o.Body
		default:
			return errors.New("failed to decode the reply: it is bytes, for a *client.Bytes")
		}
		return nil
	}
	if err := json.Unmarshal(o.Body, reply); err != nil {
		return fmt.Errorf("failed to decode the reply: %w", err)
	}
	return nil
}
