package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func TestOpenSilentPingDeadReconnect(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.start()
		n.after(25*time.Second-1, "")
		n.after(1, ">ping")
		n.after(10*time.Second-1, "")
		n.after(1, "x4411 waiting connecting dial >hello/resume open")
	})
}

func TestOpenSilentPingPong(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.after(25*time.Second, ">ping")
		for range 5 {
			time.Sleep(9 * time.Second)
			c.receive("pong")
			n.after(16*time.Second-1, "")
			n.after(1, ">ping") // 25 s after the last one
			time.Sleep(9 * time.Second)
			c.receive("[]") // any byte counts
			n.after(16*time.Second-1, "")
			n.after(1, ">ping") // 25 s after the last one
		}
	})
}

func TestPingWhenNothingIsSent(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		for range 24 {
			time.Sleep(time.Second)
			c.receive("[]")
		}
		n.after(time.Second, ">ping")
	})
}

func TestPingWhenNothingIsReceived(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.start()
		for range 24 {
			time.Sleep(time.Second)
			n.send(bare)
		}
		n.skip()
		n.after(time.Second, ">ping")
	})
}

func TestNoPingWhileBusy(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		for range 20 {
			time.Sleep(20 * time.Second)
			n.send(bare)
			c.reply(n.key)
			synctest.Wait()
		}
		for _, word := range n.words {
			if word == ">ping" {
				t.Fatal("a busy connection was pinged")
			}
		}
	})
}

func TestWelcomeShortensHeartbeat(t *testing.T) {
	for wish, want := range map[int64]time.Duration{
		10_000: 10 * time.Second, 60_000: 25 * time.Second, 0: 25 * time.Second, -5: 25 * time.Second,
		1: time.Second, 1<<63 - 1: 25 * time.Second,
	} {
		bubble(t, Options{}, func(n *fakeNet) {
			n.answers(&protocol.Welcome{Heartbeat: wish})
			n.start()
			n.after(want-1, "")
			n.after(1, ">ping")
		})
	}
}

func TestPlainSilentPingSilentPing(t *testing.T) {
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		n.start()
		for range 10 { // it never answers, and is left alone
			n.after(25*time.Second, ">ping")
		}
	})
}

func TestPlainPongThenSilentPingDead(t *testing.T) {
	bubble(t, Options{Plain: true, Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.after(25*time.Second, ">ping")
		c.receive("anything")
		n.after(25*time.Second, ">ping")
		n.after(10*time.Second, "x4411 waiting connecting dial open")
		// The new connection may lead to another server.
		n.after(25*time.Second, ">ping")
		n.after(10*time.Second, "")
	})
}

// A slow reply that happens to come after a ping is no answer to that.
func TestPlainReplyIsNoPong(t *testing.T) {
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		c := n.start()
		n.send(Call[*fakeCall]{Name: "a"})
		n.after(26*time.Second, `>{"key":"a"} >ping`)
		c.receive(`{"key":"a"}`)
		n.after(24*time.Second, "1=reply >ping")
		n.after(24*time.Second, "")
	})
}

func TestHeartbeatOff(t *testing.T) {
	bubble(t, Options{Heartbeat: Heartbeat{Timeout: -1}}, func(n *fakeNet) {
		n.start()
		n.after(25*time.Second, ">ping")
		n.after(25*time.Second, ">ping")
	})
	bubble(t, Options{Heartbeat: Heartbeat{After: -1}}, func(n *fakeNet) {
		n.answers(&protocol.Welcome{})
		n.start()
		n.after(24*time.Hour, "")
	})
}

func TestServerPings(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		c.receive("ping")
		n.want(">pong")
	})
}

func TestNudgeProbes(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.engine.Nudge()
		n.want(">ping")
		c.receive("pong")
		n.after(20*time.Second, "")
		n.engine.Nudge()
		n.after(3*time.Second-1, ">ping")
		n.after(1, "x4411 waiting connecting dial >hello/resume open")
	})
}

// Whoever nudges again and again must not keep a dead connection alive.
func TestNudgesDoNotPutOffTheEnd(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.start()
		n.engine.Nudge()
		n.want(">ping")
		for range 2 {
			time.Sleep(time.Second)
			n.engine.Nudge()
		}
		n.want("")
		n.after(time.Second, "x4411 waiting connecting dial >hello/resume open")
	})
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.start()
		n.after(26*time.Second, ">ping")
		n.engine.Nudge() // 3 s from now is earlier than 10 s from the ping
		n.after(3*time.Second, ">ping x4411 waiting connecting dial >hello/resume open")
	})
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.start()
		n.after(34*time.Second, ">ping")
		n.engine.Nudge()
		n.after(time.Second, "x4411 waiting connecting dial >hello/resume open")
	})
}

func TestNudgeWhileDialingIsNoProbe(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.dials(func(<-chan struct{}) *Closed { time.Sleep(time.Second); return nil })
		n.engine.Start()
		n.want("connecting dial")
		n.engine.Nudge()
		n.after(5*time.Second, ">hello open")
	})
}

func TestNoWelcomeDead(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Start()
		n.want("connecting dial >hello")
		n.after(5*time.Second, "")
		n.conn().receive("[]") // life is not enough
		n.after(5*time.Second-1, "")
		n.after(1, "x4408 waiting connecting dial >hello/resume")
		n.after(9*time.Second, "")
		n.engine.Welcome(n.conn(), welcome) // late, but in time
		n.want("open")
	})
}

// late is an engine whose timers are late: check is called when a test says.
func late(t *testing.T, opts Options, f func(e *Engine[*fakeCall], c *fakeConn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, opts)
		c := &fakeConn{net: n, wake: make(chan struct{}, 1)}
		n.engine.adopt(c, "", n.engine.now())
		n.engine.Next(c, new(Batch[*fakeCall])) // the hello
		n.engine.Welcome(c, welcome)
		f(n.engine, c)
	})
}

func alive(t *testing.T, e *Engine[*fakeCall]) {
	t.Helper()
	if _, _, end := e.check(); end != nil {
		t.Fatalf("a healthy connection was ended: %v", end)
	}
}

// A hidden tab's timers fire once a minute.
func TestHiddenTabHealthy(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		for range 20 {
			time.Sleep(time.Minute)
			alive(t, e)
			if !e.conn.heartbeat.ping {
				t.Error("no ping after a minute of silence")
			}
			e.conn.heartbeat.ping = false
			time.Sleep(time.Second / 10)
			e.Received(c, 0) // the pong
		}
	})
}

// The timer is late, and the pong is read only after it.
func TestHiddenTabPongBehindTheTimer(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		for range 20 {
			time.Sleep(time.Minute)
			alive(t, e) // pings
			time.Sleep(time.Minute)
			alive(t, e) // pardons
			e.Received(c, 0)
		}
	})
}

func TestHiddenTabDead(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		time.Sleep(time.Minute)
		alive(t, e)
		time.Sleep(time.Minute)
		alive(t, e) // once more
		time.Sleep(time.Minute)
		if _, _, end := e.check(); end == nil || end.Code != protocol.CloseHeartbeat {
			t.Errorf("a dead connection lives: %v", end)
		}
	})
}

func TestPromptTimerIsNotPardoned(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		time.Sleep(25 * time.Second)
		alive(t, e)
		time.Sleep(10*time.Second + stall)
		if _, _, end := e.check(); end == nil {
			t.Error("a dead connection lives")
		}
	})
}

func TestCheckNeverSpins(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		for range 1000 {
			next, _, end := e.check()
			if end != nil {
				return
			}
			if next <= 0 {
				t.Fatalf("look again after %v", next)
			}
			time.Sleep(next)
		}
	})
}
