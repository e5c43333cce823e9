package server_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// endless streams until its caller is gone.
func endless(ended chan<- error, part any) server.HandlerFunc {
	return func(_ context.Context, r *server.Request) (any, error) {
		for {
			if err := r.Send(part); err != nil {
				ended <- err
				return nil, err
			}
		}
	}
}

// A handler is hardly ahead of a client that is away, and ends when that is
// forgotten.
func TestStreamAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		store := server.NewMemoryStore(nil)
		f, l, stop := pipes(t, endless(ended, server.Bytes(pattern(1000))), server.Options{Sessions: store})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		p.next()
		p.send(`[{"key":1,"window":1000000000}]`)
		p.next()
		p.conn.CloseNow()
		synctest.Wait()
		if now := store.Stats(); now.Waiting != 1 || now.Bytes < 50_000 || now.Bytes > 1<<20 {
			t.Errorf("%+v", now)
		}
		if n := f.Stats().Buffered; n > 1<<20 {
			t.Errorf("%d bytes are buffered", n)
		}
		if err := <-ended; err != server.ErrDisconnected { // 2 minutes later
			t.Error(err)
		}
	})
}

// A stream goes on where a client comes back that has read nothing.
func TestStreamNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		f, l, stop := pipes(t, endless(ended, strings.Repeat("x", 500)), server.Options{})
		defer stop()
		conn := f.rawPipe(t, l, protocol.Subprotocol)
		conn.Write(rawFrame(opText, []byte("["+hello+`,{"key":1,"window":1000000000}]`)))
		synctest.Wait() // nobody reads
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + resume(session, 0) + "]")
		p.welcomed(t)
		s := p.collect(1, func(s *said) bool { return s.all >= 100 })
		p.send(fmt.Sprintf(`[{"cancel":1},{"ack":%d}]`, s.all))
		if err := <-ended; err != server.ErrCanceled {
			t.Error(err)
		}
		p.conn.CloseNow()
		conn.Close()
	})
}

// Shutdown waits for streams and sends what they have sent; when it gives up, it
// ends them.
func TestStreamShutdown(t *testing.T) {
	f := serve(t, streamer(1, 2, 3), nil)
	p := f.open(t)
	p.send(`[{"key":1,"window":1}]`)
	p.next()
	done := make(chan error)
	go func() { done <- f.Shutdown(context.Background()) }()
	s := &said{parts: []string{"1"}}
	for s.reply == "" {
		p.take(1, len(s.parts), 1)
		p.readInto(1, s)
	}
	wantSaid(t, s, `{"key":1,"data":3}`, "1", "2", "3")
	p.closed(protocol.CloseRestart)
	if err := <-done; err != nil {
		t.Error(err)
	}

	for _, away := range []bool{false, true} {
		ended := make(chan error, 1)
		f := serve(t, endless(ended, server.Bytes(pattern(10_000))), nil)
		p := f.open(t)
		p.send(`[{"key":1,"window":10000000}]`)
		p.next()
		if away {
			f.cut(p)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f.Shutdown(ctx); err != context.Canceled {
			t.Error(err)
		}
		if err := <-ended; err != server.ErrShutdown && err != server.ErrDisconnected {
			t.Error(err)
		}
		if !away {
			p.closed(protocol.CloseRestart)
		}
	}
}

// With a Rate, parts that are of use are not counted; those that are of none are.
func TestPartsAndRate(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		n, err := io.Copy(io.Discard, r.Body)
		return n, err
	}, &server.Options{Rate: 100})
	p := f.open(t)
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	s := &said{}
	const n = 30_000
	for from := 0; from < n; from += 100 {
		var frame strings.Builder
		for i := range 100 {
			fmt.Fprintf(&frame, `,{"key":1,"from":%d,"chunk":1}`, from+i)
		}
		p.sendBytes("["+frame.String()[1:]+"]", strings.Repeat("x", 100))
		for s.taken+50_000 < from {
			p.readInto(1, s)
		}
	}
	p.send(`[{"key":1,"end":true}]`)
	for s.reply == "" {
		p.readInto(1, s)
	}
	if s.reply != fmt.Sprintf(`{"key":1,"data":%d}`, n) {
		t.Errorf("got %s", s.reply)
	}
	p.send("[" + strings.Repeat(`{"key":9,"taken":1,"window":1},`, 20_000) + "{}]")
	p.closed(protocol.ClosePolicy)
}

func TestDeepPart(t *testing.T) {
	f := serve(t, gather, nil)
	p := f.open(t)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for key, n := range []int{protocol.MaxDepth, protocol.MaxDepth + 1} {
		p.send(fmt.Sprintf(`[{"key":%d,"open":true},{"key":%d,"from":0,"parts":[1,%s]},{"key":%d,"end":true}]`, key+1, key+1, deep(n), key+1))
		reply := p.collect(key+1, nil).reply
		if got := strings.Contains(reply, "nests deeper"); got != (n > protocol.MaxDepth) {
			t.Errorf("%d: %.100s", n, reply)
		}
	}
}
