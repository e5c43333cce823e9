package sendq

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
)

// add adds parts until there is no room, and lets them leave.
func (w *wire) add(t *testing.T, s *Stream, data ...string) (added int) {
	t.Helper()
	for _, part := range data {
		_, ok, write := w.Part(s, []byte(part), false)
		if write {
			go w.WriteParts()
		}
		if !ok {
			break
		}
		added++
	}
	return added
}

// said is what was sent, in short.
func (w *wire) said() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var sent []string
	for _, event := range w.events {
		if text, ok := strings.CutPrefix(event, "send "); ok {
			sent = append(sent, text)
		}
	}
	w.events = nil
	return strings.Join(sent, " ")
}

// Streams take turns, all else goes before them, and an outcome goes behind its
// parts.
func TestPartsTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := greeted(1 << 20)
		w.gate = make(chan bool)
		a, b := NewStream(1, 1<<20), NewStream(2, 1<<20)
		big := strings.Repeat("x", runSize-2)
		w.add(t, a, `"a1"`, `"`+big+`"`, `"a3"`)
		w.add(t, b, `"b1"`, `"`+big+`"`, `"b3"`)
		w.End(a, nil, []byte("1"), false)
		w.End(b, []byte(`{"key":2,"error":{}}`), nil, false)
		synctest.Wait()
		w.Reply(3, []byte(`"small"`))
		w.Flush()
		w.Note([]byte(`{"key":4,"got":0}`))
		close(w.gate)
		synctest.Wait()
		cut := func(text string) string { return fmt.Sprintf("%.40s", text) }
		want := strings.Join([]string{
			`[{"key":1,"parts":["a1"],"size":4}]`, cut(`[{"key":3,"data":"small"},{"key":4,"got":0}]`), `[{"key":2,"parts":["b1"],"size":4}]`,
			cut(`[{"key":1,"parts":["` + big), cut(`[{"key":2,"parts":["` + big),
			`[{"key":1,"parts":["a3"],"size":4}]`, cut(`[{"key":1,"data":1}]`), `[{"key":2,"parts":["b3"],"size":4}]`, `[{"key":2,"error":{}}]`}, " ")
		if got := w.said(); got != want {
			t.Errorf("got\n%s\nwant\n%s", strings.ReplaceAll(got, " [", "\n["), strings.ReplaceAll(want, " [", "\n["))
		}
		if n := w.Waiting(); n != 0 || w.bulk != 0 {
			t.Errorf("%d, %d bytes wait", n, w.bulk)
		}
	})
}

// What waits of one stream, and of all, is bounded.
func TestPartsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := greeted(1 << 20)
		w.gate = make(chan bool)
		chunk := bytes.Repeat([]byte("x"), chunkSize)
		var streams []*Stream
		chunks := 0
		for i := range 20 {
			s := NewStream(protocol.Key(i+1), MaxWindow)
			streams = append(streams, s)
			for {
				n, ok, write := w.Part(s, chunk, true)
				if write {
					go w.WriteParts()
					synctest.Wait() // it has taken the first
				}
				if !ok {
					break
				}
				if chunks++; n != s.pace.Chunk() {
					t.Errorf("took %d", n)
				}
			}
		}
		if w.bulk < 1<<19 || w.bulk > 1<<19+2*chunkSize || chunks > 140 {
			t.Errorf("%d chunks, %d bytes wait", chunks, w.bulk)
		}
		last := streams[19]
		select {
		case <-last.Wake:
		default:
		}
		w.gate <- true
		w.gate <- true
		synctest.Wait()
		select {
		case <-last.Wake:
		default:
			t.Error("the last one was not woken")
		}
		for _, s := range streams {
			w.Abandon(s)
		}
		if n := w.Waiting(); n > chunkSize+256 || w.bulk != 0 {
			t.Errorf("%d, %d bytes wait", n, w.bulk)
		}
		close(w.gate)
	})
}

// Once the connection takes no more, parts and outcomes are still stored; once
// the session does not, nothing is.
func TestPartsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := greeted(1 << 20)
		s := NewStream(1, 100)
		w.add(t, s, "1")
		synctest.Wait()
		w.Stop()
		if n := w.add(t, s, "2", "3"); n != 2 {
			t.Errorf("%d were added", n)
		}
		w.End(s, nil, []byte("4"), false)
		synctest.Wait()
		w.Drain()
		if n := len(w.stored); n == 0 || w.stored[n-1].text != `[{"key":1,"data":4}]` || w.total != 4 {
			t.Errorf("stored %v", w.stored)
		}
		if got := w.said(); got != `[{"key":1,"parts":[1],"size":1}]` {
			t.Errorf("sent %s", got)
		}
		s = NewStream(2, 100)
		w.Drop()
		if n := w.add(t, s, "5"); n != 1 {
			t.Error("a stream that nobody waits for takes everything")
		}
		w.End(s, nil, []byte("6"), false)
		if w.total != 4 || w.Waiting() != 0 {
			t.Errorf("total %d, %d bytes wait", w.total, w.Waiting())
		}
	})
}

// Finish does not wait for a stream that goes on, but for those that have ended.
func TestPartsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := greeted(1 << 20)
		w.gate = make(chan bool)
		long, done := NewStream(1, MaxWindow), NewStream(2, 100)
		w.add(t, long, "1")
		synctest.Wait() // it is being sent
		w.add(t, long, "2")
		w.add(t, done, "3")
		w.End(done, nil, []byte("4"), false)
		finished := make(chan bool)
		go func() { w.Finish(); close(finished) }()
		synctest.Wait()
		w.gate <- true
		w.gate <- true
		w.gate <- true
		<-finished
		synctest.Wait()
		if got := w.said(); got != `[{"key":1,"parts":[1],"size":1}] [{"key":2,"parts":[3],"size":1}] [{"key":2,"data":4}]` {
			t.Errorf("sent %s", got)
		}
		if w.total != 4 {
			t.Errorf("%d are stored", w.total)
		}
		w.add(t, long, "5")
		synctest.Wait()
		if w.total != 5 {
			t.Errorf("%d are stored", w.total)
		}
	})
}

// Small parts share the memory of what was not taken.
func TestSizes(t *testing.T) {
	var z sizes
	total := 0
	for i := range 10_000 {
		z.add(i % 7)
		total += i % 7
	}
	if z.bytes != total || len(z.runs) > total/smallRun*2 {
		t.Errorf("%d bytes in %d entries, want %d", z.bytes, len(z.runs), total)
	}
	for i := range 100 {
		z.take(100)
		if left := total - total*(i+1)/100; z.bytes < left-2*smallRun || z.bytes > left+2*smallRun {
			t.Errorf("%d bytes after %d", z.bytes, i)
		}
	}
	if z.bytes != 0 || len(z.runs) != 0 {
		t.Errorf("%d bytes are left", z.bytes)
	}
	z.add(5)
	z.add(1000)
	z.take(1)
	if z.bytes != 1000 {
		t.Errorf("%d bytes", z.bytes)
	}
	z.take(100)
	if z.bytes != 0 {
		t.Errorf("%d bytes", z.bytes)
	}
}
