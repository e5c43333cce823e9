//go:build js && wasm

package main

import (
	"runtime"
	"runtime/debug"
	"syscall/js"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/engine"
)

func TestSubmitSettle(t *testing.T) {
	s := openStage(t, nil)
	s.submit(1, 7)
	s.submit(2, 8)
	s.turn()
	s.await("frame [request 1/7, request 2/8]")
	for _, want := range []struct{ key, slot int }{{2, 8}, {1, 7}, {1, -1}, {3, -1}} {
		if got := s.call("settle", want.key).Int(); got != want.slot {
			t.Errorf("settle(%d) = %d, want %d", want.key, got, want.slot)
		}
	}
}

// collections is how many garbage collections have ended: an export, since
// anything else would have the scheduler run.
//
//go:wasmexport collections
func collections() uint32 {
	var stats debug.GCStats // runtime.MemStats stop the world, which is pinned here
	debug.ReadGCStats(&stats)
	return uint32(stats.NumGC)
}

var _ = collections // JavaScript alone calls it

// Go has returned to JavaScript in the middle of a garbage collection, as it
// may after each event. No export helps with that, and none begins another:
// both may have to wait for the collector's own goroutines.
func TestNoExportCollectsGarbage(t *testing.T) {
	s := openStage(t, map[string]any{"queueCalls": 1 << 30, "queueBytes": 1 << 30})
	var litter []byte
	begin := js.FuncOf(func(js.Value, []js.Value) any {
		debug.SetGCPercent(1) // it begins with the next allocation
		litter = make([]byte, 64<<10)
		return nil
	})
	defer begin.Release()
	defer debug.SetGCPercent(100)
	s.browser.Call("many", s.id, 100_000, begin)
	s.await("0 collections, then some: true")
	runtime.KeepAlive(litter)
}

// What was submitted before there is a connection leaves with the hello.
func TestSubmitEarly(t *testing.T) {
	s := newStage(t, "", nil)
	s.submit(1, 0)
	s.submit(2, 1)
	s.turn()
	s.answer()
	s.await("connecting", "dial "+url+" as sockjax.1")
	s.socket().Call("accept")
	s.await("hello resume=0", "frame [request 1/0, request 2/1]")
	session := s.host.Get("sessions").Index(0).String()
	if _, err := uuid.Parse(session); err != nil {
		t.Errorf("session %q: %v", session, err)
	}
}

func TestNames(t *testing.T) {
	s := newStage(t, "", map[string]any{"plain": true})
	s.answer()
	s.await("connecting", "dial "+url)
	s.socket().Call("accept")
	s.await("open")
	submit := func(name string, key, slot int) {
		n := s.browser.Call("write", name)
		s.call("submitNamed", slot, key, 10, 0, 0, n)
	}
	settle := func(name string) int {
		return s.call("settleNamed", s.browser.Call("write", name)).Int()
	}
	submit("first", 1, 7)
	submit("zweitér ☃", 2, 8)
	s.turn()
	s.await("frame [request 1/7]", "frame [request 2/8]") // one object a frame, no hello
	submit("first", 3, 9)
	s.turn()
	s.await("failed 9 invalid unsent: the key is in flight…")
	for _, want := range []struct {
		name string
		slot int
	}{{"zweitér ☃", 8}, {"first", 7}, {"first", -1}, {"", -1}} {
		if got := settle(want.name); got != want.slot {
			t.Errorf("settleNamed(%q) = %d, want %d", want.name, got, want.slot)
		}
	}
}

func TestAbort(t *testing.T) {
	s := openStage(t, nil)
	s.submit(1, 7)
	fate := func(key int) (engine.Fate, bool) {
		place := s.call("abort", key).Int()
		if place == abi.None {
			return "", false
		}
		return abi.Fates[place], true
	}
	if got, _ := fate(1); got != engine.Unsent {
		t.Errorf("a call in the queue: abort says %q", got)
	}
	s.submit(2, 8)
	s.turn()
	s.await("frame [request 2/8]")
	if got, _ := fate(2); got != engine.Unknown {
		t.Errorf("a sent call: abort says %q", got)
	}
	s.turn()
	s.await("frame [cancel 2/0]")
	if got, found := fate(2); found {
		t.Errorf("a call that has ended: abort says %q", got)
	}
}

func TestSettleNotRun(t *testing.T) {
	s := openStage(t, nil)
	s.submit(1, 7)
	s.turn()
	s.await("frame [request 1/7]")
	for _, want := range []int{2 * 7, -1} {
		if got := s.call("settleNotRun", 1).Int(); got != want {
			t.Errorf("settleNotRun = %d, want %d", got, want)
		}
	}
}

func TestDeadline(t *testing.T) {
	s := openStage(t, nil)
	s.call("submit", 7, 1, 10, 300, 0)
	s.turn()
	s.await("frame [request 1/7]")
	s.call("submit", 8, 2, 10, 5_000, 0)
	s.turn()
	s.await("frame [request 2/8]")
	s.skip(300 * time.Millisecond)
	s.await("failed 7 timeout unknown: …", "frame [cancel 1/0]")
	if got := s.call("settle", 1).Int(); got != -1 {
		t.Errorf("a reply after the deadline: settle = %d, want -1", got)
	}
	s.skip(time.Second)
	s.await("ack 1", "frame []") // it has arrived all the same
	s.skip(5 * time.Second)
	s.eventually("the second deadline", func() bool { return len(s.log()) >= 1 })
	if got := s.log()[0]; !like(got, "failed 8 timeout unknown: …") && got != "ping" {
		t.Error("got", got)
	}
}

func TestRefusedCalls(t *testing.T) {
	s := newStage(t, "", map[string]any{"queueCalls": 2, "queueBytes": 1000})
	s.submit(1, 1)
	s.submit(1, 2)
	s.call("submit", 3, 2, 1001, 0, 0)
	s.submit(3, 4)
	s.submit(4, 5)
	s.await(
		"connecting",
		"failed 2 invalid unsent: the key is in flight…",
		"failed 3 overloaded unsent: …",
		"failed 5 overloaded unsent: …",
	)
}

func TestStats(t *testing.T) {
	s := newStage(t, "", nil)
	want := func(pending, queued, bytes, unacked int) {
		t.Helper()
		got := s.browser.Call("stats", s.id)
		for name, n := range map[string]int{"pending": pending, "queued": queued, "queuedBytes": bytes, "inDoubt": 0, "unacked": unacked, "funcs": liveFuncs} {
			if got.Get(name).Int() != n {
				t.Errorf("%s = %d, want %d", name, got.Get(name).Int(), n)
			}
		}
		if got := s.call("queued").Int(); got != queued {
			t.Errorf("queued() = %d, want %d", got, queued)
		}
	}
	want(0, 0, 0, 0)
	s.submit(1, 7)
	s.submit(2, 8)
	want(2, 2, 20, 0)
	s.answer()
	s.await("connecting", "dial…")
	s.socket().Call("accept")
	s.await("hello…", "frame [request 1/7, request 2/8]")
	s.welcome()
	want(2, 0, 0, 0)
	s.call("settle", 1)
	want(1, 0, 0, 1)
}

func TestHeartbeat(t *testing.T) {
	s := openStage(t, map[string]any{"heartbeatAfter": 5000, "heartbeatTimeout": 2000})
	s.skip(5 * time.Second)
	s.await("ping")
	s.call("received", 100)
	s.turn()
	s.skip(5 * time.Second)
	s.await("ping")
	s.call("received", 100)
	s.call("pinged")
	s.turn()
	s.await("pong")
	s.skip(4 * time.Second)
	s.quiet()
}

func TestClose(t *testing.T) {
	s := openStage(t, nil)
	s.submit(1, 7)
	s.turn()
	s.await("frame [request 1/7]")
	s.submit(2, 8)
	s.closed = true
	s.call("closeClient")
	s.turn()
	s.await(
		"failed 7 closed unknown: the client was closed",
		"failed 8 closed unsent: the client was closed",
		"closed close…",
		"hang up 1000: the client closed the connection",
		"released",
	)
	if !s.host.Get("attached").IsNull() {
		t.Error("the socket is still attached")
	}
}
