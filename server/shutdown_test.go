package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func TestShutdownDrains(t *testing.T) {
	g := newGated(`"a"`, `"b"`)
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"a"},{"key":2,"data":"b"}]`)
	<-g.started
	<-g.started
	idle, plain, mute := f.openAs(t, sessionID(1)), f.dial(t), f.dial(t, protocol.Subprotocol)
	plain.send("ping")
	plain.mustFrame() // it is there

	done := make(chan error)
	go func() { done <- f.Shutdown(context.Background()) }()
	for _, p := range []*peer{idle, plain, mute} {
		p.closed(protocol.CloseRestart)
	}
	p.send(`[{"key":3}]`)
	p.want(`{"key":3,"refused":{"code":"overloaded","message":"the server shuts down","after":1000}}`)
	f.dial(t, protocol.Subprotocol).closed(protocol.CloseRestart)
	if _, resp, err := websocket.Dial(t.Context(), f.url, nil); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new connection: %v", err)
	}
	g.release[`"b"`] <- nil
	p.want(`{"key":2,"data":"b"}`)
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v while a handler runs", err)
	default:
	}
	g.release[`"a"`] <- nil
	p.want(`{"key":1,"data":"a"}`)
	if reason := p.closed(protocol.CloseRestart); !strings.Contains(reason, "connect again") {
		t.Errorf("reason %q", reason)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := f.Shutdown(context.Background()); err != nil { // again is harmless
		t.Error(err)
	}
}

func TestShutdownGivesUp(t *testing.T) {
	g := newGated()
	f := serve(t, g.ServeCall, nil)
	p := f.open(t)
	p.send(`[{"key":1}]`)
	<-g.started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Shutdown(ctx); err != context.Canceled {
		t.Errorf("Shutdown: %v", err)
	}
	if cause := <-g.ended; cause != server.ErrShutdown {
		t.Errorf("the cause is %v", cause)
	}
	p.closed(protocol.CloseRestart)
}

func TestShutdownOfNothing(t *testing.T) {
	s := server.New(server.HandlerFunc(echo), nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// The last reply leaves before the close, however close they are. In plain mode
// there is no second chance.
func TestShutdownSendsTheLastReply(t *testing.T) {
	for i := range 60 {
		t.Run("", func(t *testing.T) {
			g := newGated(`1`)
			f := serve(t, g.ServeCall, nil)
			p := f.open(t)
			request, reply := `[{"key":1,"data":1}]`, `[{"key":1,"data":1}]`
			if i%2 == 0 {
				p = f.dial(t)
				request, reply = `{"key":1}`, `{"key":1}`
				g.release[request] = g.release[`1`]
			}
			p.send(request)
			<-g.started
			go f.Shutdown(t.Context())
			g.release[`1`] <- nil
			if got := p.mustFrame(); got != reply {
				t.Errorf("got %s", got)
			}
			p.closed(protocol.CloseRestart)
		})
	}
}
