package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// batch is a frame of 64 requests whose data is n bytes each, or a few more.
func batch(n int, fill string) (frame []byte) {
	for i, data := range payloads(n, fill) {
		frame = protocol.AppendRequest(protocol.Join(frame), protocol.Key(i+1), data)
	}
	return append(frame, ']')
}

// series is the same as a series.
func series(n int, fill string) []byte {
	all := payloads(n, fill)
	frame := protocol.AppendSeries([]byte("["), 1, all[0])
	for _, data := range all[1:] {
		frame = protocol.AppendNext(frame, data)
	}
	return append(frame, "]]"...)
}

func payloads(n int, fill string) (all [][]byte) {
	for key := range 64 {
		data := fmt.Sprintf(`{"api":"echo","id":%d,"tags":["a","b"],"text":""}`, key+1000)
		data = strings.Replace(data, `""`, `"`+strings.Repeat(fill, max(0, n-len(data))/len(fill))+`"`, 1)
		all = append(all, []byte(data))
	}
	return all
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
	frame, row := batch(100, "a"), series(100, "a")
	deep := []byte(unquote(t, `[{"key":1,"data":<<[*512>><<]*512>>}]`))
	value := deep[len(`[{"key":1,"data":`) : len(deep)-len(`}]`)]
	buf := make([]byte, 0, 4<<10)
	for name, f := range map[string]func(){
		"64 requests":    func() { drain(frame) },
		"64 in a series": func() { drain(row) },
		"depth 512":      func() { drain(deep) },
		"Valid":          func() { protocol.Valid(value) },
		"AppendRequest":  func() { protocol.AppendRequest(buf, protocol.MaxKey, value) },
		"AppendCancel":   func() { protocol.AppendCancel(buf, protocol.MaxKey) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
	n, size := drain(frame)
	m, same := drain(row)
	if n != 64 || m != 64 || size != same {
		t.Errorf("the frames hold %d and %d requests with %d and %d bytes", n, m, size, same)
	}
}

func BenchmarkReader(b *testing.B) {
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"64x100", batch(100, "a")},
		{"64x100/series", series(100, "a")},
		{"64x100/utf8", batch(100, "é")},
		{"64x10k", batch(10000, "a")},
		{"64x10k/utf8", batch(10000, "é")},
		{"64x10k/escapes", batch(10000, `\n`)},
	} {
		b.Run(c.name, func(b *testing.B) {
			frame := c.frame
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
