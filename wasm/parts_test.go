//go:build js && wasm

package main

import (
	"testing"

	"github.com/sockjax/sockjax/internal/abi"
)

// Parts cross by numbers: what the page feeds and reads, what arrives, and what
// goes beside requests.
func TestParts(t *testing.T) {
	s := newStage(t, "", nil)
	s.answer()
	s.await("connecting", "dial…")
	s.socket().Call("accept")
	s.await("hello resume=0", "frame []")
	s.welcomedAs(map[string]any{"ours": true, "window": 100_000, "message": 4 << 20})
	s.await("open")

	s.call("submitExchange", 7, 1, 10, 0, abi.FlagOpen, 40_000)
	s.call("feed", 1, 20)
	s.call("feed", 1, 30)
	s.call("endBody", 1)
	s.turn()
	s.await("parts [data 1/7 0+2,0, end 1/7 0+0,0]", "frame [request 1/7]")
	for _, c := range []struct {
		export string
		args   []any
		want   int
	}{
		{"parts", []any{1, 3, 30_000}, 7},
		{"parts", []any{2, 1, 10}, abi.None},
		{"got", []any{1, 1}, 7},
		{"taken", []any{1, 2, 50_000}, 7},
		{"taken", []any{1, 3, 50_000}, abi.None},
	} {
		if got := s.call(c.export, c.args...).Int(); got != c.want {
			t.Errorf("%s(%v) = %d, want %d", c.export, c.args, got, c.want)
		}
	}
	s.call("took", 1, 3)
	s.turn()
	s.await("parts [taken 1/7 3+0,40000]", "frame []")

	s.host.Set("full", abi.SendNothing)
	s.call("submit", 8, 2, 2<<20, 0, 0)
	s.call("flush", abi.SendAll)
	s.await("parts [piece 2/8 0+0,65280]", "frame [large 2/8]")
	s.call("flush", abi.SendAll)
	s.await("parts [piece 2/8 65280+0,65280]", "frame []")
}

// A socket that has enough takes everything but parts of bodies.
func TestNoParts(t *testing.T) {
	s := newStage(t, "", nil)
	s.answer()
	s.await("connecting", "dial…")
	s.socket().Call("accept")
	s.await("hello resume=0", "frame []")
	s.welcomedAs(map[string]any{"ours": true, "window": 100_000})
	s.await("open")
	s.host.Set("full", abi.SendNoParts)
	s.call("submitExchange", 7, 1, 10, 0, abi.FlagOpen, 0)
	s.call("feed", 1, 20_000)
	s.call("feed", 1, 20_000)
	s.call("flush", abi.SendAll)
	s.call("submit", 8, 2, 10, 0, 0)
	s.turn()
	s.await("parts [data 1/7 0+1,0]", "frame [request 1/7]", "frame [request 2/8]")
	s.quiet()
	s.host.Set("full", abi.SendAll)
	s.turn()
	s.await("parts [data 1/7 1+1,0]", "frame []")
}
