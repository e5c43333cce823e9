package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// What an engine may expect of a network is tested here on two of them: the
// fake, in virtual time, so that it cannot drift from what is real, and the
// sockets of Client, over loopback.

// world is a client, the network it is in, and the server's end of that.
type world struct {
	t      *testing.T
	engine interface {
		Close()
		Reconnect()
		Nudge()
		State() State
		Done() <-chan struct{}
	}
	opened  <-chan peer
	changes <-chan Change
	request func(data string, again bool, timeout time.Duration) pending
	refuse  func(bool)
	finish  func()
}

// pending is a call that has been submitted.
type pending struct {
	outcome <-chan string
	abort   func()
}

// peer is the server's end of a connection.
type peer interface {
	// frames are those that the client has sent, and at last "x" and the
	// code with which it has closed the connection.
	frames() <-chan string
	send(frame string)
	sendBinary(frame string)
	drop(code protocol.CloseCode, reason string)
	cut() // without a word
}

// contract runs f in all worlds.
func contract(t *testing.T, opts Options, f func(w *world)) {
	t.Helper()
	opts.Reconnect.Min, opts.Reconnect.Max = 5*time.Millisecond, 5*time.Millisecond
	t.Run("fake", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { inWorld(t, fakeWorld, opts, f) })
	})
	for name, world := range worlds {
		t.Run(name, func(t *testing.T) { inWorld(t, world, opts, f) })
	}
}

// worlds are those in real time, where there are any: not in a browser.
var worlds = map[string]func(*testing.T, Options) *world{}

func inWorld(t *testing.T, make func(*testing.T, Options) *world, opts Options, f func(w *world)) {
	w := make(t, opts)
	defer w.finish()
	f(w)
}

// take waits for the next of what a channel delivers.
func take[T any](w *world, from <-chan T, what string) T {
	w.t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(20 * time.Second):
		w.t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func (w *world) want(from <-chan string, want string) {
	w.t.Helper()
	if got := take(w, from, want); got != want {
		w.t.Fatalf("got %s, want %s", got, want)
	}
}

// frame waits for a frame in the words of brief.
func (w *world) frame(p peer, want string) {
	w.t.Helper()
	if got := brief(take(w, p.frames(), want)); got != want {
		w.t.Fatalf("got the frame %s, want %s", got, want)
	}
}

// state waits until the client is in a state.
func (w *world) state(want State) Change {
	w.t.Helper()
	for {
		if change := take(w, w.changes, string(want)); change.State == want {
			return change
		}
	}
}

// accept waits for a connection and its hello.
func (w *world) accept(hello string) peer {
	w.t.Helper()
	p := take(w, w.opened, "connection")
	w.frame(p, hello)
	return p
}

func welcomeFrame(resumed bool) string {
	w := welcome
	w.Resumed = resumed
	return string(append(protocol.AppendWelcome([]byte("["), w), ']'))
}

// open accepts a connection and answers its hello.
func (w *world) open(hello string) peer {
	w.t.Helper()
	p := w.accept(hello)
	p.send(welcomeFrame(false))
	w.state(StateOpen)
	return p
}

func (w *world) send(data string) pending { return w.request(data, false, 0) }

func TestContractRequestReply(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send(`"a"`)
		w.want(p.frames(), `[{"key":1,"data":"a"}]`)
		b := w.send(`{"b":[1,null,"ä"]}`)
		w.want(p.frames(), `[{"key":2,"data":{"b":[1,null,"ä"]}}]`)
		p.send(`[{"key":2,"data":{"x":2}},{"key":99},{"key":1}]`)
		w.want(a.outcome, "reply null")
		w.want(b.outcome, `reply {"x":2}`)
	})
}

func TestContractQueuedCallsShareAFrame(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		w.open("hello")
		w.refuse(true)
		w.state(StateWaiting)
		a := w.send("1")
		w.send("2")
		w.refuse(false)
		p := w.open("hello/resume,1,2")
		p.send(`[{"key":1,"data":1}]`)
		w.want(a.outcome, "reply 1")
	})
}

func TestContractErrorAndRefused(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		b := w.send("2")
		w.frame(p, "2")
		c := w.send("3")
		w.frame(p, "3")
		p.send(`[{"key":1,"error":{"code":"out_of_tea","message":"no tea left","data":{"n":0}}},{"key":2,"refused":{"code":"overloaded","message":""}},{"key":3,"refused":{"code":"invalid","message":""}}]`)
		w.want(a.outcome, `rejected/executed out_of_tea no tea left {"n":0}`)
		w.want(b.outcome, "overloaded/unsent")
		w.want(c.outcome, "invalid/unsent")
	})
}

func TestContractAbortCancels(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		b := w.request("2", false, 50*time.Millisecond)
		w.frame(p, "2")
		w.want(b.outcome, "timeout/unknown")
		w.frame(p, "-2")
		a.abort()
		w.want(a.outcome, "aborted/unknown")
		w.frame(p, "-1")
		p.send(`[{"key":1},{"key":2}]`) // too late
		c := w.send("3")
		w.frame(p, "3")
		p.send(`[{"key":3}]`)
		w.want(c.outcome, "reply null")
	})
}

func TestContractDropTellsCodeAndReason(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		p.drop(protocol.CloseRestart, "the server restarts")
		if got := w.state(StateWaiting); got.Code != protocol.CloseRestart || got.Reason != "the server restarts" {
			t.Errorf("%+v", got)
		}
		w.open("hello/resume")
	})
}

func TestContractCutLostAndSentAgain(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		b := w.request("2", true, 0)
		w.frame(p, "2")
		p.cut()
		if got := w.state(StateWaiting); got.Code != protocol.CloseAbnormal || got.Reason == "" {
			t.Errorf("%+v", got)
		}
		p = w.open("hello/resume")
		w.want(a.outcome, "lost/unknown")
		w.frame(p, "2")
		p.send(`[{"key":2}]`)
		w.want(b.outcome, "reply null")
	})
}

func TestContractCutResumed(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		p.cut()
		p = w.accept("hello/resume")
		p.send(welcomeFrame(true))
		w.frame(p, "1")
		p.send(`[{"key":1}]`)
		w.want(a.outcome, "reply null")
	})
}

func TestContractFatalClosed(t *testing.T) {
	for _, code := range []protocol.CloseCode{protocol.CloseUnauthorized, protocol.CloseVersion, protocol.ClosePolicy} {
		contract(t, Options{}, func(w *world) {
			p := w.open("hello")
			a := w.send("1")
			w.frame(p, "1")
			p.drop(code, "go away")
			if got := w.state(StateClosed); got.Code != code || !strings.Contains(got.Reason, "go away") {
				t.Errorf("%+v", got)
			}
			w.want(a.outcome, "closed/unknown")
			w.want(w.send("2").outcome, "closed/unsent")
			w.engine.Reconnect()
			w.open("hello/resume")
		})
	}
}

func TestContractSilentPingDeadReconnect(t *testing.T) {
	contract(t, Options{Heartbeat: Heartbeat{After: 50 * time.Millisecond, Timeout: 50 * time.Millisecond}}, func(w *world) {
		p := w.open("hello")
		w.want(p.frames(), "ping")
		p.send("pong")
		w.want(p.frames(), "ping")
		for got := ""; got != "x4411"; { // there may be another ping
			got = take(w, p.frames(), "end")
		}
		if got := w.state(StateWaiting); got.Code != protocol.CloseHeartbeat {
			t.Errorf("%+v", got)
		}
		w.open("hello/resume")
	})
}

func TestContractNudgeProbes(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		w.engine.Nudge()
		w.want(p.frames(), "ping")
	})
}

func TestContractServerPings(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		p.send("ping")
		w.want(p.frames(), "pong")
	})
}

func TestContractClose(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		a := w.send("1")
		w.frame(p, "1")
		w.engine.Close()
		w.want(a.outcome, "closed/unknown")
		w.want(p.frames(), "x1000")
		take(w, w.engine.Done(), "end")
		p.send("[]") // into the void
	})
}

func TestContractReconnect(t *testing.T) {
	contract(t, Options{}, func(w *world) {
		p := w.open("hello")
		w.engine.Reconnect()
		w.want(p.frames(), "x1000")
		w.open("hello/resume")
	})
}

// told is an outcome in words, with what came.
func told(o outcome) string {
	var rejection *Rejection
	if errors.As(o.err, &rejection) {
		return fmt.Sprintf("%s %s %s", verdict(o), rejection.Message, rejection.Data)
	}
	if o.err == nil {
		return "reply " + string(o.body)
	}
	return verdict(o)
}
