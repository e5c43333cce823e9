package protocol_test

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// FuzzAppendParts: what the Append functions of parts write, the reader reads.
func FuzzAppendParts(f *testing.F) {
	f.Add(uint64(7), []byte(`{"a":[1]}`), uint64(2), 65536, true, []byte("abc"))
	f.Add(uint64(1<<53), []byte(""), uint64(1<<63), -1, false, []byte{})
	f.Fuzz(func(t *testing.T, k uint64, data []byte, n uint64, window int, open bool, chunk []byte) {
		depth, ok := protocol.Valid(data)
		if !ok {
			data, depth = []byte("null"), 0
		}
		key, n := protocol.Key(k%uint64(protocol.MaxKey)+1), n%uint64(protocol.MaxKey)
		window = max(window, 0) & math.MaxInt32
		frame := protocol.AppendPrefix(nil)
		var want []string
		add := func(frame []byte, m protocol.Message) []byte {
			m.Key = key
			want = append(want, show(&m))
			return append(frame, ',')
		}
		frame = append(frame, '[')
		request := protocol.AppendRequest(nil, key, data)
		frame = add(append(frame, protocol.AppendOptions(request, open, window)...),
			protocol.Message{Kind: protocol.DataKind, Body: bytes.Trim(data, " \t\r\n"), Depth: depth, Open: open, Window: window})
		parts := protocol.AppendNext(protocol.AppendParts(nil, key, int64(n), data), data)
		frame = add(append(frame, protocol.AppendPartsEnd(parts, 0)...),
			protocol.Message{Kind: protocol.PartsKind, Body: slices.Concat([]byte("["), data, []byte(","), data, []byte("]")), Depth: depth, Count: n})
		frame = add(protocol.AppendPartsEnd(protocol.AppendParts(frame, key, -1, data), 0),
			protocol.Message{Kind: protocol.PartsKind, Body: slices.Concat([]byte("["), data, []byte("]")), Depth: depth})
		frame = add(protocol.AppendChunk(frame, key, int64(n), len(chunk)), protocol.Message{Kind: protocol.ChunkKind, Body: chunk, Count: n})
		frame = add(protocol.AppendAsk(protocol.AppendChunk(frame, key, -1, 0)), protocol.Message{Kind: protocol.ChunkKind, Ask: true})
		withBytes := protocol.AppendBytes(nil, key, len(chunk))
		frame = add(append(frame, protocol.AppendOptions(withBytes, open, window)...),
			protocol.Message{Kind: protocol.DataKind, Bytes: true, Body: chunk, Open: open, Window: window})
		withText := protocol.AppendText(nil, key, window)
		frame = add(append(frame, protocol.AppendOptions(withText, open, 1)...),
			protocol.Message{Kind: protocol.DataKind, Text: window, Open: open, Window: 1})
		frame = add(protocol.AppendEnd(frame, key), protocol.Message{Kind: protocol.EndKind})
		frame = add(protocol.AppendTaken(frame, key, n, window), protocol.Message{Kind: protocol.TakenKind, Count: n, Window: window})
		frame = add(protocol.AppendGot(frame, key, n), protocol.Message{Kind: protocol.GotKind, Count: n})
		frame[len(frame)-1] = ']'
		protocol.SetPrefix(frame)
		frame = append(append(frame, chunk...), chunk...)
		if frame[0] != 0 { // messages of 16 MiB
			return
		}
		got, err := readAll(t, protocol.NewBinaryReader(frame, false))
		for i := range want { // show leaves out a body that is nil
			want[i] = strings.TrimSuffix(want[i], " body=")
		}
		for i := range got {
			got[i] = strings.TrimSuffix(got[i], " body=")
		}
		if err != nil || !equal(got, want) {
			t.Errorf("%v, messages:\ngot  %s\nwant %s", err, list(got), list(want))
		}
		r := protocol.NewBinaryReader(frame, false)
		for r.Next() {
			if m := r.Message(); m.Kind == protocol.PartsKind {
				for part := range protocol.Elements(m.Body) {
					if !bytes.Equal(part, bytes.Trim(data, " \t\r\n")) {
						t.Errorf("a part is %q, want %q", part, data)
					}
				}
			}
		}
	})
}

// FuzzAppendTopics: what the Append functions of topics write, the reader reads.
func FuzzAppendTopics(f *testing.F) {
	f.Add("news", "e", uint64(41), uint64(57), []byte("[1]"), "c", "m")
	f.Add("\"\xff", "", uint64(0), uint64(1<<63), []byte("x"), "", "\\")
	f.Fuzz(func(t *testing.T, topic, epoch string, offset, to uint64, data []byte, code, text string) {
		offset, to = offset%uint64(protocol.MaxKey+1), to%uint64(protocol.MaxKey+1)
		// What is not UTF-8 comes back as the replacement character, one a byte.
		whole := func(text string) string { return string([]rune(text)) }
		on := protocol.On{Topic: topic, Since: code != "", Position: protocol.Position{Epoch: epoch, Offset: offset}}
		off := protocol.Off{Topic: topic, Why: protocol.Error{Code: code, Message: text, After: 7}}
		published := protocol.Published{Topic: topic, Offset: offset, Data: data}
		if _, ok := protocol.Valid(data); !ok {
			published = protocol.Published{Topic: topic, Gap: protocol.Gap{From: offset, To: to, Epoch: epoch}}
		}
		frame := protocol.AppendOn(protocol.Join(nil), on)
		frame = protocol.AppendOff(protocol.Join(frame), off)
		frame = append(protocol.AppendPublished(protocol.Join(frame), published), ']')

		on.Topic, off.Topic, published.Topic = whole(topic), whole(topic), whole(topic)
		on.Position.Epoch, published.Gap.Epoch = whole(on.Position.Epoch), whole(published.Gap.Epoch)
		if !on.Since {
			on.Position = protocol.Position{}
		}
		off.Why = protocol.Error{Code: whole(code), Message: whole(text)}
		if code == "" {
			off.Why = protocol.Error{}
		}
		if published.Gap.Epoch != "" {
			published.Gap.From = 0
		}
		if published.Data != nil {
			published.Data = bytes.Trim(published.Data, " \t\r\n")
		}
		r := protocol.NewReader(frame)
		for _, want := range []struct {
			kind protocol.Kind
			name string
			body any
		}{{protocol.OnKind, "On", on}, {protocol.OffKind, "Off", off}, {protocol.TopicKind, "Published", published}} {
			if !r.Next() || r.Message().Kind != want.kind {
				t.Fatalf("%s is missing: %v in %q", want.name, r.Err(), frame)
			}
			if got, err := decodeBody(r.Message(), want.name); err != nil || !reflect.DeepEqual(got, want.body) {
				t.Errorf("%s: got %+v, %v; want %+v", want.name, got, err, want.body)
			}
		}
		if r.Next() || r.Err() != nil {
			t.Errorf("there is more: %v", r.Err())
		}
	})
}
