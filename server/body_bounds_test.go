package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

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
