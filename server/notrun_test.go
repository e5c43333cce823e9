package server_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A caller learns that nothing has run, also through what is wrapped around a
// Mux; what a handler returns has run, whatever it calls itself.
func TestNoHandlerTellsThatNothingRan(t *testing.T) {
	inner := server.NewMux()
	inner.Member = "method"
	mux := server.NewMux()
	mux.Handle("inner", inner)
	mux.HandleFunc("a", func(context.Context, *server.Request) (any, error) {
		return nil, &server.Error{Code: "not_found", Message: "no such item"}
	})
	own := &server.Mux{NotFound: server.HandlerFunc(func(context.Context, *server.Request) (any, error) {
		return nil, &server.Error{Code: "not_found", Message: "mine"}
	})}
	mux.Handle("own", own)
	f := serve(t, func(ctx context.Context, r *server.Request) (any, error) {
		reply, err := mux.ServeCall(ctx, r)
		if err != nil {
			err = fmt.Errorf("seen: %w", err)
		}
		return reply, err
	}, nil)

	p := f.open(t)
	for i, tt := range []struct{ data, want string }{
		{`{"api":"b"}`, `{"code":"not_found","message":"unknown api \"b\"","executed":false}`},
		{`7`, `{"code":"not_found","message":"the data has no string \"api\" that names a handler","executed":false}`},
		{`{"api":"inner","method":"c"}`, `{"code":"not_found","message":"unknown method \"c\"","executed":false}`},
		{`{"api":"a"}`, `{"code":"not_found","message":"no such item"}`},
		{`{"api":"own"}`, `{"code":"not_found","message":"mine"}`},
	} {
		p.send(fmt.Sprintf(`[{"key":%d,"data":%s}]`, i+1, tt.data))
		p.want(fmt.Sprintf(`{"key":%d,"error":%s}`, i+1, tt.want))
	}

	// It is kept like every outcome.
	p.conn.CloseNow()
	p = f.dial(t, protocol.Subprotocol)
	p.send(`[{"hello":{"session":"` + session + `","resume":true,"ack":1}}]`)
	p.next()
	p.want(`{"key":2,"error":{"code":"not_found","message":"the data has no string \"api\" that names a handler","executed":false}}`)

	// In plain mode no outcome is kept, and a refusal says the same.
	p = f.dial(t)
	p.send(`{"key":"k","api":"b"}`)
	if got := p.mustFrame(); got != `{"key":"k","refused":{"code":"not_found","message":"unknown api \"b\""}}` {
		t.Error(got)
	}
	p.send(`{"key":"k","api":"a"}`)
	if got := p.mustFrame(); got != `{"key":"k","error":{"code":"not_found","message":"no such item"}}` {
		t.Error(got)
	}
}
