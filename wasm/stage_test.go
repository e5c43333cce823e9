//go:build js && wasm

package main

import (
	"runtime"
	"slices"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The tests run in node, under ../internal/jsexec: its fake browser stands in
// for the network and the page, and logs what the program does to them. A test
// reads that log as a trace.
//
// They use syscall/js, which panics, where the program uses safejs: a panic
// ends a test as it should.

// TestMain starts the program as a page would.
func TestMain(m *testing.M) {
	if js.Global().Get("browser").IsUndefined() {
		println("wasm: run these tests with make js, since they need internal/jsexec")
		panic("no fake browser")
	}
	go main()
	for current == nil {
		runtime.Gosched()
	}
	idleFuncs = liveFuncs
	m.Run()
}

// idleFuncs is how many js.Funcs the program holds without a client.
var idleFuncs int

// stage is one client before a fake browser.
type stage struct {
	t       *testing.T
	browser js.Value // class FakeBrowser in ../internal/jsexec/browser.mjs
	host    js.Value // class FakeBridge there
	id      int
	seen    int // entries of the log that the test has looked at
	closed  bool
}

const url = "ws://host/ws"

// newStage makes a client with options, named as those that JavaScript writes
// for abi.Options; what is missing has its default.
func newStage(t *testing.T, name string, options map[string]any) *stage {
	t.Helper()
	return newStageAfter(t, name, options, before{session: uuid.NewString()})
}

// before is what a page has done without the program.
type before struct {
	session       string
	socket        any // a js.Value, or nil
	cause, reason string
}

// newStageAfter is newStage for a client that goes on with something. At its end
// the test closes it and finds every js.Func released.
func newStageAfter(t *testing.T, name string, options map[string]any, b before) *stage {
	t.Helper()
	browser := js.Global().Get("browser")
	s := &stage{t: t, browser: browser, seen: browser.Get("log").Length()}
	s.host = browser.Call("makeHost", name)
	if options == nil {
		options = map[string]any{}
	}
	s.id = browser.Call("connect", js.Global().Get("connect"), s.host, b.session, b.socket, b.cause, b.reason, options).Int()
	browser.Call("register", s.id, s.host)
	t.Cleanup(func() {
		s.close()
		others := slices.ContainsFunc(current.clients, func(b *bridge) bool { return b != nil })
		if !others && liveFuncs != idleFuncs {
			t.Errorf("%d js.Funcs are left over", liveFuncs-idleFuncs)
		}
	})
	return s
}

// openStage is newStage with an open and welcomed connection.
func openStage(t *testing.T, options map[string]any) *stage {
	t.Helper()
	s := newStage(t, "", options)
	s.open()
	return s
}

func (s *stage) open() {
	s.t.Helper()
	s.answer()
	s.await("connecting", "dial "+url+" as sockjax.1")
	s.socket().Call("accept")
	s.await("hello resume=0", "frame []")
	s.welcome()
	s.await("open")
}

// answer answers the question for the URL.
func (s *stage) answer() {
	s.t.Helper()
	s.eventually("the URL to be asked for", func() bool { return s.host.Get("answer").Truthy() })
	s.host.Call("answer", url, nil)
}

func (s *stage) welcome() {
	s.call("received", 100)
	s.welcomed()
	s.turn()
}

// welcomed only tells of a welcome.
func (s *stage) welcomed() { s.welcomedAs(map[string]any{"ours": true}) }

// welcomedAs tells of a welcome with limits.
func (s *stage) welcomedAs(welcome map[string]any) {
	welcome["frame"], welcome["requests"] = 1<<20, 100
	s.browser.Call("welcome", s.id, welcome)
	s.sound("welcome")
}

// socket is the last one made.
func (s *stage) socket() js.Value {
	return s.browser.Get("sockets").Call("at", -1)
}

// call calls an export with the client's number, from JavaScript.
func (s *stage) call(export string, args ...any) js.Value {
	s.t.Helper()
	result := s.browser.Get("exports").Call(export, append([]any{s.id}, args...)...)
	s.sound(export)
	return result
}

// sound wants an export to have returned.
func (s *stage) sound(export string) {
	s.t.Helper()
	if depth != 0 || s.browser.Call("depth").Int() != 0 {
		s.t.Fatalf("%s did not return", export)
	}
}

// submit puts a call of 10 bytes without a deadline into a slot.
func (s *stage) submit(key, slot int) {
	s.t.Helper()
	s.call("submit", slot, key, 10, 0, 0)
}

// turn is what the host does at the end of a turn of the page.
func (s *stage) turn() { s.browser.Call("turn", s.id) }

// skip moves the program's clock, which is also that of go test -timeout.
func (s *stage) skip(d time.Duration) {
	s.browser.Set("ahead", s.browser.Get("ahead").Float()+float64(d.Milliseconds()))
}

// eventually gives other goroutines and the event loop time.
func (s *stage) eventually(what string, done func() bool) {
	s.t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatalf("waited in vain for %s; log:\n  %s", what, strings.Join(s.log(), "\n  "))
}

// log is what has happened since the last await.
func (s *stage) log() []string {
	var entries []string
	log := s.browser.Get("log")
	for i := s.seen; i < log.Length(); i++ {
		entries = append(entries, log.Index(i).String())
	}
	return entries
}

// await waits for as many entries, and wants them to be these. An entry that
// ends with … stands for any that begins like it.
func (s *stage) await(want ...string) {
	s.t.Helper()
	s.eventually(strings.Join(want, " - "), func() bool { return len(s.log()) >= len(want) })
	got := s.log()
	s.seen += len(got)
	if !slices.EqualFunc(got, want, like) {
		s.t.Fatalf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// quiet wants nothing to happen.
func (s *stage) quiet() {
	s.t.Helper()
	time.Sleep(5 * time.Millisecond)
	if got := s.log(); len(got) > 0 {
		s.t.Fatalf("got:\n  %s\nwant nothing", strings.Join(got, "\n  "))
	}
}

func like(got, want string) bool {
	if start, ok := strings.CutSuffix(want, "…"); ok {
		return strings.HasPrefix(got, start)
	}
	return got == want
}

// close closes the client and waits until it is released.
func (s *stage) close() {
	if s.closed {
		return
	}
	s.closed = true
	s.call("closeClient")
	s.turn()
	s.eventually("the release", func() bool { return s.host.Get("releases").Int() == 1 })
	s.seen = s.browser.Get("log").Length()
}
