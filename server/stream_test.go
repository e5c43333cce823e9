package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func TestStream(t *testing.T) {
	f := serve(t, streamer(1, "a", server.Bytes("xyz"), server.Bytes(nil), nil, map[string]int{"i": 3}), nil)
	p := f.open(t)
	p.send(`[{"key":7,"window":65536}]`)
	s := p.collect(7, nil)
	wantSaid(t, s, `{"key":7,"data":6}`, "1", `"a"`, "+3", "+0", "null", `{"i":3}`)
	if string(s.bytes) != "xyz" {
		t.Errorf("bytes %q", s.bytes)
	}
	p.send(fmt.Sprintf(`[{"ack":%d}]`, s.all))
	p.send(`[{"key":8}]`) // without a window, no parts
	p.want(`{"key":8,"data":6}`)
	p.quiet()
}

func TestStreamFunc(t *testing.T) {
	type tick struct{ I int }
	ticks := server.StreamFunc(func(_ context.Context, in struct{ N int }, send func(tick) error) (string, error) {
		for i := range in.N {
			if err := send(tick{i}); err != nil {
				return "", err
			}
		}
		if in.N == 0 {
			return "", &server.Error{Code: "none", Message: "n is 0"}
		}
		return "done", nil
	})
	f := serve(t, ticks, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":{"n":3},"window":100},{"key":2,"data":{"n":3}}]`)
	s := &said{}
	var replies []string
	for len(replies) < 2 {
		if p.readInto(1, s); s.reply != "" {
			replies = append(replies, s.reply)
			s.reply = ""
		}
	}
	slices.Sort(replies)
	wantSaid(t, s, "", `{"I":0}`, `{"I":1}`, `{"I":2}`)
	if !slices.Equal(replies, []string{`{"key":1,"data":"done"}`, `{"key":2,"data":"done"}`}) {
		t.Errorf("got %s", replies)
	}
	p.send(`[{"key":3,"data":{"n":0},"window":100}]`)
	p.want(`{"key":3,"error":{"code":"none","message":"n is 0"}}`)
	p.send(`[{"key":4,"data":{"n":"a"},"window":100}]`)
	if got := p.next(); !strings.Contains(got, "bad_request") {
		t.Errorf("got %s", got)
	}
}

// A handler sends no more than the client has granted, and goes on as soon as it
// grants more.
func TestStreamCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		f, l, stop := pipes(t, func(_ context.Context, r *server.Request) (any, error) {
			for range 10 {
				if err := r.Send(strings.Repeat("x", 98)); err != nil { // 100 bytes
					return nil, err
				}
				sent++
			}
			return nil, r.Send(strings.Repeat("y", 498))
		}, server.Options{})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		p.next()
		p.send(`[{"key":1,"window":350}]`)
		s := &said{}
		read := func(parts int) {
			for len(s.parts) < parts {
				p.readInto(1, s)
			}
			synctest.Wait()
			p.quiet()
			if len(s.parts) != parts || sent != min(parts, 10) {
				t.Fatalf("%d parts came, %d were sent, want %d", len(s.parts), sent, parts)
			}
		}
		read(3)
		p.take(1, 1, 350)
		read(4)
		p.take(1, 9, 350) // more than were sent
		p.take(1, 0, 10_000)
		p.take(2, 1, 10_000) // of another call
		read(4)
		p.take(1, 1, 100) // smaller: what was sent stays valid
		read(4)
		p.take(1, 4, 0)
		read(4)
		p.take(1, 4, 600)
		read(10)
		p.take(1, 7, 400) // the next one is larger than the window: it goes alone
		read(10)
		p.take(1, 10, 400)
		p.readInto(1, s)
		p.want(`{"key":1,"data":null}`)
	})
}

// A part of JSON that is larger than half of the window does not wait for ever:
// clients grant more when half is used up.
func TestStreamLargeParts(t *testing.T) {
	f := serve(t, streamer(strings.Repeat("a", 38), strings.Repeat("b", 98), strings.Repeat("c", 998), "d"), nil)
	p := f.open(t)
	p.send(`[{"key":1,"window":100}]`)
	p.collect(1, func(s *said) bool { return len(s.parts) == 2 })
	p.quiet()
	p.take(1, 2, 100)
	p.collect(1, func(s *said) bool { return len(s.parts) == 1 })
	p.quiet()
	p.take(1, 3, 100)
	wantSaid(t, p.collect(1, nil), `{"key":1,"data":4}`, `"d"`)
}

// Bytes are cut into chunks that fit the credit.
func TestStreamBytes(t *testing.T) {
	data := pattern(1 << 20)
	f := serve(t, streamer(server.Bytes(data)), nil)
	p := f.open(t)
	const window = 100_000
	p.send(fmt.Sprintf(`[{"key":1,"window":%d}]`, window))
	s := &said{}
	told, sizes := 0, 0
	for s.reply == "" {
		before := len(s.bytes)
		if p.readInto(1, s); len(s.bytes) == before {
			continue
		}
		if n := len(s.bytes) - before; n > 64<<10 {
			t.Errorf("a chunk of %d bytes", n)
		}
		if len(s.bytes)-told > window {
			t.Fatalf("%d bytes were sent, beyond the window", len(s.bytes)-told)
		}
		if sizes++; len(s.bytes)-told >= window/2 {
			told = len(s.bytes)
			p.take(1, len(s.parts), window)
		}
	}
	if !bytes.Equal(s.bytes, data) || s.reply != `{"key":1,"data":1}` {
		t.Errorf("%d bytes, %s", len(s.bytes), s.reply)
	}
}

// A million small parts, in few frames.
func TestStreamMany(t *testing.T) {
	const n = 100_000
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		for i := range n {
			if err := r.Send(i); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1,"window":100000}]`)
	s := &said{}
	for acked, took := 0, 0; s.reply == ""; {
		p.readInto(1, s)
		if len(s.parts)-took > 1000 {
			took = len(s.parts)
			p.take(1, took, 100000)
		}
		if s.all-acked > 1000 {
			acked = s.all
			p.send(fmt.Sprintf(`[{"ack":%d}]`, acked))
		}
	}
	if len(s.parts) != n {
		t.Fatalf("%d parts", len(s.parts))
	}
	for i, part := range s.parts {
		if part != fmt.Sprint(i) {
			t.Fatalf("part %d is %s", i, part)
		}
	}
	p.send(fmt.Sprintf(`[{"ack":%d},{"key":2,"data":1}]`, n+1))
	p.want(`{"key":2,"data":null}`)
}

// A cancel ends the stream at once, whether the handler waits or not.
func TestStreamCancel(t *testing.T) {
	ended := make(chan error, 1)
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		for {
			if err := r.Send("x"); err != nil {
				ended <- err
				if !errors.Is(context.Cause(ctx), err) {
					t.Error(context.Cause(ctx))
				}
				return nil, err
			}
		}
	}, nil)
	p := f.open(t)
	for key, window := range []int{10, 1 << 20} {
		p.send(fmt.Sprintf(`[{"key":%d,"window":%d}]`, key+1, window))
		p.next()
		p.send(fmt.Sprintf(`[{"cancel":%d}]`, key+1))
		if err := <-ended; err != server.ErrCanceled {
			t.Error(err)
		}
		for p.send("ping"); p.mustFrame() != "pong"; {
		}
		p.quiet()
	}
	p.send(`[{"key":3,"window":1000}]`)
	f.cut(p)
	f.open(t) // begins anew
	if err := <-ended; err != server.ErrDisconnected {
		t.Error(err)
	}
}

// What can't be encoded is the handler's business; what comes after its end is
// nobody's.
func TestStreamMisuse(t *testing.T) {
	left := make(chan *server.Request, 1)
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		if err := r.Send(make(chan int)); err == nil {
			t.Error("no error")
		}
		left <- r
		return 1, r.Send(2)
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1,"window":1000}]`)
	wantSaid(t, p.collect(1, nil), `{"key":1,"data":1}`, "2")
	r := <-left
	for err := error(nil); err != server.ErrDone; {
		err = r.Send(3)
	}
	p.quiet()
}

// A handler whose connection breaks goes on, and its parts arrive by the next
// one, each once; what the client takes reaches it.
func TestStreamResume(t *testing.T) {
	const n = 3000
	part := strings.Repeat("x", 1000)
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		for i := range n {
			if err := r.Send(fmt.Sprint(i, part)); err != nil {
				return nil, err
			}
		}
		return n, nil
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1,"window":100000}]`)
	s := &said{}
	for round := 0; s.reply == ""; round++ {
		for stop := s.all + 217*(round%5); s.all < stop && s.reply == ""; {
			p.readInto(1, s)
			p.take(1, len(s.parts), 100000)
		}
		if round > 20 || s.reply != "" {
			continue
		}
		if round%3 == 0 {
			f.cut(p)
		}
		ack := s.all
		old := p
		p = f.dial(t, protocol.Subprotocol)
		p.send("[" + resume(session, ack) + "]")
		acked := p.welcomed(t)
		old.conn.CloseNow()
		p.send(fmt.Sprintf(`[{"key":1,"window":100000},{"key":1,"taken":%d,"window":100000}]`, len(s.parts)))
		for skip := ack - acked; skip > 0; { // the server repeats whole frames
			again := &said{}
			p.readInto(1, again)
			if skip -= again.all; skip < 0 {
				s.parts = append(s.parts, again.parts[len(again.parts)+skip:]...)
				s.all -= skip
			}
		}
		if round > 20 {
			break
		}
	}
	for s.reply == "" {
		p.readInto(1, s)
		p.take(1, len(s.parts), 100000)
	}
	if len(s.parts) != n {
		t.Fatalf("%d parts, %s", len(s.parts), s.reply)
	}
	for i, got := range s.parts {
		if got != fmt.Sprintf(`"%d%s"`, i, part) {
			t.Fatalf("part %d is %.20s", i, got)
		}
	}
}

// A large reply goes in pieces to a client that reads binary frames.
func TestLargeReply(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		return strings.Repeat("x", 1_000_000), nil
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1}]`)
	if got := p.next(); len(got) != 1_000_019 {
		t.Errorf("%d bytes", len(got))
	}
	for key := 2; key < 4; key++ {
		if key == 2 {
			p.send(`[{"key":2,"window":10}]`)
		} else {
			p.send(`[{"key":3}]`)
		}
		p.want(fmt.Sprintf(`{"key":%d,"text":1000002}`, key))
		s := p.collect(key, func(s *said) bool { return len(s.bytes) == 1_000_002 })
		if string(s.bytes) != `"`+strings.Repeat("x", 1_000_000)+`"` {
			t.Errorf("%.20s", s.bytes)
		}
		p.quiet()
	}
	p.send(`[{"ack":33}]`) // 1, and twice 16 pieces
	p.quiet()
	p.send(`[{"ack":34}]`)
	p.closed(protocol.CloseBadMessage)
}
