package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func TestPlain(t *testing.T) {
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		var in struct {
			Fail   bool
			Answer json.RawMessage
		}
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		if in.Fail {
			return nil, &server.Error{Code: "c", Message: "m", Data: 1}
		}
		if in.Answer == nil {
			return r.Data, nil
		}
		return in.Answer, nil
	}, nil)
	p := f.dial(t)
	if got := p.conn.Subprotocol(); got != "" {
		t.Errorf("subprotocol %q", got)
	}
	for _, tt := range []struct{ send, want string }{
		{`{"key":"a1","api":"x"}`, `{"key":"a1","api":"x"}`},
		{` {"api":"x", "key" : 7 } `, `{"api":"x", "key" : 7 }`},
		{`{"key":"k\u0065y","answer":{}}`, `{"key":"k\u0065y"}`},
		{`{"key":1,"answer":{"a":1,"b":[{"key":2}]}}`, `{"key":1,"a":1,"b":[{"key":2}]}`},
		{`{"key":1,"answer":{"key":"other","a":"}"}}`, `{"key":1,"a":"}"}`},
		{`{"key":1,"answer":{"a":1,"key":1,"k\u0065y":3}}`, `{"key":1,"a":1}`},
		{`{"key":1,"answer":[1]}`, `{"key":1,"data":[1]}`},
		{`{"key":1,"answer":null}`, `{"key":1,"data":null}`},
		{`{"key":1,"answer":"s"}`, `{"key":1,"data":"s"}`},
		{`{"key":-1.5e3,"answer":true}`, `{"key":-1.5e3,"data":true}`},
		{`{"key":1,"key":"last","answer":2}`, `{"key":"last","data":2}`},
		{`{"key":1,"fail":true}`, `{"key":1,"error":{"code":"c","message":"m","data":1}}`},
		{`{"api":"x"}`, `{"error":{"code":"invalid","message":"the object has no key that is a string or a number"}}`},
		{`{}`, `{"error":{"code":"invalid","message":"the object has no key that is a string or a number"}}`},
		{`{"key":null}`, `{"error":{"code":"invalid","message":"the object has no key that is a string or a number"}}`},
		{`{"key":{"a":1}}`, `{"error":{"code":"invalid","message":"the object has no key that is a string or a number"}}`},
		{`{"key":1,"a":` + strings.Repeat("[", 512) + strings.Repeat("]", 512) + `}`,
			`{"key":1,"refused":{"code":"invalid","message":"the data nests deeper than 512 levels"}}`},
		{`ping`, `pong`},
	} {
		p.send(tt.send)
		if got := p.mustFrame(); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.send, got, tt.want)
		}
	}
}

func TestPlainErrors(t *testing.T) {
	for frame, code := range map[string]protocol.CloseCode{
		`[]`: 4400, `7`: 4400, `hello`: 4400, ``: 4400, `{"key":1`: 4400, `{"key":1} {}`: 4400,
		"{\"key\":\"\xff\"}": 1007,
	} {
		f := serve(t, echo, nil)
		p := f.dial(t)
		p.send(frame)
		p.closed(code)
	}
}

// 7 and "7" are one key.
func TestPlainKeyInFlight(t *testing.T) {
	stop := make(chan struct{})
	f := serve(t, func(context.Context, *server.Request) (any, error) { <-stop; return 1, nil }, nil)
	p := f.dial(t)
	p.send(`{"key":7}`)
	p.send(`{"key":"7"}`)
	if got := p.mustFrame(); got != `{"key":"7","refused":{"code":"invalid","message":"the key is in flight already: use each key once"}}` {
		t.Errorf("got %s", got)
	}
	close(stop)
	if got := p.mustFrame(); got != `{"key":7,"data":1}` {
		t.Errorf("got %s", got)
	}
}

func TestPlainConcurrent(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.dial(t)
	const n = 500
	for i := range n {
		p.send(fmt.Sprintf(`{"key":"%d","n":%d}`, i, i))
	}
	seen := map[string]bool{}
	for range n {
		var reply struct {
			Key string
			N   int
		}
		if err := json.Unmarshal([]byte(p.mustFrame()), &reply); err != nil || reply.Key != fmt.Sprint(reply.N) {
			t.Fatalf("reply %+v: %v", reply, err)
		}
		seen[reply.Key] = true
	}
	if len(seen) != n {
		t.Errorf("%d of %d were answered", len(seen), n)
	}
}
