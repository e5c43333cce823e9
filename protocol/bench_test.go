package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// batch is a frame of 64 requests whose data is n bytes each, or a few more.
func batch(n int, fill string) (frame []byte) {
	for key := range protocol.Key(64) {
		data := fmt.Sprintf(`{"api":"echo","id":%d,"tags":["a","b"],"text":""}`, key+1000)
		data = strings.Replace(data, `""`, `"`+strings.Repeat(fill, max(0, n-len(data))/len(fill))+`"`, 1)
		frame = protocol.AppendRequest(protocol.Join(frame), key+1, []byte(data))
	}
	return append(frame, ']')
}

// drain reads a frame as a server does.
func drain(frame []byte) (messages, bytes int) {
	r := protocol.NewReader(frame)
	for r.Next() {
		m := r.Message()
		messages++
		bytes += len(m.Body)
	}
	if r.Err() != nil {
		return -1, 0
	}
	return messages, bytes
}

func TestAllocations(t *testing.T) {
	frame := batch(100, "a")
	deep := []byte(unquote(t, `[{"key":1,"data":<<[*512>><<]*512>>}]`))
	value := deep[len(`[{"key":1,"data":`) : len(deep)-len(`}]`)]
	buf := make([]byte, 0, 4<<10)
	for name, f := range map[string]func(){
		"64 requests":   func() { drain(frame) },
		"depth 512":     func() { drain(deep) },
		"Valid":         func() { protocol.Valid(value) },
		"AppendRequest": func() { protocol.AppendRequest(buf, protocol.MaxKey, value) },
		"AppendCancel":  func() { protocol.AppendCancel(buf, protocol.MaxKey) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
	if n, _ := drain(frame); n != 64 {
		t.Errorf("the frame holds %d requests", n)
	}
}

func BenchmarkReader(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
		fill string
	}{
		{"64x100", 100, "a"},
		{"64x100/utf8", 100, "é"},
		{"64x10k", 10000, "a"},
		{"64x10k/utf8", 10000, "é"},
		{"64x10k/escapes", 10000, `\n`},
	} {
		b.Run(c.name, func(b *testing.B) {
			frame := batch(c.size, c.fill)
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if n, _ := drain(frame); n != 64 {
					b.Fatal(n)
				}
			}
		})
	}
}
