//go:build js && wasm

package main

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sockjax/sockjax/internal/abi"
)

// A call that the server did not run is sent again when it said so, unless the
// deadline comes first.
func TestRefused(t *testing.T) {
	s := openStage(t, nil)
	s.submit(1, 7)
	s.submit(2, 8)
	s.call("submit", 9, 3, 10, 5_000, 0)
	s.turn()
	s.await("frame [request 1/7, request 2/8, request 3/9]")
	for _, refusal := range []struct{ key, after, want int }{
		{1, 2_000, -1}, // tried again
		{2, 0, 8},
		{3, 6_000, 9}, // too late
		{4, 0, -1},
	} {
		if got := s.call("refused", refusal.key, refusal.after).Int(); got != refusal.want {
			t.Errorf("refused(%d, %d) = %d, want %d", refusal.key, refusal.after, got, refusal.want)
		}
	}
	s.skip(2 * time.Second)
	s.await("frame [request 1/7]")
	if got := s.call("drop", 1).Int(); got != 7 {
		t.Errorf("drop = %d, want 7", got)
	}
	if got := s.call("drop", 1).Int(); got != -1 {
		t.Errorf("drop again = %d, want -1", got)
	}
}

func TestToken(t *testing.T) {
	s := newStage(t, "", map[string]any{"token": true})
	token := func(value string, problem any) {
		t.Helper()
		s.eventually("the token to be asked for", func() bool { return s.host.Get("answerToken").Truthy() })
		s.host.Call("answerToken", value, problem)
	}
	token("first", nil)
	s.answer()
	s.await("connecting", "dial…")
	s.socket().Call("accept")
	s.await("hello resume=0 token=first", "frame []")
	s.call("received", 100)
	s.welcomedAs(map[string]any{"ours": true, "expires": 60_000})
	s.turn()
	s.await("open")
	s.skip(48 * time.Second)
	token("second", nil)
	s.await("ping") // it has slept: first of all it wants to know whether anyone is there
	s.call("received", 4)
	s.call("ponged")
	s.turn()
	s.await("token second", "frame []")
	s.call("authorized", 0)
	s.turn()
	s.quiet()
}

func TestTokenFails(t *testing.T) {
	s := newStage(t, "", map[string]any{"token": true})
	s.eventually("the token to be asked for", func() bool { return s.host.Get("answerToken").Truthy() })
	s.host.Call("answerToken", "", "nobody is logged in")
	s.await("connecting", "waiting function: nobody is logged in")
}

// The engine goes on with what the host has begun.
func TestAdopt(t *testing.T) {
	session := uuid.NewString()
	for name, welcomed := range map[string]bool{"welcomed": true, "not yet": false} {
		t.Run(name, func(t *testing.T) {
			browser := newStage(t, "", nil).browser // whose own client plays no part
			socket := browser.Get("WebSocket").New(url)
			s := newStageAfter(t, "", map[string]any{
				"resume": true, "outcomes": map[bool]int{true: 3, false: 0}[welcomed],
				"reconnectMin": 1, "reconnectMax": 1,
			}, before{session: session, socket: socket})
			s.seen = browser.Get("log").Length()
			if welcomed {
				s.welcomed()
			}
			s.call("submit", 7, 4, 10, 0, abi.FlagSent)
			s.submit(5, 8)
			s.turn()
			if welcomed {
				s.await("open", "frame [request 5/8]")
			} else {
				s.await("frame [request 5/8]")
				s.welcome()
				s.await("open")
			}
			if got := s.call("settle", 4).Int(); got != 7 {
				t.Errorf("settle = %d, want 7", got)
			}
			s.skip(time.Second)
			s.await(map[bool]string{true: "ack 4", false: "ack 1"}[welcomed], "frame []")
			socket.Call("end", 1006)
			s.await("hang up…", "waiting network 1006: …", "connecting")
			s.answer()
			s.await("dial…")
			s.socket().Call("accept")
			outcomes := map[bool]string{true: " ack=4", false: " ack=1"}[welcomed]
			s.await("hello resume=1"+outcomes, "frame []")
			if got := s.host.Get("sessions").Index(0).String(); got != session {
				t.Errorf("the session is %s, not %s", got, session)
			}
		})
	}
}

// A welcome that is for somebody else is none.
func TestForeignWelcome(t *testing.T) {
	s := newStage(t, "", nil)
	s.answer()
	s.await("connecting", "dial…")
	s.socket().Call("accept")
	s.await("hello resume=0", "frame []")
	s.call("received", 100)
	s.welcomedAs(map[string]any{})
	s.turn()
	s.await("hang up 4400…", "closed refused 4400: …")
}

// With enough in the socket, what is left stays in the queue, and a turn with
// hold sends nothing.
func TestCongestion(t *testing.T) {
	s := openStage(t, nil)
	s.host.Set("full", 1)
	s.call("submit", 7, 1, 60_000, 0, 0)
	s.call("submit", 8, 2, 60_000, 0, 0)
	s.call("flush", 0)
	s.turn()
	s.await("frame [request 1/7]")
	s.quiet()
	if got := s.call("queued").Int(); got != 1 {
		t.Errorf("queued = %d, want 1", got)
	}
	s.host.Set("full", 0)
	s.turn()
	s.await("frame [request 2/8]")
}
