package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// FuzzBody compares each decoding function with encoding/json. They differ on
// purpose in three points: names have case here, integers that are out of
// range are cut or refused as bodies.txt says, and a body must not be null.
func FuzzBody(f *testing.F) {
	for _, v := range readVectors(f, "bodies.txt") {
		message := unquote(f, v.fields["message"][0])
		r := protocol.NewReader([]byte("[" + message + "]"))
		if r.Next() && len(message) < 10000 {
			f.Add(r.Message().Body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		body = bytes.Trim(body, " \t\r\n")
		if bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) >= maxJSONDepth {
			return
		}
		before := bytes.Clone(body)
		for name := range bodyNames {
			m := protocol.Message{Body: body}
			got, err := decodeBody(&m, name)
			want, ok := expectedBody(body, name)
			switch {
			case ok != (err == nil):
				t.Errorf("%s: encoding/json takes it: %t; the decoder: %v", name, ok, err)
			case ok && !reflect.DeepEqual(got, want):
				t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
			}
		}
		if !bytes.Equal(body, before) {
			t.Error("the decoder writes into the frame")
		}
	})
}

// expectedBody does what the function of that name does by way of
// encoding/json.
func expectedBody(body []byte, name string) (want any, ok bool) {
	if !json.Valid(body) {
		return nil, false
	}
	var err error
	switch name {
	case "Hello":
		var h protocol.Hello
		var ack strict
		err = decodeObject(body, map[string]any{"session": &h.Session, "resume": &h.Resume, "ack": &ack, "token": &h.Token})
		h.Ack = uint64(ack)
		want = h
	case "Welcome":
		var w protocol.Welcome
		err = decodeObject(body, map[string]any{
			"session": &w.Session, "resumed": &w.Resumed, "acked": &w.Acked, "heartbeat": &w.Heartbeat, "expires": &w.Expires, "jitter": &w.Jitter,
			"limits": map[string]any{"frame": &w.Limits.Frame, "requests": &w.Limits.Requests, "message": &w.Limits.Message, "window": &w.Limits.Window},
		})
		want = w
	case "Error":
		var e protocol.Error
		executed := true
		err = decodeObject(body, map[string]any{"code": &e.Code, "message": &e.Message, "data": &e.Data, "after": &e.After, "executed": &executed})
		e.NotRun = !executed
		want = e
	case "Authorized":
		var a protocol.Authorized
		err = decodeObject(body, map[string]any{"expires": &a.Expires})
		want = a
	case "On":
		var o protocol.On
		var offset strict
		err = decodeObject(body, map[string]any{"on": &o.Topic, "since": func(value json.RawMessage) error {
			o.Since = true
			return decodeObject(value, map[string]any{"epoch": &o.Position.Epoch, "offset": &offset})
		}})
		o.Position.Offset = uint64(offset)
		want = o
	case "Off":
		var o protocol.Off
		err = decodeObject(body, map[string]any{"off": &o.Topic, "why": map[string]any{"code": &o.Why.Code, "message": &o.Why.Message}})
		want = o
	case "Published":
		var p protocol.Published
		var offset, from, to strict
		err = decodeObject(body, map[string]any{
			"topic": &p.Topic, "offset": &offset, "data": &p.Data, "gap": map[string]any{"from": &from, "to": &to, "epoch": &p.Gap.Epoch},
		})
		p.Offset, p.Gap.From, p.Gap.To = uint64(offset), uint64(from), uint64(to)
		want = p
	case "Token":
		var token *string
		if err = json.Unmarshal(body, &token); err != nil || token == nil {
			return nil, false
		}
		want = *token
	}
	return want, err == nil
}

var errExpected = errors.New("what encoding/json would take too")

// strict is a count whose digits must stand there.
type strict uint64

// decodeObject puts the members of valid JSON where they belong, in their
// order: a map is an object, a *int64 a time, a *uint64 a count and a *[]byte
// any value.
func decodeObject(text []byte, members map[string]any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errExpected
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := decodeMember(value, members[name.(string)]); err != nil {
			return err
		}
	}
	return nil
}

func decodeMember(value json.RawMessage, to any) error {
	if data, ok := to.(*[]byte); ok {
		*data = value
		return nil
	}
	if to == nil || string(value) == "null" {
		return nil
	}
	var least, most int64
	switch to := to.(type) {
	case map[string]any:
		return decodeObject(value, to)
	case func(json.RawMessage) error:
		return to(value)
	case *string, *bool:
		return json.Unmarshal(value, to)
	case *int64:
		most = math.MaxInt64 / 1_000_000
	case *int:
		most = math.MaxInt
	case *uint64:
		least, most = math.MinInt64, math.MaxInt64
	}
	n, ok := new(big.Int).SetString(string(value), 10)
	if digits, isStrict := to.(*strict); isStrict {
		if !ok || n.Sign() < 0 || n.Cmp(big.NewInt(int64(protocol.MaxKey))) > 0 {
			return errExpected
		}
		*digits = strict(n.Uint64())
		return nil
	}
	if !ok {
		var f float64
		if err := json.Unmarshal(value, &f); err != nil && !strings.HasPrefix(string(value), "-") {
			f = math.MaxFloat64
		} else if err != nil {
			f = -math.MaxFloat64
		}
		if value[0] > '9' || value[0] < '0' && value[0] != '-' || f != math.Trunc(f) {
			return errExpected
		}
		n, _ = big.NewFloat(f).Int(nil)
	}
	if n.Cmp(big.NewInt(least)) < 0 {
		n.SetInt64(least)
	}
	if n.Cmp(big.NewInt(most)) > 0 {
		n.SetInt64(most)
	}
	if count, ok := to.(*uint64); ok && (n.Int64() < 0 || n.Int64() > int64(protocol.MaxKey)) {
		return errExpected
	} else if ok {
		*count = n.Uint64()
		return nil
	}
	return json.Unmarshal([]byte(n.String()), to)
}
