package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/server"
)

// gated is a handler that waits to be let go, by its data: each request gets a
// channel. It reports how a context ended.
type gated struct {
	started chan string           // the data of each request as it starts
	release map[string]chan error // what ends it, by data
	ended   chan error            // the cause of each context that ended first
}

func newGated(names ...string) *gated {
	g := &gated{started: make(chan string, 10_000), release: make(map[string]chan error), ended: make(chan error, 10_000)}
	for _, name := range names {
		g.release[name] = make(chan error, 1)
	}
	return g
}

func (g *gated) ServeCall(ctx context.Context, r *server.Request) (any, error) {
	g.started <- string(r.Data)
	select {
	case err := <-g.release[string(r.Data)]:
		return r.Data, err
	case <-ctx.Done():
		g.ended <- context.Cause(ctx)
		return r.Data, nil
	}
}

func TestRepliesInAnyOrder(t *testing.T) {
	g := newGated(`"a"`, `"b"`, `"c"`)
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"},{"key":3,"data":"c"}]`)
	for _, next := range []string{`{"key":3,"data":"c"}`, `{"key":1,"data":"a"}`, `{"key":2,"data":"b"}`} {
		_, data, _ := strings.Cut(next, `"data":`)
		g.release[strings.TrimSuffix(data, "}")] <- nil
		p.want(next)
	}
}

// A slow handler holds up nothing else.
func TestThousandConcurrent(t *testing.T) {
	const n = 1000
	all := make(chan struct{})
	running := make(chan struct{}, n)
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		running <- struct{}{}
		<-all // returns only when all run
		return r.Data, nil
	}, nil)
	p := f.open(t)
	var frame strings.Builder
	for i := range n {
		fmt.Fprintf(&frame, `,{"key":%d,"data":%d}`, i+1, i*i)
	}
	p.send("[" + frame.String()[1:] + "]")
	for range n {
		<-running
	}
	close(all)
	var keys []int
	for range n {
		var reply struct{ Key, Data int }
		if err := json.Unmarshal([]byte(p.next()), &reply); err != nil {
			t.Fatal(err)
		}
		if reply.Data != (reply.Key-1)*(reply.Key-1) {
			t.Fatalf("key %d has the reply %d", reply.Key, reply.Data)
		}
		keys = append(keys, reply.Key)
	}
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) != n {
		t.Errorf("%d of %d were answered", len(keys), n)
	}
}

func TestRepliesShareFrames(t *testing.T) {
	const n, rounds = 64, 50
	f := serve(t, echo, nil)
	p := f.open(t)
	frames := 0
	for i := range rounds {
		p.send(requests(1+i*n, n))
		for got := 0; got < n; frames++ {
			got += strings.Count(p.mustFrame(), `"key"`)
		}
	}
	t.Logf("%.1f frames for %d replies", float64(frames)/rounds, n)
	if frames > rounds*n/4 {
		t.Errorf("%d frames for %d replies: they are not put together", frames, rounds*n)
	}
}

func TestCancel(t *testing.T) {
	g := newGated(`"b"`)
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	<-g.started
	<-g.started
	p.send(`[{"cancel":1},{"cancel":1}]`)
	if cause := <-g.ended; cause != server.ErrCanceled {
		t.Errorf("the cause is %v", cause)
	}
	g.release[`"b"`] <- nil
	p.want(`{"key":2,"data":"b"}`)
	p.send("ping")
	if got := p.mustFrame(); got != "pong" {
		t.Errorf("a cancelled request was answered with %s", got)
	}
}

// A cancelled request whose handler still runs counts, or else cancels would
// let a client start any number of handlers.
func TestCanceledStillCounts(t *testing.T) {
	stop := make(chan struct{})
	started := make(chan struct{}, 100)
	f := serve(t, func(context.Context, *server.Request) (any, error) {
		started <- struct{}{}
		<-stop // in spite of ctx
		return 1, nil
	}, &server.Options{MaxRequests: 64})
	p := f.open(t)
	for i := range 64 {
		p.send(fmt.Sprintf(`[{"key":%d},{"cancel":%d}]`, i+1, i+1))
		<-started
	}
	p.send(`[{"key":65}]`)
	p.wantAfter(50, 150, `{"key":65,"refused":{"code":"overloaded","message":"64 requests are in flight, the limit of this connection","after":N}}`)
	close(stop)
}

func TestDisconnectCancels(t *testing.T) {
	for name, leave := range map[string]func(*websocket.Conn){
		"close": func(c *websocket.Conn) { c.Close(1000, "") },
		"cut":   func(c *websocket.Conn) { c.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGated()
			f := serve(t, g.ServeCall, nil)
			p := f.dial(t) // plain mode has no session that could go on
			p.send(`{"key":1}`)
			p.send(`{"key":2}`)
			<-g.started
			<-g.started
			leave(p.conn)
			for range 2 {
				if cause := <-g.ended; cause != server.ErrDisconnected {
					t.Errorf("the cause is %v", cause)
				}
			}
		})
	}
}

// What a handler leaves behind sees the end of its context.
func TestContextEndsWithHandler(t *testing.T) {
	after := make(chan error, 1)
	f := serve(t, func(ctx context.Context, _ *server.Request) (any, error) {
		context.AfterFunc(ctx, func() { after <- context.Cause(ctx) })
		return nil, nil
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1}]`)
	p.want(`{"key":1,"data":null}`)
	if cause := <-after; cause != server.ErrDone {
		t.Errorf("the cause is %v", cause)
	}
}

// cyclic is a value that json.Marshal panics on rather than return an error.
type cyclic struct{}

func (cyclic) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }

type badUTF8 struct{}

func (badUTF8) MarshalJSON() ([]byte, error) { return []byte("\"\xff\""), nil }

func TestOutcomes(t *testing.T) {
	const internal = `"error":{"code":"internal","message":"internal error"}`
	for _, tt := range []struct {
		name    string
		handler server.HandlerFunc
		want    string // after the key
		log     string
	}{
		{"nil", func(context.Context, *server.Request) (any, error) { return nil, nil }, `"data":null`, ""},
		{"struct", func(context.Context, *server.Request) (any, error) { return struct{ A int }{1}, nil }, `"data":{"A":1}`, ""},
		{"raw", func(context.Context, *server.Request) (any, error) { return json.RawMessage(` [1 ] `), nil }, `"data": [1 ] `, ""},
		{"nil raw", func(context.Context, *server.Request) (any, error) { return json.RawMessage(nil), nil }, `"data":null`, ""},
		{"broken raw", func(context.Context, *server.Request) (any, error) { return json.RawMessage(`{"secret":`), nil }, internal, "is not JSON"},
		{"two raw", func(context.Context, *server.Request) (any, error) { return json.RawMessage(`1,2`), nil }, internal, "is not JSON"},
		{"raw of bad UTF-8", func(context.Context, *server.Request) (any, error) { return json.RawMessage("\"\xff\""), nil }, internal, "not JSON in UTF-8"},
		{"Marshaler of bad UTF-8", func(context.Context, *server.Request) (any, error) { return badUTF8{}, nil }, internal, "not UTF-8"},
		{"no JSON", func(context.Context, *server.Request) (any, error) { return make(chan int), nil }, internal, "unsupported type"},
		{"Error", func(context.Context, *server.Request) (any, error) {
			return nil, &server.Error{Code: "out_of_tea", Message: "no <tea> left", Data: map[string]int{"cups": 0}}
		}, `"error":{"code":"out_of_tea","message":"no <tea> left","data":{"cups":0}}`, ""},
		{"wrapped Error", func(context.Context, *server.Request) (any, error) {
			return nil, fmt.Errorf("secret: %w", &server.Error{Message: "m"})
		}, `"error":{"code":"error","message":"m"}`, ""},
		{"Error with bad data", func(context.Context, *server.Request) (any, error) {
			return nil, &server.Error{Code: "c", Data: make(chan int)}
		}, internal, "unsupported type"},
		{"other error", func(context.Context, *server.Request) (any, error) { return nil, errors.New("secret") }, internal, "secret"},
		{"data and error", func(context.Context, *server.Request) (any, error) { return 1, errors.New("secret") }, internal, "secret"},
		{"panic", func(context.Context, *server.Request) (any, error) { panic("secret") }, internal, "TestOutcomes"},
		{"panic of nil", func(context.Context, *server.Request) (any, error) { panic(nil) }, internal, "panic called with nil"},
		{"panic in encoding", func(context.Context, *server.Request) (any, error) { return cyclic{}, nil }, internal, "in MarshalJSON"},
		{"Goexit", func(context.Context, *server.Request) (any, error) { runtime.Goexit(); return nil, nil }, internal, "Goexit"},
		{"Decode", func(_ context.Context, r *server.Request) (any, error) {
			var v struct {
				A struct {
					B int `json:"b"`
				} `json:"a"`
			}
			return nil, r.Decode(&v)
		}, `"error":{"code":"bad_request","message":"the data is not what this call takes: \"a.b\" must not be a string"}`, ""},
		{"Func", server.Func(func(_ context.Context, in []int) (int, error) { return len(in), nil }).ServeCall,
			`"error":{"code":"bad_request","message":"the data is not what this call takes: the data must not be an object"}`, ""},
		{"Decode's misuse", func(_ context.Context, r *server.Request) (any, error) { return nil, r.Decode(nil) }, internal, "Unmarshal(nil)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, tt.handler, nil)
			p := f.open(t)
			for key := range 2 { // the connection lives on
				p.send(fmt.Sprintf(`[{"key":%d,"data":{"a":{"b":"c"}}}]`, key+1))
				p.want(fmt.Sprintf(`{"key":%d,`, key+1) + tt.want + `}`)
			}
			switch text := f.log.String(); {
			case tt.log == "" && strings.Contains(text, "failed"):
				t.Errorf("logged: %s", text)
			case !strings.Contains(text, tt.log):
				t.Errorf("%q is not in the log: %s", tt.log, text)
			}
		})
	}
}

// A handler may keep its data and change it.
func TestDataIsTheHandlers(t *testing.T) {
	var kept []json.RawMessage
	next := make(chan struct{}, 1)
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		kept = append(kept, r.Data)
		_ = append(r.Data, "}}}}}}}}}}}}"...)
		next <- struct{}{}
		return nil, nil
	}, nil)
	p := f.open(t)
	for i := range 10 {
		p.send(fmt.Sprintf(`[{"key":%d,"data":"%d"}]`, i+1, i))
		p.next()
		<-next
	}
	for i, data := range kept {
		if want := fmt.Sprintf(`"%d"`, i); string(data) != want {
			t.Errorf("data %d has become %s", i, data)
		}
	}
}
