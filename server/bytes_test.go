package server_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func TestBytes(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		if r.Bytes == nil {
			return r.Data, nil
		}
		if string(r.Data) != "null" {
			t.Errorf("Data is %s", r.Data)
		}
		return server.Bytes(r.Bytes), nil
	}, nil)
	p := f.open(t)
	p.sendBytes(`[{"key":1,"bytes":3}]`, "\x00\xff[")
	p.want(`{"key":1,"bytes":3}`)
	p.sendBytes(`[{"key":2,"bytes":0}]`, "")
	p.want(`{"key":2,"bytes":0}`)
	if string(p.tail) != "\x00\xff[" {
		t.Errorf("got %q", p.tail)
	}
	p.tail = nil
	// Several in a frame, among others.
	p.sendBytes(`[{"key":3,"bytes":3},{"key":4,"data":1},{"key":5,"bytes":2}]`, "abcde")
	got := map[string]int{}
	for range 3 {
		got[p.next()]++
	}
	if got[`{"key":3,"bytes":3}`] != 1 || got[`{"key":4,"data":1}`] != 1 || got[`{"key":5,"bytes":2}`] != 1 || len(p.tail) != 5 {
		t.Errorf("got %v, %q", got, p.tail)
	}
	f.cut(p)
	p = f.comeBack(t, 0, true, 0)
	for range 5 {
		p.next()
	}
	if !bytes.Contains(p.tail, []byte("\x00\xff[")) || len(p.tail) != 8 {
		t.Errorf("got %q", p.tail)
	}

	plain := f.dial(t)
	plain.send(`{"key":1}`)
	if got := plain.mustFrame(); got != `{"key":1}` {
		t.Errorf("got %s", got)
	}
}

// A request that is larger than a frame comes in pieces, between which others
// go.
func TestLargeRequest(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) { return len(r.Data), nil }, nil)
	p := f.open(t)
	const size = 3_000_000
	data := `"` + strings.Repeat("x", size-2) + `"`
	p.send(fmt.Sprintf(`[{"key":1,"text":%d}]`, size))
	for at, i := 0, 2; at < size; i++ {
		n := min(60_000, size-at)
		p.sendBytes(fmt.Sprintf(`[{"key":1,"chunk":%d},{"key":%d}]`, n, i), data[at:at+n])
		if at += n; at < size {
			p.want(fmt.Sprintf(`{"key":%d,"data":4}`, i))
		}
	}
	for range 2 { // side by side
		if got := p.next(); got != `{"key":51,"data":4}` && got != fmt.Sprintf(`{"key":1,"data":%d}`, size) {
			t.Errorf("got %s", got)
		}
	}
	p.quiet()

	// It may have a body too, and be answered by a stream.
	p.send(`[{"key":100,"text":4,"open":true,"window":5}]`)
	p.sendBytes(`[{"key":100,"chunk":1},{"key":100,"chunk":3},{"key":100,"from":0,"chunk":1},{"key":100,"end":true}]`, "1234x")
	p.want(`{"key":100,"got":0}`, `{"key":100,"data":4}`)

	// A cancel, and the same key again.
	p.send(`[{"key":101,"text":10}]`)
	p.sendBytes(`[{"key":101,"chunk":5},{"key":102,"text":4}]`, "12345")
	p.sendBytes(`[{"key":102,"text":2},{"key":102,"chunk":2},{"cancel":101},{"key":101,"chunk":5}]`, "12"+"67890")
	p.want(`{"key":102,"data":2}`)
	p.quiet()
	if n := f.Stats().Requests; n != 0 {
		t.Errorf("%d requests are left", n)
	}
}

func TestLargeRequestBounds(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxMessage: 100_000, MaxBuffered: 4 << 20})
	p := f.open(t)
	p.send(`[{"key":1,"text":100001}]`)
	p.want(`{"key":1,"refused":{"code":"invalid","message":"the data may have 100000 bytes: send more as a body"}}`)
	p.sendBytes(`[{"key":1,"chunk":5}]`, "12345")
	for key := 2; key < 2+41; key++ {
		p.send(fmt.Sprintf(`[{"key":%d,"text":100000}]`, key))
	}
	p.quiet()
	p.send(`[{"key":50,"text":100000},{"key":51,"data":"` + strings.Repeat("x", 100_000) + `"}]`)
	for range 2 {
		if got := p.next(); !strings.Contains(got, `"code":"overloaded"`) {
			t.Errorf("got %.200s", got)
		}
	}
	p.send(`[{"cancel":2},{"key":51,"data":1}]`)
	p.want(`{"key":51,"data":1}`)
	for i, frame := range []struct{ messages, tail string }{
		{`[{"key":60,"text":3},{"key":60,"chunk":4}]`, "1234"},
		{`[{"key":60,"text":3},{"key":60,"chunk":3}]`, "1 2"},
		{`[{"key":60,"text":3},{"key":60,"chunk":3}]`, "\"\xff\""},
	} {
		p := f.openAs(t, sessionID(i))
		p.sendBytes(frame.messages, frame.tail)
		p.closed(protocol.CloseBadMessage)
	}
}
