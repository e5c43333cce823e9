package protocol_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

func testBinary(t *testing.T, v *vector) {
	messages, rest := []byte(v.text(t, "messages")), []byte(v.text(t, "bytes"))
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(messages)))
	frame = append(append(frame, messages...), rest...)
	var want []string
	for _, line := range v.all("yields") {
		head, body, ok := strings.Cut(line, "body=")
		if ok {
			body = "body=" + unquote(t, body)
		}
		want = append(want, head+body)
	}
	var wantErr string
	if lines := v.all("error"); len(lines) == 1 {
		wantErr = lines[0]
	}
	for _, lenient := range []bool{false, true} {
		got, err := readAll(t, protocol.NewBinaryReader(frame, lenient))
		if !equal(got, want) {
			t.Errorf("messages, lenient %t:\ngot  %s\nwant %s", lenient, list(got), list(want))
		}
		if (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), ": "+wantErr) {
			t.Errorf("error:\ngot  %v\nwant %s", err, wantErr)
		}
	}
	if wantErr != "" {
		return
	}
	for i := range frame {
		if got, err := readAll(t, protocol.NewBinaryReader(frame[:i:i], false)); err == nil && equal(got, want) {
			t.Errorf("cut at byte %d: it reads the same", i)
		}
	}
}

// TestBinaryFrames: the first byte tells what a binary frame holds.
func TestBinaryFrames(t *testing.T) {
	for _, c := range []struct {
		frame string
		want  []string
		err   string
	}{
		{`[{"key":7,"data":1}]`, []string{"data key=7 body=1"}, ""},
		{`[{"key":7,"chunk":0}]`, []string{"chunk"}, ""},
		{"", nil, "a binary frame begins with the length of its messages"},
		{"\x00\x00\x00", nil, "a binary frame begins with the length of its messages"},
		{"\x00\x00\x00\x03[]", nil, "its messages would be longer than the frame"},
		{"\xff\xff\xff\xff[]", nil, "its messages would be longer than the frame"},
		{"\x00\x00\x00\x02[]", nil, ""},
		{"ping", nil, "its messages would be longer than the frame"},
	} {
		got, err := readAll(t, protocol.NewBinaryReader([]byte(c.frame), false))
		if !equal(got, c.want) || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: got %s, %v; want %s, %s", c.frame, list(got), err, list(c.want), c.err)
		}
	}
	for frame, want := range map[string]bool{"": false, "[]": false, "[{}]": false, "ping": false, "pong": false, "\x00\x00\x00\x02[]": true} {
		if protocol.IsBinary([]byte(frame)) != want {
			t.Errorf("IsBinary of %q is %t", frame, !want)
		}
	}
}

func TestElements(t *testing.T) {
	for array, want := range map[string][]string{
		`[]`:                                    nil,
		`[ ]`:                                   nil,
		`[1]`:                                   {"1"},
		"[ {\"a\" : [1,2]} ,\n\"]\",[ ],null ]": {`{"a" : [1,2]}`, `"]"`, "[ ]", "null"},
	} {
		var got []string
		for element := range protocol.Elements([]byte(array)) {
			got = append(got, string(element))
		}
		if !equal(got, want) {
			t.Errorf("%s: got %q, want %q", array, got, want)
		}
		for range protocol.Elements([]byte(array)) {
			break
		}
	}
}
