//go:build !js || native

package engine

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/google/uuid"
)

// Plain mode's frames: one JSON object each, with the call's key inside.

// PlainRequest makes sure that data has a key, and returns that as the name
// that the call goes by.
func PlainRequest(data []byte) (name string, object []byte, failure *Error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil || members == nil {
		return "", nil, &Error{CodeInvalid, Unsent, "in plain mode the data must be a JSON object"}
	}
	raw, has := members["key"]
	if name, ok := PlainName(raw); ok {
		return name, data, nil
	}
	name = uuid.NewString()
	if !has {
		object = append(object, `{"key":"`+name+`"`...)
		if len(members) > 0 {
			object = append(object, ',')
		}
		return name, append(object, data[1:]...), nil // json.Marshal has left no space before the '{'
	}
	// What stands there can't be a key.
	members["key"] = json.RawMessage(`"` + name + `"`)
	object, err := json.Marshal(members)
	if err != nil {
		return "", nil, &Error{CodeInvalid, Unsent, err.Error()}
	}
	return name, object, nil
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
		if abs := math.Abs(key); abs >= 1e21 || abs < 1e-6 && key != 0 {
			return strconv.FormatFloat(key, 'e', -1, 64), true
		}
		return strconv.FormatFloat(key, 'f', -1, 64), true
	}
	return "", false
}

// object takes in a reply. All of it is the reply; what no call waits for is
// counted and disturbs nothing.
func (r *Decoder[P]) object(frame []byte) {
	var members map[string]json.RawMessage
	if json.Unmarshal(frame, &members) != nil || members == nil {
		r.garbage.Add(1)
		return
	}
	if name, ok := PlainName(members["key"]); ok {
		if p, ok := r.engine.SettleName(name); ok {
			r.settled(p, Outcome{Body: frame})
			return
		}
	}
	r.unmatched.Add(1)
}
