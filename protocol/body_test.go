package protocol_test

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// bodyNames are what the errors of the decoding functions call their bodies.
var bodyNames = map[string]string{
	"Hello":      "a hello",
	"Welcome":    "a welcome",
	"Error":      "an error",
	"Token":      "a token",
	"Authorized": "the answer to a token",
	"On":         "an on",
	"Off":        "an off",
	"Published":  "a message of a topic",
}

// decodeBody calls the decoding function with that name.
func decodeBody(m *protocol.Message, name string) (any, error) {
	switch name {
	case "Hello":
		return m.Hello()
	case "Welcome":
		return m.Welcome()
	case "Error":
		return m.Error()
	case "Token":
		return m.Token()
	case "Authorized":
		return m.Authorized()
	case "On":
		return m.On()
	case "Off":
		return m.Off()
	case "Published":
		return m.Published()
	}
	panic("there is no function " + name)
}

func testBody(t *testing.T, v *vector) {
	r := protocol.NewReader([]byte("[" + v.text(t, "message") + "]"))
	if !r.Next() {
		t.Fatal(r.Err())
	}
	m := r.Message()
	var name string
	switch m.Kind {
	case protocol.HelloKind:
		name = "Hello"
	case protocol.WelcomeKind:
		name = "Welcome"
	case protocol.ErrorKind, protocol.RefusedKind:
		name = "Error"
	case protocol.TokenKind:
		name = map[string]string{"client": "Token", "server": "Authorized"}[v.one(t, "from")]
	case protocol.OnKind:
		name = "On"
	case protocol.OffKind:
		name = "Off"
	case protocol.TopicKind:
		name = "Published"
	}
	got, err := decodeBody(m, name)
	if texts := v.all("error"); len(texts) == 1 {
		want := "failed to decode " + bodyNames[name] + ": " + texts[0]
		if err == nil || err.Error() != want {
			t.Errorf("got error %v\nwant      %s", err, want)
		}
		if !reflect.ValueOf(got).IsZero() {
			t.Errorf("got %+v with an error", got)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fields(reflect.ValueOf(got)), v.args(t, "fields"); !equal(got, narrow(want, got)) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// narrow is what is to be expected where an int has 32 bits: limits that are
// larger than it can hold become the largest that it can.
func narrow(want, got []string) []string {
	largest := strconv.Itoa(math.MaxInt)
	for i := range want {
		if len(want[i]) > len(largest) && i < len(got) && got[i] == largest {
			want[i] = largest
		}
	}
	return want
}

// fields are a body's fields as bodies.txt has them.
func fields(v reflect.Value) (texts []string) {
	switch {
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			texts = append(texts, fields(field)...)
		}
		return texts
	case v.Kind() != reflect.Slice:
		return []string{fmt.Sprint(v)}
	case v.IsNil():
		return []string{"nil"}
	}
	return []string{string(v.Bytes())}
}

// TestBodyData: what Error returns outlives the frame.
func TestBodyData(t *testing.T) {
	frame := []byte(`[{"key":1,"error":{"code":"c","message":"m","data":[1,2]}}]`)
	r := protocol.NewReader(frame)
	r.Next()
	e, err := r.Message().Error()
	clear(frame)
	if err != nil || e.Code != "c" || e.Message != "m" || string(e.Data) != "[1,2]" {
		t.Errorf("got %+v, %v", e, err)
	}
}

// TestBodyMade decodes messages that no reader has made.
func TestBodyMade(t *testing.T) {
	for name, what := range bodyNames {
		for _, body := range []string{
			"", "{", "}", `"`, `"\`, `"\u12`, "n", "nul", "-", `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{,}`, "{} {}", `"" ""`, "{}x", `""x`, "\x00",
			`{"session":`, `{"session":"`, `{"session":"s`, `{"code":"\ud8`, `{"limits":{`, `{"limits":{}`, `{"limits":{}]`, `{"limits":{"frame":1`, `{"limits":{"frame":-}}`,
			`{"on":"`, `{"since":{`, `{"since":{"offset":1}`, `{"why":{]`, `{"gap":{"from":-}}`, `{"ack":-}`, `{"acked":1`, `{"expires":01}`, `{"resume":tru}`, `{"resumed":falsey}`, `{"data":[}`, `{"after":nul}`,
		} {
			m := protocol.Message{Body: []byte(body)}
			got, err := decodeBody(&m, name)
			if err == nil || !strings.HasPrefix(err.Error(), "failed to decode "+what+": ") || !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s of %q: got %+v, %v", name, body, got, err)
			}
		}
	}
}
