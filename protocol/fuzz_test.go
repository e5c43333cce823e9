package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
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
		want, ok := decode(frame, nil, false)
		if ok != (err == nil) {
			t.Fatalf("encoding/json takes it: %t; the reader: %v", ok, err)
		}
		if ok && !equal(got, want) {
			t.Errorf("messages:\ngot  %s\nwant %s", list(got), list(want))
		}
		got, err = readAll(t, protocol.NewLenientReader(frame))
		want, ok = decode(frame, nil, true)
		if ok != (err == nil) {
			t.Fatalf("encoding/json takes it: %t; the lenient reader: %v", ok, err)
		}
		if ok && !equal(got, want) {
			t.Errorf("messages of the lenient reader:\ngot  %s\nwant %s", list(got), list(want))
		}
	})
}

// FuzzBinary reads binary frames: the same as FuzzReader reads, with bytes
// behind.
func FuzzBinary(f *testing.F) {
	for _, v := range readVectors(f, "binary.txt") {
		f.Add([]byte(unquote(f, v.fields["messages"][0])), []byte(unquote(f, v.fields["bytes"][0])))
	}
	f.Add([]byte(`[`), []byte{})
	f.Fuzz(func(t *testing.T, messages, rest []byte) {
		frame := append(protocol.AppendPrefix(nil), messages...)
		protocol.SetPrefix(frame)
		frame = append(frame, rest...)
		if frame[0] == '[' {
			return
		}
		before := bytes.Clone(frame)
		for _, lenient := range []bool{false, true} {
			got, err := readAll(t, protocol.NewBinaryReader(frame, lenient))
			if errors.Is(err, protocol.ErrNotUTF8) == utf8.Valid(messages) {
				t.Errorf("got error %v", err)
			}
			if !comparable(messages) {
				continue
			}
			want, ok := decode(messages, append([]byte{}, rest...), lenient)
			if ok != (err == nil) {
				t.Fatalf("lenient %t: the reference takes it: %t; the reader: %v", lenient, ok, err)
			}
			if ok && !equal(got, want) {
				t.Errorf("messages, lenient %t:\ngot  %s\nwant %s", lenient, list(got), list(want))
			}
			// Any bytes at all, as a whole.
			_, _ = readAll(t, protocol.NewBinaryReader(messages, lenient))
		}
		if !bytes.Equal(frame, before) {
			t.Error("the reader writes into the frame")
		}
	})
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
