//go:build !js

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

func TestContract(t *testing.T) {
	contract.Run(t, func(t *testing.T, o contract.Options, f func(*contract.World)) {
		w, finish := socketWorld(t, Options{
			Plain:     o.Plain,
			Heartbeat: Heartbeat{After: o.After, Timeout: o.Timeout},
			Reconnect: soon,
		})
		defer finish()
		f(w)
	})
}

// socketWorld is a Client, and a server in which a test has the say.
func socketWorld(t *testing.T, opts Options) (w *contract.World, finish func()) {
	l := listen(t, opts.Plain)
	changes := make(chan contract.Change, 10_000)
	c := newClient(l.URL, &DialOptions{Options: opts, OnChange: func(c Change) {
		changes <- contract.Change{State: string(c.State), Code: c.Code, Cause: string(c.Cause), Reason: c.Reason}
	}})
	c.engine.Start()
	return &contract.World{
		T: t, Engine: c.engine, Opened: l.opened, Changes: changes,
		Request: func(data string, again bool, timeout time.Duration) contract.Pending {
			ctx, abort := context.WithCancel(t.Context())
			if timeout > 0 {
				ctx, abort = context.WithTimeout(t.Context(), timeout)
			}
			var opts []RequestOption
			if again {
				opts = append(opts, Idempotent())
			}
			outcome := make(chan string, 1)
			before := c.Stats().Pending
			go func() { outcome <- c.told(ctx, data, opts) }()
			for c.Stats().Pending == before && len(outcome) == 0 {
				runtime.Gosched()
			}
			return contract.Pending{Outcome: outcome, Abort: abort}
		},
		Refuse: func(yes bool) {
			l.refuse.Store(yes)
			if yes {
				c.Reconnect()
			}
		},
	}, func() { c.Close() }
}

func (c *Client) told(ctx context.Context, data string, opts []RequestOption) string {
	var reply json.RawMessage
	err := c.Request(ctx, json.RawMessage(data), &reply, opts...)
	var rejection *Rejection
	var failure *Error
	if errors.As(err, &failure) && !engine.MayFail(failure.Code, failure.Fate, false) {
		return fmt.Sprintf("%s/%s, which internal/engine/failures.go does not list", failure.Code, failure.Fate)
	}
	switch {
	case errors.As(err, &rejection):
		return fmt.Sprintf("rejected/executed %s %s %s", rejection.Reason, rejection.Message, rejection.Data)
	case errors.As(err, &failure):
		return fmt.Sprintf("%s/%s", failure.Code, failure.Fate)
	case err != nil:
		return err.Error()
	}
	return "reply " + string(reply)
}

// listener is a WebSocket server on loopback in which a test has the say.
type listener struct {
	*httptest.Server
	opened chan contract.Peer
	refuse atomic.Bool
	quit   chan struct{} // closed at the end
}

func listen(t testing.TB, plain bool) *listener {
	l := newListener(plain)
	t.Cleanup(func() {
		l.Close()
		close(l.quit)
	})
	return l
}

func newListener(plain bool) *listener {
	l := &listener{opened: make(chan contract.Peer, 100), quit: make(chan struct{})}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.refuse.Load() {
			http.Error(w, "not today", http.StatusServiceUnavailable)
			return
		}
		opts := &websocket.AcceptOptions{}
		if !plain {
			opts.Subprotocols = []string{protocol.Subprotocol}
		}
		ws, err := websocket.Accept(w, r, opts)
		if err != nil {
			return
		}
		ws.SetReadLimit(-1)
		p := &socketPeer{ws, make(chan string, 10_000)}
		l.opened <- p
		p.read()
	}))
	return l
}

type socketPeer struct {
	ws   *websocket.Conn
	sent chan string
}

func (p *socketPeer) read() {
	for {
		_, frame, err := p.ws.Read(context.Background())
		if err != nil {
			code := websocket.CloseStatus(err)
			if code < 0 {
				code = websocket.StatusAbnormalClosure
			}
			p.sent <- fmt.Sprintf("x%d", code)
			return
		}
		p.sent <- string(frame)
	}
}

func (p *socketPeer) Frames() <-chan string { return p.sent }

// Send and the others have no use for an error: the client may be gone.
func (p *socketPeer) Send(frame string) {
	_ = p.ws.Write(context.Background(), websocket.MessageText, []byte(frame))
}

func (p *socketPeer) SendBinary(frame string) {
	_ = p.ws.Write(context.Background(), websocket.MessageBinary, []byte(frame))
}

func (p *socketPeer) Drop(code protocol.CloseCode, reason string) {
	_ = p.ws.Close(websocket.StatusCode(code), reason)
}

func (p *socketPeer) Cut() { _ = p.ws.CloseNow() }

// errorAs is errors.As for tests that want a value.
func errorAs[E error](err error) (e E) {
	errors.As(err, &e)
	return e
}

// chunks is an io.Reader that delivers a byte now and then.
type chunks struct {
	left  int
	every time.Duration
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(c.every)
	c.left--
	p[0] = ' '
	return 1, nil
}

var soon = Reconnect{Min: contract.Reconnect, Max: contract.Reconnect}
