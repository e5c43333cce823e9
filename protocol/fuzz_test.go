package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strconv"
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
		if len(got) > len(frame)/2 { // "{}" and "1," are the shortest messages
			t.Errorf("%d messages in %d bytes", len(got), len(frame))
		}
		if errors.Is(err, protocol.ErrNotUTF8) == utf8.Valid(frame) {
			t.Errorf("got error %v", err)
		}
		if !comparable(frame) {
			return
		}
		want, ok := decode(frame, false)
		if ok != (err == nil) {
			t.Fatalf("encoding/json takes it: %t; the reader: %v", ok, err)
		}
		if ok && !equal(got, want) {
			t.Errorf("messages:\ngot  %s\nwant %s", list(got), list(want))
		}
		got, err = readAll(t, protocol.NewLenientReader(frame))
		want, ok = decode(frame, true)
		if ok != (err == nil) {
			t.Fatalf("encoding/json takes it: %t; the lenient reader: %v", ok, err)
		}
		if ok && !equal(got, want) {
			t.Errorf("messages of the lenient reader:\ngot  %s\nwant %s", list(got), list(want))
		}
	})
}

// decode does what a Reader does by way of encoding/json.
func decode(frame []byte, lenient bool) (messages []string, ok bool) {
	number := number
	if lenient {
		number = byValue
	}
	var elements []json.RawMessage
	if json.Unmarshal(frame, &elements) != nil || elements == nil {
		return nil, false
	}
	for _, element := range elements {
		var series []json.RawMessage
		if json.Unmarshal(element, &series) == nil && series != nil {
			if len(series) < 2 && !lenient {
				return nil, false
			}
			if len(series) < 2 {
				messages = append(messages, show(&protocol.Message{Kind: protocol.DataKind, Series: true}))
				continue
			}
			first := number(series[0])
			for i, data := range series[1:] {
				m := &protocol.Message{Kind: protocol.DataKind, Series: true, Body: data, Depth: depth(data)}
				if next := first + protocol.Key(i); first != 0 && next <= protocol.MaxKey {
					m.Key = next
				}
				messages = append(messages, show(m))
			}
			continue
		}
		var members map[string]json.RawMessage
		switch notObject := json.Unmarshal(element, &members) != nil || members == nil; {
		case notObject && !lenient:
			return nil, false
		case notObject:
			messages = append(messages, show(&protocol.Message{Kind: protocol.DataKind}))
		default:
			messages = append(messages, show(expected(members, number)))
		}
	}
	return messages, true
}

// number is the key that stands in text, 0 if it is none.
func number(text json.RawMessage) protocol.Key {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || n > 1<<53-1 {
		return 0
	}
	return protocol.Key(n)
}

// byValue is the key that stands in text for a page.
func byValue(text json.RawMessage) protocol.Key {
	var n float64
	if text[0] == 'n' || json.Unmarshal(text, &n) != nil || n != math.Trunc(n) || n < 0 || n > 1<<53-1 {
		return 0
	}
	return protocol.Key(n)
}

// expected is the message that has these members.
func expected(members map[string]json.RawMessage, number func(json.RawMessage) protocol.Key) *protocol.Message {
	maps.DeleteFunc(members, func(name string, value json.RawMessage) bool {
		return string(value) == "null" && name != "key" && name != "data"
	})
	key := func(name string) protocol.Key { return number(members[name]) }
	body := func(kind protocol.Kind, key protocol.Key, name string) *protocol.Message {
		return &protocol.Message{Kind: kind, Key: key, Body: members[name], Depth: depth(members[name])}
	}
	has := func(name string) bool { return members[name] != nil }
	switch {
	case has("hello"):
		return body(protocol.HelloKind, 0, "hello")
	case has("welcome"):
		return body(protocol.WelcomeKind, 0, "welcome")
	case has("token"):
		return body(protocol.TokenKind, 0, "token")
	case has("ack"):
		return &protocol.Message{Kind: protocol.AckKind, Ack: uint64(key("ack"))}
	case has("cancel"):
		return &protocol.Message{Kind: protocol.CancelKind, Key: key("cancel")}
	case !has("key"):
		return &protocol.Message{}
	case has("error"):
		return body(protocol.ErrorKind, key("key"), "error")
	case has("refused"):
		return body(protocol.RefusedKind, key("key"), "refused")
	case string(members["forgotten"]) == "true":
		return &protocol.Message{Kind: protocol.ForgottenKind, Key: key("key")}
	case has("forgotten"), has("part") && !has("data"):
		return &protocol.Message{}
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
