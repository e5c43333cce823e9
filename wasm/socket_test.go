//go:build js && wasm

package main

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/abi"
)

func TestOpen(t *testing.T) {
	s := openStage(t, nil)
	socket := s.socket()
	if !s.host.Get("attached").Equal(socket) {
		t.Error("the socket is not attached to the host")
	}
	s.close()
	for _, handler := range []string{"onopen", "onclose", "onerror"} {
		if !socket.Get(handler).IsNull() {
			t.Errorf("%s still leads here", handler)
		}
	}
}

// Ends before and after the socket is open; the state says why, and the next
// attempt follows.
func TestSocketEnds(t *testing.T) {
	tests := map[string]struct {
		open bool
		end  func(*stage)
		want string
	}{
		"refused - close":         {false, func(s *stage) { s.socket().Call("end", 1006) }, "waiting network 1006…"},
		"refused - error - close": {false, func(s *stage) { s.socket().Call("fail"); s.socket().Call("end", 1006) }, "waiting network 1006: the connection to " + url + " failed"},
		"open - close":            {true, func(s *stage) { s.socket().Call("end", 1001, "bye") }, "waiting server 1001: bye"},
		"open - error":            {true, func(s *stage) { s.socket().Call("fail") }, "waiting network 1006: …"},
		"open - fatal close":      {true, func(s *stage) { s.socket().Call("end", 4400, "no") }, "closed refused 4400: …"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "", nil)
			if test.open {
				s.open()
			} else {
				s.answer()
				s.await("connecting", "dial…")
			}
			test.end(s)
			s.eventually("the end", func() bool {
				return slices.ContainsFunc(s.log(), func(entry string) bool { return like(entry, test.want) })
			})
			if !s.host.Get("attached").IsNull() {
				t.Error("the socket is still attached")
			}
		})
	}
}

func TestReconnects(t *testing.T) {
	s := openStage(t, nil)
	s.submit(1, 7)
	s.call("submit", 8, 2, 10, 0, abi.FlagIdempotent)
	s.turn()
	s.await("frame [request 1/7, request 2/8]")
	s.socket().Call("end", 1006)
	s.await("hang up…", "waiting network 1006…")
	s.skip(500 * time.Millisecond)
	s.answer()
	s.await("connecting", "dial…")
	s.socket().Call("accept")
	s.await("hello resume=1", "frame []")
	s.welcome() // the server does not know the session
	s.await("failed 7 lost unknown: …", "open", "frame [request 2/8]")
	first, second := s.host.Get("sessions").Index(0), s.host.Get("sessions").Index(1)
	if !first.Equal(second) {
		t.Error("the session has changed")
	}
}

// Nothing that an old socket still does reaches the engine.
func TestLateEvents(t *testing.T) {
	s := openStage(t, nil)
	old := s.socket()
	s.call("reconnect")
	s.turn()
	s.answer()
	s.await("hang up 1000: the client closed the connection", "connecting", "dial…")
	old.Call("accept")
	old.Call("fail")
	old.Call("end", 1000)
	s.quiet()
	s.call("received", 100) // a frame that was read just before
	s.call("pinged")
	s.turn()
	s.quiet()
	s.socket().Call("accept")
	s.await("hello resume=1", "frame []")
	old.Call("end", 4000, "late")
	s.quiet()
}

func TestSocketThatNeverOpens(t *testing.T) {
	s := newStage(t, "", nil)
	s.answer()
	s.await("connecting", "dial…")
	s.skip(10 * time.Second)
	s.await("hang up 1000", "waiting timeout 4408: the socket did not open within 10 s")
}

func TestRefusedURL(t *testing.T) {
	s := newStage(t, "", nil)
	s.browser.Set("refused", url)
	defer s.browser.Set("refused", nil)
	s.answer()
	s.await("connecting", "waiting function: the browser refused the URL "+url+": …")
}

func TestURLQuestion(t *testing.T) {
	t.Run("answered with a problem", func(t *testing.T) {
		s := newStage(t, "", nil)
		s.eventually("the question", func() bool { return s.host.Get("answer").Truthy() })
		s.host.Call("answer", "", "no ticket")
		s.await("connecting", "waiting function: no ticket")
		s.answer() // the next attempt asks again
		s.await("connecting", "dial…")
	})
	t.Run("never answered", func(t *testing.T) {
		s := newStage(t, "", nil)
		s.eventually("the question", func() bool { return s.host.Get("answer").Truthy() })
		s.skip(10 * time.Second)
		s.await("connecting", "waiting function 4408: the url function did not answer within 10 s")
		if s.host.Get("answer").Truthy() {
			t.Error("the question was not taken back: a late answer would call a released function")
		}
	})
	t.Run("closed before the answer", func(t *testing.T) {
		s := newStage(t, "", nil)
		s.eventually("the question", func() bool { return s.host.Get("answer").Truthy() })
		s.close()
		if s.host.Get("answer").Truthy() {
			t.Error("the question was not taken back: a late answer would call a released function")
		}
	})
	t.Run("closed while the socket opens", func(t *testing.T) {
		s := newStage(t, "", nil)
		s.answer()
		s.await("connecting", "dial…")
		s.closed = true
		s.call("closeClient")
		s.turn()
		s.await("closed close…", "hang up 1000", "released")
	})
}

// A thousand sockets of one client, and a thousand clients.
func TestFuncsAreReleased(t *testing.T) {
	s := openStage(t, nil)
	funcs := liveFuncs
	for range 100 {
		s.call("reconnect")
		s.turn()
		s.answer()
		s.await("hang up…", "connecting", "dial…")
		s.socket().Call("accept")
		s.await("hello resume=1", "frame []")
		s.welcome()
		s.await("open")
	}
	if liveFuncs != funcs {
		t.Errorf("after 100 sockets: %d js.Funcs, at the start %d", liveFuncs, funcs)
	}
	for range 100 {
		c := newStage(t, "", nil)
		c.open()
		c.close()
	}
	if liveFuncs != funcs {
		t.Errorf("after 100 clients: %d js.Funcs, at the start %d", liveFuncs, funcs)
	}
	if got := s.browser.Call("stats", s.id).Get("funcs").Int(); got != liveFuncs {
		t.Errorf("stats says %d", got)
	}
}

// A client that was refused for good, and closed then, leaves nothing: neither
// goroutines nor js.Funcs, nor its host in the page's list.
func TestClosedAfterItWasRefusedForGood(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	for n := range 20 {
		s := newStage(t, "", map[string]any{"token": true})
		s.submit(1, 7)
		s.eventually("the token to be asked for", func() bool { return s.host.Get("answerToken").Truthy() })
		s.host.Call("answerToken", "abc", nil)
		s.answer()
		s.await("connecting", "dial…")
		s.socket().Call("accept")
		s.await("hello…", "frame…")
		if n%2 == 0 {
			s.welcome()
			s.await("open")
		}
		s.socket().Call("end", 4401, "log in")
		s.eventually("the end", func() bool { return s.host.Get("change").Get("state").String() == "closed" })
		s.close()
		if current.clients[s.id] != nil {
			t.Fatal("the page has it still")
		}
	}
	if liveFuncs != idleFuncs {
		t.Errorf("%d js.Funcs are left over", liveFuncs-idleFuncs)
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, before there were %d", runtime.NumGoroutine(), goroutines)
}
