package engine

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// soon is a Reconnect whose waits tests need not care for.
var soon = Reconnect{Min: 1, Max: 1}

func TestOpenDropWaitOpen(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.start().drop(protocol.CloseAbnormal)
		n.want("x1006 waiting")
		n.after(500*time.Millisecond, "connecting dial >hello/resume open")
	})
}

func TestRefusedWaitRefusedWait(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(refuse)
		n.engine.Start()
		limit := 500 * time.Millisecond
		for attempt := 1; attempt < 40; attempt++ {
			<-n.changes // connecting
			if last := <-n.changes; last.State != StateWaiting || last.Attempt != attempt || last.Delay < 0 || last.Delay >= limit || last.Reason != "connection refused" {
				t.Fatalf("attempt %d: %+v", attempt, last)
			}
			limit = min(2*limit, 20*time.Second)
		}
	})
}

func TestBackoffIsFullJitter(t *testing.T) {
	r := Options{}.withDefaults().Reconnect
	for failures, limit := range map[int]time.Duration{1: 500, 2: 1000, 3: 2000, 6: 16_000, 7: 20_000, 63: 20_000, 64: 20_000, 65: 20_000, 1_000_000: 20_000} {
		limit *= time.Millisecond
		low, high := limit, time.Duration(0)
		for range 1000 {
			d := backoff(r, failures, 0)
			if d < 0 || d >= limit {
				t.Fatalf("failure %d: %v", failures, d)
			}
			low, high = min(low, d), max(high, d)
		}
		if low > limit/50 || high < limit-limit/50 {
			t.Errorf("failure %d: from %v to %v of %v", failures, low, high, limit)
		}
	}
}

func TestBackoffTakesAnyOptions(t *testing.T) {
	for _, r := range [][2]time.Duration{{1, 1}, {-1, -1}, {20 * time.Second, time.Hour}, {time.Hour, time.Second}, {1, 1<<63 - 1}, {1<<63 - 1, 1<<63 - 1}} {
		for failures := range 100 {
			if d := backoff(Reconnect{Min: r[0], Max: r[1]}, failures+1, 0); d < 0 || d > max(r[1], 1) {
				t.Errorf("%v, failure %d: %v", r, failures+1, d)
			}
		}
	}
}

func TestA8AttemptsCountOnlyInARow(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: 1, Max: 1, Attempts: 2}}, func(n *fakeNet) {
		c := n.start()
		for range 20 { // each time up for 5 s
			time.Sleep(minUp)
			c.drop(protocol.CloseAbnormal)
			n.after(time.Millisecond, "x1006 waiting connecting dial >hello/resume open")
			c = n.conn()
		}
	})
}

func TestShortUpShortUpShortUpClosed(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: 1, Max: 1, Attempts: 2}}, func(n *fakeNet) {
		c := n.start()
		for range 2 {
			time.Sleep(minUp - time.Millisecond)
			c.drop(protocol.CloseAbnormal)
			n.after(1, "x1006 waiting connecting dial >hello/resume open")
			c = n.conn()
		}
		c.drop(protocol.CloseAbnormal)
		n.want("x1006 closed")
	})
}

func TestNeverWelcomedIsNotUp(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: 1, Max: 1, Attempts: 1}}, func(n *fakeNet) {
		n.answers(nil)
		n.send(bare)
		n.engine.Start()
		n.want("connecting dial >hello,1")
		n.after(10*time.Second+1, "x4408 waiting connecting dial >hello/resume")
		n.after(10*time.Second+1, "x4408 1=closed/unknown closed")
	})
}

func TestAttemptsExhaustedClosedReconnectOpen(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: 1, Max: 1, Attempts: 3}}, func(n *fakeNet) {
		n.dials(refuse)
		n.send(bare)
		n.engine.Start()
		n.after(time.Second, "connecting dial waiting connecting dial waiting connecting dial waiting connecting dial 1=closed/unsent closed")
		if _, err := n.call(bare, 1); err == nil || err.Code != CodeClosed || err.Fate != Unsent {
			t.Errorf("a call after giving up: %v", err)
		}
		n.engine.Nudge() // a mere nudge does not count
		n.want("")
		n.dials(accept)
		n.engine.Reconnect()
		n.send(bare) // taken at once
		n.skip()
		n.conn().reply(3)
		n.want("3=reply")
	})
}

func TestAttemptsNone(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Attempts: -1}}, func(n *fakeNet) {
		n.start().drop(protocol.CloseAbnormal)
		n.want("x1006 closed")
	})
}

func TestCloseCodesFatalAndNot(t *testing.T) {
	for code := protocol.CloseCode(0); code < 4420; code++ {
		if code > 1 && code < 1000 || code > 1016 && code < 4395 && code%500 != 0 {
			continue
		}
		bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
			c := n.start()
			n.send(bare)
			n.want(">1")
			c.drop(code)
			if code.Fatal() {
				n.after(1, fmt.Sprintf("x%d 1=closed/unknown closed", code))
				return
			}
			n.after(1, fmt.Sprintf("x%d waiting connecting dial >hello/resume 1=lost/unknown open", code))
		})
		if t.Failed() {
			t.Fatal(code)
		}
	}
}

func TestDialFatal(t *testing.T) {
	for _, code := range []protocol.CloseCode{protocol.CloseUnauthorized, protocol.CloseForbidden} {
		bubble(t, Options{}, func(n *fakeNet) {
			n.dials(func(over <-chan struct{}) *Closed { return &Closed{Code: code, Reason: "no"} })
			n.engine.Start()
			n.want("connecting dial closed")
		})
	}
}

func TestDialHangRedial(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.want("connecting dial")
		n.after(protocol.Handshake, "waiting connecting dial")
	})
}

func TestOpenReconnectOpen(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.start()
		n.engine.Reconnect()
		n.want("x1000 connecting dial >hello/resume open")
	})
}

func TestDialingReconnectDialing(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(hang)
		n.engine.Start()
		n.want("connecting dial")
		n.engine.Reconnect()
		n.want("dial")
	})
}

func TestWaitingNudgeConnecting(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: time.Hour, Max: time.Hour}}, func(n *fakeNet) {
		n.dials(refuse)
		n.engine.Start()
		n.want("connecting dial waiting")
		n.engine.Nudge()
		n.want("connecting dial waiting")
		n.dials(accept)
		n.engine.Nudge()
		n.want("connecting dial >hello open")
	})
}

func TestPauseNudge(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.start()
		n.engine.Pause()
		n.want("x1000 waiting")
		n.send(bare)
		n.after(time.Hour, "")
		n.engine.Nudge()
		n.want("connecting dial >hello/resume,1 open")
	})
}

// In each of these, what came first and had not begun must not keep run busy.
func TestPauseWins(t *testing.T) {
	for name, before := range map[string]func(*Engine[*fakeCall]){
		"nudge - pause":                     (*Engine[*fakeCall]).Nudge,
		"reconnect - pause":                 (*Engine[*fakeCall]).Reconnect,
		"pause - pause":                     (*Engine[*fakeCall]).Pause,
		"pause - nudge - reconnect - pause": func(e *Engine[*fakeCall]) { e.Pause(); e.Nudge(); e.Reconnect() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(n *fakeNet) {
				n.start()
				before(n.engine)
				n.engine.Pause()
				n.rests(t)
				n.engine.Nudge()
				n.want("connecting dial >hello/resume open")
			})
			bubble(t, Options{}, func(n *fakeNet) {
				n.dials(hang)
				n.engine.Start()
				synctest.Wait()
				before(n.engine)
				n.engine.Pause()
				n.rests(t)
			})
		})
	}
}

// rests checks that a paused engine does nothing, after it may have begun
// with what came before the pause.
func (n *fakeNet) rests(t *testing.T) {
	t.Helper()
	time.Sleep(time.Hour)
	synctest.Wait()
	n.mu.Lock()
	words, live := len(n.words), n.live
	n.mu.Unlock()
	if state := n.engine.State(); state != StateWaiting || words > 10 || live > 0 {
		t.Fatalf("it is %s, after %d events", state, words)
	}
	n.skip()
}

func TestPauseNudgeAtOnceIsNoFailure(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Attempts: -1}}, func(n *fakeNet) {
		n.start()
		n.engine.Pause()
		n.engine.Nudge()
		n.rest()
		n.mu.Lock() // it may have been told of the pause alone
		n.words = slices.DeleteFunc(n.words, func(word string) bool { return word == "waiting" })
		n.mu.Unlock()
		n.want("x1000 connecting dial >hello/resume open")
	})
}

func TestPauseBeforeStart(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.engine.Pause()
		n.engine.Start()
		n.want("waiting")
		n.engine.Nudge()
		n.want("connecting dial >hello open")
	})
}

func TestPauseWhileWaiting(t *testing.T) {
	bubble(t, Options{Reconnect: Reconnect{Min: time.Second, Max: time.Second}}, func(n *fakeNet) {
		n.dials(refuse)
		n.engine.Start()
		n.want("connecting dial waiting")
		n.engine.Pause()
		n.after(time.Minute, "")
		n.engine.Reconnect()
		n.want("connecting dial waiting")
	})
}
