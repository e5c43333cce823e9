package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// fill is a frame of exactly so many bytes.
func fill(key, size int) string {
	frame := fmt.Sprintf(`[{"key":%d,"data":""}]`, key)
	return strings.Replace(frame, `""`, `"`+strings.Repeat("x", size-len(frame))+`"`, 1)
}

func TestLargestFrame(t *testing.T) {
	for _, limit := range []int{protocol.FirstFrame, server.DefaultMaxFrame} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			f := serve(t, echo, &server.Options{MaxFrame: limit})
			p := f.open(t)
			frame := fill(1, limit)
			p.send(frame)
			p.want(frame[1 : len(frame)-1])
			p.send(fill(2, limit+1))
			if reason := p.closed(protocol.CloseTooLarge); !strings.Contains(reason, fmt.Sprint(limit)) {
				t.Errorf("reason: %s", reason)
			}
		})
	}
}

// The limit holds for what comes in fragments as well.
func TestLargestFragmentedFrame(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxFrame: protocol.FirstFrame})
	p := f.open(t)
	for extra := range 2 {
		w, err := p.conn.Writer(t.Context(), websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		frame := fill(1, protocol.FirstFrame+extra)
		for len(frame) > 0 {
			n := min(1000, len(frame))
			if _, err := w.Write([]byte(frame[:n])); err != nil {
				t.Fatal(err)
			}
			frame = frame[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if extra == 0 {
			p.next()
		}
	}
	p.closed(protocol.CloseTooLarge)
}

func TestRequestsInFlight(t *testing.T) {
	stop := make(chan struct{})
	f := serve(t, func(context.Context, *server.Request) (any, error) { <-stop; return 1, nil },
		&server.Options{MaxRequests: 64})
	p := f.open(t)
	var frame strings.Builder
	for i := range 66 {
		fmt.Fprintf(&frame, `,{"key":%d}`, i+1)
	}
	p.send("[" + frame.String()[1:] + "]")
	const refused = `,"refused":{"code":"overloaded","message":"64 requests are in flight, the limit of this connection","after":N}}`
	p.wantAfter(50, 150, `{"key":65`+refused, `{"key":66`+refused)
	close(stop)
	for range 64 {
		if got := p.next(); !strings.HasSuffix(got, `"data":1}`) {
			t.Errorf("got %s", got)
		}
	}
	p.send(`[{"key":67}]`) // there is room again
	p.want(`{"key":67,"data":1}`)
}

// A client whose calls are answered may make the next call at once, at the
// limit as well: a reply must not leave before its place is free.
func TestPlaceIsFreeBeforeReply(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxRequests: 64})
	p := f.open(t)
	key, inFlight := 0, 0
	for key < 20_000 {
		var frame strings.Builder
		for ; inFlight < 64; inFlight++ {
			key++
			fmt.Fprintf(&frame, `,{"key":%d,"data":1}`, key)
		}
		p.send("[" + frame.String()[1:] + "]")
		for first := true; first || len(p.msgs) > 0; first = false {
			if got := p.next(); strings.Contains(got, "refused") {
				t.Fatalf("got %s", got)
			}
			inFlight--
		}
	}
}

// The bytes of requests in flight are bounded, and a single request may always
// be as large as a frame.
func TestBytesInFlight(t *testing.T) {
	const limit = 4 << 20 // the least that is allowed
	stop := make(chan struct{})
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) { <-stop; return len(r.Data), nil },
		&server.Options{MaxBuffered: limit, MaxFrame: limit + 1000})
	p := f.open(t)
	p.send(fill(1, limit-100_000))
	p.send(fill(2, 200_000))
	p.wantAfter(50, 150, `{"key":2,"refused":{"code":"overloaded","message":"the requests in flight would exceed 4194304 bytes, the limit of this connection","after":N}}`)
	p.send(fill(3, 50_000))
	p.send("ping")
	if got := p.mustFrame(); got != "pong" {
		t.Errorf("got %s", got)
	}
	close(stop)
	p.next()
	p.next()
	p.send(fill(4, limit+1000))
	if got := p.next(); !strings.HasPrefix(got, `{"key":4,"data":4`) {
		t.Errorf("a single large request: %s", got)
	}
}

func TestDepth(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	p.send(`[{"key":1,"data":` + nest(protocol.MaxDepth) + `},{"key":2,"data":` + nest(protocol.MaxDepth+1) + `}]`)
	got := map[string]bool{p.next(): true, p.next(): true}
	if !got[`{"key":1,"data":`+nest(protocol.MaxDepth)+`}`] ||
		!got[`{"key":2,"refused":{"code":"invalid","message":"the data nests deeper than 512 levels"}}`] {
		t.Errorf("got %v", got)
	}
	p.send(`[{"key":3,"data":` + nest(500_000) + `}]`) // a million bytes of nesting
	p.want(`{"key":3,"refused":{"code":"invalid","message":"the data nests deeper than 512 levels"}}`)
}

// A frame of a megabyte of requests that are all refused costs no more memory
// than MaxBuffered, and the client that reads on gets every refusal.
func TestManyRefusals(t *testing.T) {
	stop := make(chan struct{})
	f := serve(t, func(context.Context, *server.Request) (any, error) { <-stop; return 1, nil },
		&server.Options{MaxRequests: 64})
	p := f.open(t)
	const n = 20_000
	p.send(requests(1, n))
	for i := range n - 64 {
		if got := p.next(); !strings.HasPrefix(got, fmt.Sprintf(`{"key":%d,"refused":{"code":"overloaded"`, i+65)) {
			t.Fatalf("refusal %d: %s", i, got)
		}
	}
	close(stop)
	for range 64 {
		p.next()
	}
}

func TestConnections(t *testing.T) {
	f := serve(t, echo, &server.Options{MaxConnections: 2})
	first := f.open(t)
	f.dial(t) // plain mode counts too
	f.dial(t, protocol.Subprotocol).closed(protocol.CloseTryLater)
	_, resp, err := websocket.Dial(t.Context(), f.url, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one too many in plain mode: %v", err)
	}
	first.conn.Close(1000, "")
	for { // the place is free once the server's goroutine has ended
		conn, _, err := websocket.Dial(t.Context(), f.url, nil)
		if err == nil {
			conn.CloseNow()
			return
		}
	}
}

// A connection whose handlers go on in spite of their context counts, or else
// connecting again and again would let a client start any number of them.
func TestHandlersOfTheGoneCount(t *testing.T) {
	stop := make(chan struct{})
	ended := make(chan struct{})
	f := serve(t, func(ctx context.Context, _ *server.Request) (any, error) {
		<-ctx.Done()
		close(ended)
		<-stop
		return nil, nil
	}, &server.Options{MaxConnections: 1, Sessions: server.NewMemoryStore(&server.MemoryStoreOptions{Keep: time.Millisecond})})
	p := f.open(t)
	p.send(`[{"key":1}]`)
	p.conn.CloseNow()
	<-ended
	f.dial(t, protocol.Subprotocol).closed(protocol.CloseTryLater)
	close(stop)
}

func TestOptionsThatCannotWork(t *testing.T) {
	for want, opts := range map[string]server.Options{
		"MaxFrame is 1 and must be at least 65536":        {MaxFrame: 1},
		"MaxRequests is 63 and must be at least 64":       {MaxRequests: 63},
		"MaxBuffered is 1 and must be at least 4194304":   {MaxBuffered: 1},
		"MaxConnections is -1 and must be at least 0":     {MaxConnections: -1},
		"IdleTimeout is -1ns and must be at least 1ms":    {IdleTimeout: -1},
		"WriteTimeout is -1ns and must be at least 1ms":   {WriteTimeout: -1},
		"Heartbeat is 2m0s and must be shorter":           {Heartbeat: 120e9},
		`has "example.com", which is no origin such as`:   {Origins: []string{"example.com"}},
		`has "https://a.example/", which is no origin`:    {Origins: []string{"https://a.example/"}},
		`has "https://a.example:x", which is no origin s`: {Origins: []string{"https://a.example:x"}},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("%+v: panic %q, want %q", opts, got, want)
				}
			}()
			server.New(server.HandlerFunc(echo), &opts)
		}()
	}
	defer func() {
		if recover() == nil {
			t.Error("New takes no handler")
		}
	}()
	server.New(nil, nil)
}
