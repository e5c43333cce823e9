package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Many calls in a frame: all of them run, in smaller ones, and so does what has
// been under way for long.
func TestTooLargeFrameOfManyIsSentInSmallerOnes(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(above(20_000))
		g.start()
		slow := g.make(bare, slowCall)
		time.Sleep(time.Minute)
		var calls []*fakeCall
		for range 100 {
			c, _ := g.submit(bare, &fakeCall{data: []byte(long(1000))})
			calls = append(calls, c)
		}
		g.engine.Wake()
		g.want(g.verdicts(10*time.Second, calls...), strings.TrimSpace(strings.Repeat("reply ", 100)))
		g.want(g.verdicts(0, slow), "-")
		if g.opened() != 2 || slices.Max(g.sizes) > 20_000 || slices.Max(g.sizes) < 10_000 {
			t.Errorf("%d connections, frames of %v bytes", g.opened(), g.sizes)
		}
		g.conn().reply(slow.key)
		g.want(g.verdicts(0, slow), "reply")
	})
}

// One that is too large by itself does not get through in any way. Nothing else
// is lost with it.
func TestTooLargeRequestIsLostAlone(t *testing.T) {
	for _, spec := range []Call[*fakeCall]{bare, idempotent} {
		bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
			g := n.through(above(100_000))
			g.start()
			slow := g.make(bare, slowCall)
			time.Sleep(time.Minute)
			before, large, after := g.make(bare, `"before"`), g.make(spec, long(150_000)), g.make(bare, `"after"`)
			g.want(g.verdicts(20*time.Second, slow, before, large, after), "- reply lost/unknown reply")
			if why := errorOf(large.out); why == nil || why.Message != tooLargeToPass {
				t.Errorf("%v", why)
			}
			if _, err := g.submit(spec, &fakeCall{data: []byte(long(150_000))}); err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
				t.Errorf("another: %v", err)
			}
			g.want(g.verdicts(0, g.make(bare, long(90_000))), "reply")
			if g.opened() != 3 || g.resumes != 2 {
				t.Errorf("%d connections, %d resumed", g.opened(), g.resumes)
			}
			g.conn().reply(slow.key)
			g.want(g.verdicts(0, slow), "reply")
			// The program asks for another try.
			g.cut = above(1 << 20)
			g.engine.Reconnect()
			g.want(g.verdicts(time.Second, g.make(bare, long(150_000))), "reply")
		})
	}
}

// Several that are too large are tried one by one, the first of them in vain;
// those that are no smaller are not tried any more.
func TestTooLargeRequestsInARow(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(above(100_000))
		g.start()
		var calls []*fakeCall
		for size := range 20 {
			c, _ := g.submit(bare, &fakeCall{data: []byte(long(20_000 + 10_000*size))})
			calls = append(calls, c)
		}
		g.engine.Wake()
		got := strings.ReplaceAll(g.verdicts(time.Minute, calls...), "invalid/unsent", "lost/unknown") // as far as it was sent
		g.want(got, strings.TrimSpace(strings.Repeat("reply ", 8)+strings.Repeat("lost/unknown ", 12)))
		if g.opened() > 14 {
			t.Errorf("%d connections", g.opened())
		}
	})
}

// A browser's socket takes a few at a time, so that each connection would bring
// others. Nor is a limit for ever that is only suspected.
func TestTooLargeRequestsThatWaitAreTriedToo(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(above(100_000))
		c := g.start()
		slow := g.make(bare, slowCall)
		synctest.Wait()
		c.stall(true)
		var calls []*fakeCall
		for size := range 40 {
			c, _ := g.submit(bare, &fakeCall{data: []byte(long(90_000 + 20_000*(size%2)))})
			calls = append(calls, c)
		}
		for range 20 { // one frame for each connection
			g.mu.Lock()
			c.mute = false
			g.mu.Unlock()
			c.Wake()
			g.verdicts(time.Second)
			c = g.conn()
		}
		want := strings.TrimSpace(strings.Repeat("reply lost/unknown ", 20))
		g.want(strings.ReplaceAll(g.verdicts(time.Minute, calls...), "invalid/unsent", "lost/unknown"), want)
		g.want(g.verdicts(0, slow), "-")
		if g.opened() > 4 {
			t.Errorf("%d connections", g.opened())
		}
		g.conn().reply(slow.key)
	})
}

// Its caller may have given it up before the connection ends.
func TestTooLargeRequestThatWasAborted(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(above(50_000))
		g.start()
		slow := g.make(bare, slowCall)
		g.make(bare, "1")
		synctest.Wait()
		g.dying = func() { g.abort(3) }
		large := g.make(bare, long(100_000))
		g.want(g.verdicts(time.Minute, slow, large), "- aborted/unknown")
		g.conn().reply(slow.key)
		g.want(g.verdicts(0, slow), "reply")
	})
}

// Nor does a limit that is smaller than any frame of several make it go on for
// ever, though others are answered each time.
func TestTooLargeForTheSmallestFrames(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(above(500))
		g.start()
		var calls []*fakeCall
		for range 20 {
			c, _ := g.submit(bare, &fakeCall{data: []byte(long(300))})
			calls = append(calls, c)
		}
		g.engine.Wake()
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			calls = append(calls, g.make(bare, "1"))
		}
		g.want(g.verdicts(time.Minute, calls...), strings.TrimSpace(strings.Repeat("reply ", 120)))
		if g.opened() > 10 {
			t.Errorf("%d connections", g.opened())
		}
	})
}

// The server's own frames are too large for us, or for something on the way:
// then the session is what brings them again and again.
func TestTooLargeOutcomesEndTheSession(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(func(frame []byte) protocol.CloseCode {
			if bytes.Contains(frame, []byte(`"resume":true`)) {
				return protocol.CloseTooLarge // the outcome comes at once
			}
			return 0
		})
		c := g.start()
		slow, other := g.make(bare, slowCall), g.make(idempotent, slowCall)
		synctest.Wait()
		c.drop(protocol.CloseTooLarge)
		g.want(g.verdicts(time.Minute, slow, other), "lost/unknown lost/unknown")
		g.want(g.verdicts(time.Minute, g.make(bare, "1")), "reply")
		if g.engine.sizes != (sizes{}) {
			t.Errorf("%+v was learned of frames that were not to blame", g.engine.sizes)
		}
		if opened := g.opened(); opened > 2+maxCloses {
			t.Errorf("%d connections", opened)
		}
	})
}

// A limit of our own closes at once what a new session may not.
func TestTooLargeForUsEndsTheSessionAtOnce(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(func([]byte) protocol.CloseCode { return 0 })
		c := g.start()
		slow := g.make(bare, slowCall)
		synctest.Wait()
		c.end(Closed{Code: protocol.CloseTooLarge, Local: true})
		g.want(g.verdicts(time.Second, slow), "lost/unknown")
		if g.opened() != 2 || g.resumes != 0 {
			t.Errorf("%d connections, %d resumed", g.opened(), g.resumes)
		}
	})
}

// A request that cuts its connection is found out, however many it shares its
// frame with, and those live. So it is for one that runs again and again.
func TestKillerIsLostAndItsNeighboursLive(t *testing.T) {
	for _, spec := range []Call[*fakeCall]{bare, idempotent} {
		bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
			g := n.through(with("word"))
			g.start()
			slow := g.make(bare, slowCall)
			time.Sleep(time.Minute)
			var calls []*fakeCall
			for i := range 20 {
				data := fmt.Sprintf(`"%d"`, i)
				if i%2 == 1 {
					data = slowCall
				}
				if i == 7 {
					data = `"word"`
				}
				s := bare
				if i == 7 {
					s = spec
				}
				c, _ := g.submit(s, &fakeCall{data: []byte(data)})
				calls = append(calls, c)
			}
			g.engine.Wake()
			g.want(g.verdicts(5*time.Minute, calls...), "reply - reply - reply - reply lost/unknown "+strings.TrimSpace(strings.Repeat("reply - ", 6)))
			why := errorOf(calls[7].out)
			if why == nil || !strings.Contains(why.Message, "broke each time that this request was sent, 6 times") {
				t.Errorf("%v", why)
			}
			g.want(g.verdicts(0, slow), "-")
			if g.opened() != 1+lostAt {
				t.Errorf("%d connections", g.opened())
			}
			if n := g.engine.Stats(); n.InDoubt+n.Queued > 0 {
				t.Errorf("%+v", n)
			}
			for _, c := range append(calls, slow) {
				if c.ends == 0 {
					g.conn().reply(c.key)
				}
			}
			g.want(g.verdicts(0, slow, calls[1]), "reply reply")
			g.want(g.verdicts(time.Minute, g.make(bare, "1")), "reply")
		})
	}
}

// While one is tried, and in between, others are sent, and none of them dies
// with it.
func TestCallsAreMadeWhileAKillerIsTried(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(with("word"))
		g.start()
		killer := g.make(bare, `"word"`)
		var calls []*fakeCall
		for range 2000 {
			time.Sleep(time.Millisecond)
			calls = append(calls, g.make(within(time.Minute), "1"))
		}
		g.want(g.verdicts(time.Minute, killer), "lost/unknown")
		if got := g.verdicts(0, calls...); strings.Trim(got, "reply ") != "" {
			t.Errorf("%s", got)
		}
	})
}

// Its caller, or its deadline, may be quicker.
func TestKillerAbortedWhileItIsTried(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(with("word"))
		g.start()
		g.dials(func(<-chan struct{}) *Closed { time.Sleep(time.Second); return nil })
		killer, late := g.make(bare, `"word"`), g.make(within(5500*time.Millisecond), `"word"`)
		for g.opened() < 4 {
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		g.abort(killer.key)
		g.want(g.verdicts(time.Minute, killer, late), "aborted/unknown timeout/unknown")
		g.want(g.verdicts(time.Minute, g.make(bare, "1")), "reply")
		if len(g.engine.suspects) > 0 {
			t.Errorf("%v", g.engine.suspects)
		}
	})
}

// A slow call is not to blame for the network: each time, the pong shows that it
// has passed.
func TestSlowCallOutlivesFiftyDeaths(t *testing.T) {
	for name, wait := range map[string]time.Duration{"quick": 0, "after a while": 30 * time.Second} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
				g := n.through(func([]byte) protocol.CloseCode { return 0 })
				c := g.start()
				slow, other := g.make(bare, slowCall), g.make(idempotent, slowCall)
				for range 50 {
					time.Sleep(wait)
					synctest.Wait() // as long as a pong takes
					c.drop(protocol.CloseAbnormal)
					time.Sleep(time.Second)
					c = g.conn()
				}
				g.want(g.verdicts(0, slow, other), "- -")
				c.reply(slow.key, other.key)
				g.want(g.verdicts(0, slow, other), "reply reply")
			})
		})
	}
}

// A call whose handler takes the server down does so in each session.
func TestKillerOfSessionsIsLost(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		g := n.through(with("word"))
		g.forgets = true
		g.start()
		killer, slow, quick := g.make(idempotent, `"word"`), g.make(idempotent, slowCall), g.make(idempotent, "1")
		g.want(g.verdicts(5*time.Minute, killer, slow, quick), "lost/unknown - reply")
		g.conn().reply(slow.key)
		g.want(g.verdicts(0, slow), "reply")
	})
}

// A server of plain mode may never answer a ping: to hold is to have passed.
func TestKillerInPlainMode(t *testing.T) {
	bubble(t, Options{Plain: true, Reconnect: soon}, func(n *fakeNet) {
		g := n.through(with("word"))
		g.deaf = true
		g.engine.Start()
		named := func(name string) Call[*fakeCall] { return Call[*fakeCall]{Name: name, Idempotent: true} }
		killer := g.make(named("a"), `{"key":"a","x":"word"}`)
		slow := g.make(named("b"), `{"key":"b","x":"slow"}`)
		quick := g.make(named("c"), `{"key":"c"}`)
		g.want(g.verdicts(5*time.Minute, killer, slow, quick), "lost/unknown - reply")
		g.conn().receive(`{"key":"b"}`)
		g.want(g.verdicts(0, slow), "reply")
	})
}

func TestTooLargeInPlainMode(t *testing.T) {
	bubble(t, Options{Plain: true, Reconnect: soon}, func(n *fakeNet) {
		g := n.through(above(1000))
		g.engine.Start()
		named := func(name string) Call[*fakeCall] { return Call[*fakeCall]{Name: name, Idempotent: true} }
		slow := g.make(named("b"), `{"key":"b","x":"slow"}`)
		large := g.make(named("a"), `{"key":"a","x":`+long(10_000)+`}`)
		quick := g.make(named("c"), `{"key":"c"}`)
		g.want(g.verdicts(time.Minute, large, slow, quick), "lost/unknown - reply")
	})
}
