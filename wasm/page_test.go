//go:build js && wasm

package main

import (
	"fmt"
	"testing"
)

// A nudge makes an open connection show that it lives, and ends the wait for
// the next attempt.
func TestNudge(t *testing.T) {
	s := openStage(t, nil)
	s.call("nudge")
	s.turn()
	s.await("ping")
	s.call("received", 100)
	s.turn()

	s.socket().Call("end", 1006)
	s.await("hang up…", "waiting network 1006…")
	s.call("nudge")
	s.turn()
	s.await("connecting")
}

func TestPause(t *testing.T) {
	s := openStage(t, nil)
	s.call("pause")
	s.turn()
	s.await("hang up 1000: …", "waiting paused…")
	s.call("nudge")
	s.turn()
	s.answer()
	s.await("connecting", "dial…")
}

func TestNumbersOfClients(t *testing.T) {
	first := newStage(t, "first", nil)
	second := newStage(t, "second", nil)
	if first.id == second.id {
		t.Fatal("two clients have the same number")
	}
	first.close()
	third := newStage(t, "third", nil)
	if third.id != first.id {
		t.Errorf("number %d is free, but the next client got %d", first.id, third.id)
	}
}

func TestClientsAreApart(t *testing.T) {
	var stages []*stage
	for i := range 3 {
		s := newStage(t, fmt.Sprint("c", i), nil)
		s.submit(1, 10+i)
		stages = append(stages, s)
	}
	for i, s := range stages {
		s.answer()
		s.eventually("the dial", func() bool { return s.host.Get("attached").Truthy() })
		s.seen = s.browser.Get("log").Length()
		s.host.Get("attached").Call("accept")
		s.await(fmt.Sprintf("c%d hello resume=0", i), fmt.Sprintf("c%d frame [request 1/%d]", i, 10+i))
	}
	for i, s := range stages {
		if got := s.call("settle", 1).Int(); got != 10+i {
			t.Errorf("client %d: settle = %d", i, got)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Run("no attempts", func(t *testing.T) {
		s := newStage(t, "", map[string]any{"reconnectAttempts": -1})
		s.answer()
		s.await("connecting", "dial…")
		s.socket().Call("end", 1006)
		s.eventually("the end", func() bool {
			log := s.log()
			return len(log) > 0 && like(log[len(log)-1], "closed gave-up 1006…")
		})
	})
	t.Run("delays", func(t *testing.T) {
		s := newStage(t, "", map[string]any{"reconnectMin": 50_000_000, "reconnectMax": 1e9})
		s.answer()
		s.await("connecting", "dial…")
		s.socket().Call("end", 1006)
		s.eventually("the wait", func() bool { return s.host.Get("change").Get("state").String() == "waiting" })
		change := s.host.Get("change")
		// Anything up to a day's half is random; below a second is a unit lost.
		if ms := change.Get("delay").Float(); ms < 1000 || ms > 50_000_000 {
			t.Errorf("delay = %g ms", ms)
		}
		if n := change.Get("attempt").Int(); n != 1 {
			t.Errorf("attempt = %d", n)
		}
	})
}
