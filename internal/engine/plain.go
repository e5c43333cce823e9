//go:build !js || native

package engine

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/sockjax/sockjax/protocol"
)

// Plain mode's frames: one JSON object each, with the call's key inside. The
// browser's twin is in ../../web/api/payload.js; both play
// ../../test/vectors/plain-keys.txt.

// PlainRequest makes sure that data, which is JSON, has one key, and returns
// that as the name that the call goes by. The caller's key counts if it is a
// string that is not empty, or a number; of several, the last one. An empty
// string and null are replaced by a uuid.
func PlainRequest(data []byte) (name string, object []byte, failure *Error) {
	if depth, ok := protocol.Valid(data); !ok || depth == 0 || bytes.TrimLeft(data, " \t\r\n")[0] != '{' {
		return "", nil, &Error{CodeInvalid, Unsent, "in plain mode the data must be a JSON object"}
	}
	key, keys := plainKey(data)
	name, ok := PlainName(key)
	if ok && keys == 1 {
		return name, data, nil
	}
	if !ok && keys > 0 && string(key) != `""` && string(key) != "null" {
		return "", nil, &Error{CodeInvalid, Unsent, "in plain mode the key must be a string or a number"}
	}
	if !ok {
		name = uuid.NewString()
		key = json.RawMessage(`"` + name + `"`)
	}
	return name, withKey(key, data), nil
}

// plainKey is the last key of an object, and how many there are.
func plainKey(object []byte) (key json.RawMessage, keys int) {
	for m := range protocol.Members(object) {
		if string(m.Name) == "key" {
			key = m.Value
			keys++
		}
	}
	return key, keys
}

// withKey is an object with one key, which stands first.
func withKey(key json.RawMessage, object []byte) []byte {
	text := append([]byte(`{"key":`), key...)
	for m := range protocol.Members(object) {
		if string(m.Name) != "key" {
			text = append(append(text, ','), m.Text...)
		}
	}
	return append(text, '}')
}

// plainReply is the name of the call that an object replies to, empty where it
// has no key. ok is false for any other text.
func plainReply(text []byte) (name string, ok bool) {
	if depth, ok := protocol.Valid(text); !ok || depth == 0 || bytes.TrimLeft(text, " \t\r\n")[0] != '{' {
		return "", false
	}
	key, _ := plainKey(text)
	name, _ = PlainName(key)
	return name, true
}

// PlainName is the name that a key stands for: a string that is not empty, or
// a number as JavaScript prints it.
func PlainName(raw json.RawMessage) (string, bool) {
	var key any
	if json.Unmarshal(raw, &key) != nil {
		return "", false
	}
	switch key := key.(type) {
	case string:
		return key, key != ""
	case float64:
		if key == 0 {
			return "0", true // -0 too
		}
		if abs := math.Abs(key); abs >= 1e21 || abs < 1e-6 {
			text := strconv.FormatFloat(key, 'e', -1, 64)
			return strings.NewReplacer("e-0", "e-", "e+0", "e+").Replace(text), true // Go writes two digits at least
		}
		return strconv.FormatFloat(key, 'f', -1, 64), true
	}
	return "", false
}
