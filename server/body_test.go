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
	"time"

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

// What a handler has taken as a part stays as it is, while the memory of what it
// has read is used again.
func TestBodyOfLargeChunks(t *testing.T) {
	const size, n = 128 << 10, 20
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		all := bytes.Repeat([]byte("?"), size*n)
		var kept []server.Bytes
		for at := 0; at < len(all); {
			part, err := r.NextPart()
			if err != nil {
				return nil, err
			}
			kept = append(kept, part.(server.Bytes))
			at += size
			m, err := io.ReadFull(r.Body, all[at:at+size])
			if err != nil {
				return nil, err
			}
			at += m
		}
		for i, part := range kept {
			copy(all[2*i*size:], part)
		}
		return fmt.Sprintf("%d %x", len(all), sha256.Sum256(all))[:len("2621440 01234567")], nil
	}, &server.Options{Window: n * size})
	p := f.open(t)
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	var all []byte
	for i := range n {
		chunk := bytes.Repeat([]byte{byte('a' + i)}, size)
		all = append(all, chunk...)
		p.chunk(1, i, string(chunk))
	}
	if s := p.collect(1, nil); s.reply != `{"key":1,"data":`+hashed(all)+`}` {
		t.Errorf("got %s", s.reply)
	}
}

// The window grows where a round trip limits the client, and not where the line
// does.
func TestBodyWindow(t *testing.T) {
	for _, line := range []struct {
		rate  int           // bytes per second
		delay time.Duration // of a round trip
		least int           // of the window, in the end
		most  int
	}{
		{12 << 20, 170 * time.Millisecond, 1 << 20, 1<<20 + server.DefaultWindow},
		{1 << 20, 5 * time.Millisecond, server.DefaultWindow, 3 * server.DefaultWindow},
		{1 << 30, 0, 512 << 10, 1<<20 + server.DefaultWindow},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, l, stop := pipes(t, upload, server.Options{})
			defer stop()
			p := f.dialPipe(t, l, protocol.Subprotocol)
			p.send("[" + hello + "]")
			p.next()
			p.send(`[{"key":1,"open":true}]`)
			p.want(`{"key":1,"got":0}`)
			type credit struct {
				taken, window int
				at            time.Time
			}
			credits := make(chan credit, 10_000)
			done := make(chan bool)
			go func() {
				defer close(done)
				for s := (&said{}); s.reply == ""; {
					p.readInto(1, s)
					credits <- credit{s.taken, s.window, time.Now().Add(line.delay)}
				}
			}()
			const size, n = 16 << 10, 1000
			taken, window := 0, server.DefaultWindow
			data := strings.Repeat("x", size)
			for from := range n {
				for (from+1-taken)*size > window {
					c := <-credits
					time.Sleep(time.Until(c.at))
					taken, window = c.taken, c.window
				}
				time.Sleep(size * time.Second / time.Duration(line.rate))
				p.chunk(1, from, data)
			}
			p.send(`[{"key":1,"end":true}]`)
			<-done
			if window < line.least || window > line.most {
				t.Errorf("%d bytes a second, %v: the window is %d", line.rate, line.delay, window)
			}
		})
	}
}
