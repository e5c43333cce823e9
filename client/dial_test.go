//go:build !js

package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

func TestDialSchemes(t *testing.T) {
	l := demo(t)
	for _, url := range []string{l.URL, "ws" + strings.TrimPrefix(l.URL, "http"), l.URL + "/ws?x=1"} {
		c, err := Dial(t.Context(), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.State() != StateOpen {
			t.Errorf("it is %s", c.State())
		}
		c.Close()
	}
}

func TestDialURLsThatCannotWork(t *testing.T) {
	for _, url := range []string{"", "/ws", "localhost:8282", "ftp://localhost/ws", "ws://", "ws:///ws", "ws://local host/", "ws://%zz"} {
		if c, err := Dial(t.Context(), url, nil); err == nil {
			t.Errorf("%q: %v", url, c)
		} else if !strings.HasPrefix(err.Error(), "failed to dial: ") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// answering is a server that answers no handshake but with a status.
func answering(t *testing.T, status int, body string) string {
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, body, status)
	}))
	t.Cleanup(l.Close)
	return l.URL
}

func TestDialRefusedForGood(t *testing.T) {
	for status, code := range map[int]protocol.CloseCode{http.StatusUnauthorized: protocol.CloseUnauthorized, http.StatusForbidden: protocol.CloseForbidden} {
		_, err := Dial(t.Context(), answering(t, status, "your token has expired\nbye"), nil)
		end := errorAs[*Closed](err)
		if end == nil || end.Code != code {
			t.Fatalf("%v", err)
		}
		for _, word := range []string{"failed to dial: ", http.StatusText(status), ": your token has expired"} {
			if !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "bye") {
				t.Errorf("%d: %q lacks %q", status, err, word)
			}
		}
	}
}

func TestDialTriesUntilTheContextEnds(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	for what, url := range map[string]string{
		"404 Not Found: no such page": answering(t, http.StatusNotFound, "no such page"),
		"503 Service Unavailable":     answering(t, http.StatusServiceUnavailable, ""),
		"connection refused":          gone.URL,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Dial(ctx, url, &DialOptions{
			Options: Options{Reconnect: Reconnect{Min: time.Millisecond, Max: time.Millisecond}},
			OnChange: func(change Change) {
				if change.Attempt == 3 {
					cancel()
				}
			},
		})
		cancel()
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, not %s", err, what)
		}
	}
	silent := listen(t, false) // accepts, and says nothing
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, silent.URL, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := Dial(ctx, silent.URL, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err) // it had ended before
	}
}

func TestDialAttempts(t *testing.T) {
	_, err := Dial(t.Context(), answering(t, http.StatusNotFound, ""), &DialOptions{Options: Options{Reconnect: Reconnect{Attempts: -1}}})
	if end := errorAs[*Closed](err); end == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}

// A server of plain mode, and one that knows other versions only.
func TestDialOtherProtocols(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := websocket.Accept(w, r, nil); err == nil {
			ws.CloseRead(context.Background())
		}
	}))
	defer plain.Close()
	_, err := Dial(t.Context(), plain.URL, nil)
	if end := errorAs[*Closed](err); end == nil || end.Code != protocol.CloseVersion || !strings.Contains(err.Error(), "plain mode") {
		t.Error(err)
	}
	newer := listen(t, false)
	go func() { (<-newer.opened).Drop(protocol.CloseVersion, "this server speaks sockjax.9") }()
	_, err = Dial(t.Context(), newer.URL, nil)
	if end := errorAs[*Closed](err); end == nil || end.Code != protocol.CloseVersion || !strings.Contains(err.Error(), "sockjax.9") {
		t.Error(err)
	}
}

func TestDialHeader(t *testing.T) {
	got := make(chan http.Header, 1)
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header
		w.WriteHeader(http.StatusForbidden)
	}))
	defer l.Close()
	header := http.Header{"Authorization": {"Bearer x"}}
	if _, err := Dial(t.Context(), l.URL, &DialOptions{Header: header}); err == nil {
		t.Error("it was accepted")
	}
	h := <-got
	if h.Get("Authorization") != "Bearer x" || h.Get("Sec-WebSocket-Protocol") != protocol.Subprotocol || len(header) != 1 {
		t.Errorf("%v, from %v", h, header)
	}
}

// The callback may do everything, wait for a reply and close too.
func TestOnChangeMayRequestAndClose(t *testing.T) {
	clients := make(chan *Client, 1)
	states := make(chan State, 10)
	c, err := Dial(t.Context(), demo(t).URL, &DialOptions{OnChange: func(change Change) {
		states <- change.State
		if change.State == StateOpen {
			c := <-clients
			if err := c.Request(t.Context(), 1, nil); err != nil {
				t.Error(err)
			}
			c.Close()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	clients <- c
	for _, want := range []State{StateConnecting, StateOpen, StateClosed} {
		if got := <-states; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestDialCloseLeavesNothing(t *testing.T) {
	l := demo(t)
	cycle := func() {
		c, err := Dial(t.Context(), l.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Request(t.Context(), 1, nil); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	cycle()
	before := runtime.NumGoroutine()
	for range 100 {
		cycle()
	}
	// Those of the server end in their own time.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+5; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, then %d:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// Nobody reads the close at the other end, or answers it.
func TestCloseDoesNotWaitForThePeer(t *testing.T) {
	quit := make(chan struct{})
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}})
		if err != nil {
			return
		}
		_ = ws.Write(r.Context(), websocket.MessageText, []byte(contract.Welcome(false)))
		<-quit
	}))
	defer l.Close()
	defer close(quit)
	c, err := Dial(t.Context(), l.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	unread, err := c.open(t.Context()) // nobody reads here either
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	unread.Close(protocol.CloseNormal, "")
	c.Close() // waits for both
	if took := time.Since(begin); took > 3*linger {
		t.Errorf("it took %v", took)
	}
}

func TestReadLimit(t *testing.T) {
	for _, more := range []int{0, 1} {
		l := listen(t, false)
		c := newClient(l.URL, &DialOptions{ReadLimit: 1000, Options: Options{Reconnect: soon}})
		c.engine.Start()
		w := &contract.World{T: t, Engine: c.engine}
		p := <-l.opened
		p.Send(contract.Welcome(false))
		outcome := make(chan string, 1)
		w.Frame(p, "hello")
		go func() { outcome <- c.told(t.Context(), "1", nil) }()
		w.Frame(p, "1")
		p.Send(`[{"key":1,"data":"` + strings.Repeat("x", 1000-len(`[{"key":1,"data":""}]`)+more) + `"}]`)
		got := <-outcome
		if more == 0 && !strings.HasPrefix(got, "reply ") || more == 1 && got != "lost/unknown" {
			t.Errorf("a frame of %d bytes: %s", 1000+more, got)
		}
		if more == 1 {
			w.Want(p.Frames(), "x1009")
		}
		c.Close()
	}
}

// A long frame on a slow line is life all the time.
func TestFrameThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient("ws://test", nil)
		s := &socket{client: c, wake: make(chan struct{}, 1), done: make(chan Closed, 1), closed: true}
		s.start.Do(func() {}) // there is nothing to read from
		c.engine.Adopt(s, 0, false)
		c.engine.Welcome(s, protocol.Welcome{})
		c.engine.Start()
		defer c.Close()
		if _, err := s.frame(&chunks{left: 1000, every: 2 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if state := c.State(); state != StateOpen {
			t.Errorf("it is %s", state)
		}
	})
}

func TestDialToken(t *testing.T) {
	l := listen(t, false)
	var tokens atomic.Int64
	opened := make(chan *Client)
	go func() {
		c, err := Dial(t.Context(), l.URL, &DialOptions{
			Options: Options{Reconnect: Reconnect{Min: 1, Max: 1}, Resume: true},
			Token: func(context.Context) (string, error) {
				return fmt.Sprint(tokens.Add(1)), nil
			},
		})
		if err != nil {
			t.Error(err)
		}
		opened <- c
	}()
	w := &contract.World{T: t, Opened: l.opened}
	p := w.Accept("hello/1") // it never resumes what an earlier program has begun
	p.Send(`[{"welcome":{"session":"","resumed":false,"heartbeat":0,"expires":1,"limits":{"frame":0,"requests":0}}}]`)
	c := <-opened
	defer c.Close()
	w.Frame(p, "token/2")
	p.Send(`[{"token":{"expires":0}}]`)
	p.Drop(protocol.CloseExpired, "it has expired")
	w.Accept("hello/resume/3")
}
