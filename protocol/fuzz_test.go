package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockjax/sockjax/protocol"
)

// maxJSONDepth is where encoding/json gives up (scanner.go, maxNestingDepth).
const maxJSONDepth = 10000

// comparable reports whether encoding/json can judge text as the reader does.
// It takes what is not UTF-8 and refuses what nests too deep for it.
func comparable(text []byte) bool {
	return utf8.Valid(text) && bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) < maxJSONDepth
}

func FuzzReader(f *testing.F) {
	for _, v := range readVectors(f, "frames.txt") {
		if frame := unquote(f, v.fields["frame"][0]); len(frame) < 10000 {
			f.Add([]byte(frame))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := bytes.Clone(frame)
		got, err := read(t, frame)
		if !bytes.Equal(frame, before) {
			t.Error("the reader writes into the frame")
		}
		if len(got) > len(frame)/2 { // "{}" is the shortest message
			t.Errorf("%d messages in %d bytes", len(got), len(frame))
		}
		if errors.Is(err, protocol.ErrNotUTF8) == utf8.Valid(frame) {
			t.Errorf("got error %v", err)
		}
		if !comparable(frame) {
			return
		}
		want, ok := decode(frame)
		if ok != (err == nil) {
			t.Fatalf("encoding/json takes it: %t; the reader: %v", ok, err)
		}
		if ok && !equal(got, want) {
			t.Errorf("messages:\ngot  %s\nwant %s", list(got), list(want))
		}
	})
}

// decode does what a Reader does by way of encoding/json.
func decode(frame []byte) (messages []string, ok bool) {
	var elements []json.RawMessage
	if json.Unmarshal(frame, &elements) != nil || elements == nil {
		return nil, false
	}
	for _, element := range elements {
		var members map[string]json.RawMessage
		if json.Unmarshal(element, &members) != nil || members == nil {
			return nil, false
		}
		messages = append(messages, show(expected(members)))
	}
	return messages, true
}

// expected is the message that has these members.
func expected(members map[string]json.RawMessage) *protocol.Message {
	key := func(name string) protocol.Key {
		n, err := strconv.ParseUint(string(members[name]), 10, 64)
		if err != nil || n > 1<<53-1 {
			return 0
		}
		return protocol.Key(n)
	}
	body := func(kind protocol.Kind, key protocol.Key, name string) *protocol.Message {
		return &protocol.Message{Kind: kind, Key: key, Body: members[name], Depth: depth(members[name])}
	}
	has := func(name string) bool { return members[name] != nil }
	switch {
	case has("hello"):
		return body(protocol.HelloKind, 0, "hello")
	case has("welcome"):
		return body(protocol.WelcomeKind, 0, "welcome")
	case has("cancel"):
		return &protocol.Message{Kind: protocol.CancelKind, Key: key("cancel")}
	case !has("key"):
		return &protocol.Message{}
	case has("error"):
		return body(protocol.ErrorKind, key("key"), "error")
	case has("refused"):
		return body(protocol.RefusedKind, key("key"), "refused")
	}
	return body(protocol.DataKind, key("key"), "data")
}

// depth counts the brackets that encoding/json finds in valid text.
func depth(text []byte) (deepest int) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
			deepest = max(deepest, depth)
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, v := range readVectors(f, "valid.txt") {
		if text := unquote(f, v.fields["text"][0]); len(text) < 10000 {
			f.Add([]byte(text))
		}
	}
	for _, v := range readVectors(f, "frames.txt") {
		if frame := unquote(f, v.fields["frame"][0]); len(frame) < 10000 {
			f.Add([]byte(frame))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := protocol.Valid(text)
		if ok && !utf8.Valid(text) {
			t.Error("it is not UTF-8")
		}
		if !comparable(text) {
			return
		}
		if want := json.Valid(text); ok != want {
			t.Errorf("Valid is %t, json.Valid %t", ok, want)
		}
		if want := depth(text); ok && got != want {
			t.Errorf("depth %d, want %d", got, want)
		}
	})
}

// FuzzAppend writes one message of each kind into a frame and reads it back.
func FuzzAppend(f *testing.F) {
	f.Add(uint64(7), []byte(`{"a":1}`), "out_of_tea", "no tea left", true, int64(25000), 1<<20, 1024)
	f.Add(uint64(1<<53), []byte(""), "", "a\"\\\n\x00\xff<é\u2028😀", false, int64(-1), -1, 0)
	f.Add(uint64(0), []byte(" [ 1 , {} ]\n"), "{", "]", false, int64(0), 0, 0)
	f.Add(uint64(1<<64-1), []byte("\"\xff\""), "a", "b", false, int64(0), 0, 0)
	f.Fuzz(func(t *testing.T, k uint64, data []byte, code, text string, flag bool, ms int64, frame, requests int) {
		key := protocol.Key(k)
		depth, ok := protocol.Valid(data)
		if !ok {
			data = nil
		}
		hello := protocol.Hello{Session: text, Resume: flag}
		welcome := protocol.Welcome{Session: text, Resumed: flag, Heartbeat: ms}
		welcome.Limits = protocol.Limits{Frame: frame, Requests: requests}
		failure := protocol.Error{Code: code, Message: text, Data: data}

		buf := protocol.AppendHello(protocol.Join(nil), hello)
		buf = protocol.AppendWelcome(protocol.Join(buf), welcome)
		buf = protocol.Join(buf)
		start := len(buf)
		buf = protocol.AppendRequest(buf, key, data)
		if got, want := protocol.RequestSize(key, len(data)), len(buf)-start; got != want {
			t.Errorf("RequestSize is %d, want %d", got, want)
		}
		buf = protocol.AppendCancel(protocol.Join(buf), key)
		buf = protocol.AppendError(protocol.Join(buf), key, failure)
		buf = protocol.AppendRefused(protocol.Join(buf), key, protocol.Error{Code: code, Message: text})
		buf = append(buf, ']')
		if !json.Valid(buf) && comparable(buf) {
			t.Fatalf("not JSON: %q", buf)
		}

		r := protocol.NewReader(buf)
		next := func(kind protocol.Kind, want protocol.Key) *protocol.Message {
			if !r.Next() {
				t.Fatalf("%s is missing: %v", kinds[kind], r.Err())
			}
			m := r.Message()
			if want > protocol.MaxKey {
				want = 0
			}
			if m.Kind != kind || m.Key != want {
				t.Fatalf("got %s, want %s key=%d", show(m), kinds[kind], want)
			}
			return m
		}
		// What is not UTF-8 comes back as the replacement character, one a byte.
		code, text = string([]rune(code)), string([]rune(text))
		hello.Session, welcome.Session = text, text
		if got, err := next(protocol.HelloKind, 0).Hello(); err != nil || got != hello {
			t.Errorf("got %+v, %v; want %+v", got, err, hello)
		}
		if got, err := next(protocol.WelcomeKind, 0).Welcome(); err != nil || got != welcome {
			t.Errorf("got %+v, %v; want %+v", got, err, welcome)
		}
		wantBody := strings.Trim(string(data), " \t\r\n")
		if !ok {
			wantBody = "null"
		}
		if m := next(protocol.DataKind, key); string(m.Body) != wantBody || m.Depth != depth && ok {
			t.Errorf("got %s, want depth=%d body=%s", show(m), depth, wantBody)
		}
		next(protocol.CancelKind, key)
		if m := next(protocol.ErrorKind, key); comparable(m.Body) {
			got, err := m.Error()
			if err != nil || got.Code != code || got.Message != text || ok && string(got.Data) != wantBody || !ok && got.Data != nil {
				t.Errorf("got %+v, %v; want %+v", got, err, failure)
			}
		}
		if got, err := next(protocol.RefusedKind, key).Error(); err != nil || got.Code != code || got.Message != text || got.Data != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		if r.Next() || r.Err() != nil {
			t.Errorf("there is more: %v", r.Err())
		}
	})
}
