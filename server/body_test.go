package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// upload answers how many bytes the body has, and their hash.
func upload(_ context.Context, r *server.Request) (any, error) {
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	return fmt.Sprintf("%d %x", n, h.Sum(nil)[:4]), err
}

func hashed(data []byte) string {
	sum := sha256.Sum256(data)
	return fmt.Sprintf(`"%d %x"`, len(data), sum[:4])
}

func gather(_ context.Context, r *server.Request) (any, error) {
	parts := []json.RawMessage{}
	for part, err := range r.Parts() {
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func TestBody(t *testing.T) {
	f := serve(t, upload, nil)
	p := f.open(t)
	p.sendBytes(`[{"key":1,"open":true},{"key":1,"from":0,"chunk":3},{"key":1,"from":1,"chunk":2},{"key":1,"end":true}]`, "abcde")
	p.want(`{"key":1,"got":0}`)
	s := p.collect(1, nil)
	if s.reply != `{"key":1,"data":`+hashed([]byte("abcde"))+`}` || s.taken != 2 {
		t.Errorf("got %+v", s)
	}
	p.send(`[{"key":2},{"key":3,"open":true},{"key":3,"end":true}]`)
	for range 3 {
		switch got := p.next(); got {
		case `{"key":2,"data":` + hashed(nil) + `}`, `{"key":3,"got":0}`, `{"key":3,"data":` + hashed(nil) + `}`:
		default:
			t.Errorf("got %s", got)
		}
	}
	p.quiet()
}

func TestBodyOfJSON(t *testing.T) {
	f := serve(t, gather, nil)
	p := f.open(t)
	p.send(`[{"key":1,"open":true},{"key":1,"from":0,"parts":[ 1 , "a,]" ,{"b":[2]}]},{"key":1,"from":3,"parts":[]},{"key":1,"from":3,"parts":[null]},{"key":1,"end":true}]`)
	p.want(`{"key":1,"got":0}`)
	if s := p.collect(1, nil); s.reply != `{"key":1,"data":[1,"a,]",{"b":[2]},null]}` {
		t.Errorf("got %+v", s)
	}
}

// Parts that were sent before, or whose predecessors are missing, change
// nothing.
func TestBodyNumbers(t *testing.T) {
	f := serve(t, gather, nil)
	p := f.open(t)
	p.send(`[{"key":1,"open":true},{"key":1,"from":0,"parts":[1,2]},{"key":1,"from":0,"parts":[1,2]},{"key":1,"from":1,"parts":[2,3]},` +
		`{"key":1,"from":4,"parts":[5]},{"key":1,"end":true},{"key":1,"from":3,"parts":[4]},{"key":1,"from":2,"parts":[3]},{"key":1,"end":true},{"key":1,"from":4,"parts":[5]}]`)
	p.want(`{"key":1,"got":0}`)
	if s := p.collect(1, nil); s.reply != `{"key":1,"data":[1,2,3,4]}` {
		t.Errorf("got %+v", s)
	}
}

// The wrong kind of part is an error that says so.
func TestBodyKinds(t *testing.T) {
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		if string(r.Data) == `"gather"` {
			return gather(ctx, r)
		}
		return upload(ctx, r)
	}, nil)
	p := f.open(t)
	p.sendBytes(`[{"key":1,"data":"gather","open":true},{"key":1,"from":0,"chunk":3},{"key":1,"end":true}]`, "abc")
	s := p.collect(1, nil)
	if !strings.Contains(s.reply, "the body is bytes") {
		t.Errorf("got %s", s.reply)
	}
	p.send(`[{"key":2,"open":true},{"key":2,"from":0,"parts":[1]},{"key":2,"end":true}]`)
	s = p.collect(2, nil)
	if !strings.Contains(s.reply, "the body has a JSON value") {
		t.Errorf("got %s", s.reply)
	}
}

// pipe streams its body back.
func pipe(_ context.Context, r *server.Request) (any, error) {
	for n := 0; ; n++ {
		part, err := r.NextPart()
		if err == io.EOF {
			return n, nil
		}
		if err == nil {
			err = r.Send(part)
		}
		if err != nil {
			return nil, err
		}
	}
}

func TestBothWays(t *testing.T) {
	f := serve(t, pipe, nil)
	p := f.open(t)
	p.send(`[{"key":1,"open":true,"window":1000}]`)
	s := &said{}
	parts := 0
	for i := range 50 {
		if i%2 == 0 {
			p.send(fmt.Sprintf(`[{"key":1,"from":%d,"parts":[%d]}]`, i, i))
		} else {
			p.chunk(1, i, strings.Repeat("x", i))
		}
		parts++
		for len(s.parts) < parts {
			p.readInto(1, s)
		}
		p.take(1, parts, 1000)
	}
	p.send(`[{"key":1,"end":true}]`)
	for s.reply == "" {
		p.readInto(1, s)
	}
	if s.reply != `{"key":1,"data":50}` || s.parts[48] != "48" || s.parts[49] != "+49" {
		t.Errorf("got %s, %s", s.reply, s.parts)
	}
}

// A client that keeps to its credit gets a body of any size to a handler, and
// the window grows.
func TestBodyCredit(t *testing.T) {
	f := serve(t, upload, nil)
	p := f.open(t)
	data := pattern(10 << 20)
	p.send(`[{"key":1,"open":true}]`)
	s := &said{window: server.DefaultWindow}
	var ends []int // of the parts
	for at := 0; at < len(data); {
		taken := 0
		if s.taken > 0 {
			taken = ends[s.taken-1]
		}
		n := min(32<<10, len(data)-at)
		if at+n-taken > s.window {
			p.readInto(1, s)
			continue
		}
		p.chunk(1, len(ends), string(data[at:at+n]))
		at += n
		ends = append(ends, at)
	}
	p.send(`[{"key":1,"end":true}]`)
	for s.reply == "" {
		p.readInto(1, s)
	}
	if s.reply != `{"key":1,"data":`+hashed(data)+`}` || s.taken != len(ends) {
		t.Errorf("got %s, taken %d of %d", s.reply, s.taken, len(ends))
	}
	if s.window > server.DefaultWindow+1<<20 {
		t.Errorf("the window is %d", s.window)
	}
}

// A handler that reads nothing stops the client, and one that reads lets it go
// on.
func TestBodySlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan int)
		f, l, stop := pipes(t, func(_ context.Context, r *server.Request) (any, error) {
			buf := make([]byte, 1<<20)
			for n := range read {
				if _, err := io.ReadFull(r.Body, buf[:n]); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}, server.Options{Window: 10_000})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		p.next()
		p.send(`[{"key":1,"open":true}]`)
		p.want(`{"key":1,"got":0}`)
		for i := range 10 {
			p.chunk(1, i, strings.Repeat("x", 1000))
		}
		p.quiet()
		read <- 3000
		synctest.Wait()
		p.quiet()
		read <- 2000
		p.want(`{"key":1,"taken":5,"window":10000}`)
		read <- 5000
		p.want(`{"key":1,"taken":10,"window":10000}`)
		read <- 1
		synctest.Wait()
		p.quiet()
		p.chunk(1, 10, "x")
		close(read)
		p.want(`{"key":1,"data":null}`)
	})
}

// A body that exceeds its window by more than 64 KiB breaks the protocol, but a
// single part may.
func TestBodyExcess(t *testing.T) {
	block := make(chan bool)
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		<-block
		return nil, nil
	}, nil)
	defer close(block)
	p := f.open(t)
	p.send(`[{"key":1,"open":true},{"key":2,"open":true},{"key":3,"open":true}]`)
	p.want(`{"key":1,"got":0}`, `{"key":2,"got":0}`, `{"key":3,"got":0}`)
	p.send(`[{"key":1,"from":0,"parts":["` + strings.Repeat("x", 900_000) + `"]}]`)
	for i := range 4 {
		p.chunk(2, i, strings.Repeat("x", 32<<10))
	}
	p.quiet()
	p.chunk(2, 4, "x")
	p.closed(protocol.CloseBadMessage)

	p = f.openAs(t, sessionID(1))
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	p.send(`[{"key":1,"from":0,"parts":[` + strings.Repeat("0,", 140_000) + `0]}]`)
	p.closed(protocol.CloseBadMessage)

	p = f.openAs(t, sessionID(2)) // empty parts are not free
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	for from := 0; from < 140_000; from += 20_000 {
		var frame strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&frame, `,{"key":1,"from":%d,"chunk":0}`, from+i)
		}
		p.sendBytes("["+frame.String()[1:]+"]", "")
	}
	p.closed(protocol.CloseBadMessage)
}

// Open bodies count for MaxBuffered.
func TestBodiesAreBounded(t *testing.T) {
	block := make(chan bool)
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		<-block
		return nil, nil
	}, nil)
	p := f.open(t)
	const most = server.DefaultMaxBuffered / server.DefaultWindow
	for key := 1; key <= most; key++ {
		p.send(fmt.Sprintf(`[{"key":%d,"open":true}]`, key))
		p.want(fmt.Sprintf(`{"key":%d,"got":0}`, key))
	}
	p.send(fmt.Sprintf(`[{"key":%d,"open":true}]`, most+1))
	if got := p.next(); !strings.Contains(got, `"refused":{"code":"overloaded"`) {
		t.Errorf("got %s", got)
	}
	part := `"parts":["` + strings.Repeat("x", 900_000) + `"]}]`
	for key := 1; key <= 30; key++ { // far more than MaxBuffered
		if err := p.conn.Write(context.Background(), 1, fmt.Appendf(nil, `[{"key":%d,"from":0,%s`, key, part)); err != nil {
			break
		}
	}
	p.closed(protocol.CloseBadMessage)
	close(block)
}

// A handler may answer before it has read the body, or all of it; what still
// comes is dropped.
func TestBodyIsLeft(t *testing.T) {
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		if string(r.Data) == "1" {
			r.Body.Read(make([]byte, 1))
		}
		return r.Data, nil
	}, nil)
	p := f.open(t)
	for key := range 2 {
		p.send(fmt.Sprintf(`[{"key":%d,"data":%d,"open":true}]`, key+1, key))
		p.want(fmt.Sprintf(`{"key":%d,"got":0}`, key+1))
		for i := range 20 { // far more than the window
			p.chunk(key+1, i, strings.Repeat("x", 60_000))
			if i == 0 {
				if s := p.collect(key+1, nil); s.reply != fmt.Sprintf(`{"key":%d,"data":%d}`, key+1, key) {
					t.Errorf("got %s", s.reply)
				}
			}
		}
		p.send(fmt.Sprintf(`[{"key":%d,"end":true}]`, key+1))
	}
	p.quiet()
}

func TestBodyCancel(t *testing.T) {
	ended := make(chan error, 1)
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		_, err := io.ReadAll(r.Body)
		ended <- err
		return nil, err
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	p.chunk(1, 0, "x")
	p.send(`[{"cancel":1}]`)
	if err := <-ended; err != server.ErrCanceled {
		t.Error(err)
	}
	p.chunk(1, 1, "x")
	p.send(`[{"key":2,"open":true}]`)
	for p.next() != `{"key":2,"got":0}` {
	}
	f.cut(p)
	f.open(t) // begins anew
	if err := <-ended; err != server.ErrDisconnected {
		t.Error(err)
	}
}

// A body goes on over the next connection, where the client left off.
func TestBodyResume(t *testing.T) {
	f := serve(t, upload, &server.Options{Window: 1 << 20})
	p := f.open(t)
	data := pattern(300_000)
	part := func(i int) string { return string(data[i*10_000 : (i+1)*10_000]) }
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	s := &said{all: 1}
	sent, lastGot := 0, 0
	for round := range 6 {
		for range 4 {
			p.chunk(1, sent, part(sent))
			sent++
		}
		switch round % 3 {
		case 0:
			p.quietFor(1, s)
			f.cut(p)
		case 1:
			p.conn.CloseNow()
		}
		old := p
		p = f.dial(t, protocol.Subprotocol)
		p.send("[" + resume(session, 0) + "]")
		p.welcomed(t)
		p.send(`[{"key":1,"open":true}]`)
		got := -1
		for got < lastGot || got < 0 {
			text := p.next()
			if strings.Contains(text, `"got":`) {
				fmt.Sscanf(text[strings.Index(text, `"got":`):], `"got":%d`, &got)
			}
			if got == 0 {
				got = -1 // that of the first time
			}
		}
		if got > sent {
			t.Fatalf("got %d of %d", got, sent)
		}
		sent, lastGot = got, got
		_ = old
	}
	for ; sent < 30; sent++ {
		p.chunk(1, sent, part(sent))
	}
	p.send(`[{"key":1,"end":true}]`)
	for {
		text := p.next()
		if strings.Contains(text, `"data":`) {
			if text != `{"key":1,"data":`+hashed(data)+`}` {
				t.Errorf("got %s", text)
			}
			break
		}
	}
}

// quietFor is quiet, where the server may say something about a call.
func (p *peer) quietFor(key int, s *said) {
	p.t.Helper()
	p.send("ping")
	for {
		text := p.mustFrame()
		if text == "pong" {
			return
		}
		if err := json.Unmarshal([]byte(text), &p.msgs); err != nil {
			p.t.Fatal(err)
		}
		for len(p.msgs) > 0 {
			p.readInto(key, s)
		}
	}
}

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
