package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// What is sent after a nudge waits until the connection has shown that it is
// alive; and if it does not, for the next one.
func TestNudgeHoldsRequestsBack(t *testing.T) {
	bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
		c := n.start()
		n.send(bare)
		n.want(">1")
		n.engine.Nudge()
		n.send(bare)
		n.abort(1)
		n.want("1=aborted/unknown >ping")
		c.receive("pong")
		n.want(">-1,2")
		n.engine.Nudge()
		n.send(bare)
		n.after(3*time.Second-1, ">ping")
		n.after(1, "x4411 waiting connecting dial >hello/resume,3 2=lost/unknown open")
	})
}

// A machine that wakes, or loses its network, hands over what it has kept from
// before: that is no sign of life.
func TestProbeIsAnsweredByItsPong(t *testing.T) {
	const dead = "x4411 waiting connecting dial >hello/resume,1 open"
	for name, test := range map[string]func(n *fakeNet, c *fakeConn){
		"a frame at once is none": func(n *fakeNet, c *fakeConn) {
			n.after(time.Second-1, ">ping")
			c.receive("[]")
			n.after(3*time.Second-1, "") // something comes, so the pong may too
			n.after(1, dead)
		},
		"one that comes later is": func(n *fakeNet, c *fakeConn) {
			n.after(time.Second, ">ping")
			c.receive("[]")
			n.want(">1")
		},
		"behind a long frame": func(n *fakeNet, c *fakeConn) {
			n.after(time.Second-1, ">ping")
			c.receive("[]")
			n.after(3*time.Second-1, "")
			c.receive("pong")
			n.want(">1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
				c := n.start()
				n.engine.Nudge()
				n.send(bare)
				test(n, c)
			})
		})
	}
}

func TestProbeIsNotAnsweredByAnEarlierPong(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.after(25*time.Second, ">ping")
		n.engine.Nudge()
		n.send(bare)
		n.want(">ping")
		c.receive("pong")
		n.want("")
		c.receive("pong")
		n.want(">1")
	})
	// A server that has swallowed one is not held to it for ever.
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.after(25*time.Second, ">ping")
		c.receive("[]")
		n.after(25*time.Second, ">ping")
		c.receive("pong")
		n.engine.Nudge()
		n.send(bare)
		n.want(">ping")
		c.receive("pong")
		n.want(">1")
	})
}

// Even where the socket asks for more before the engine's goroutine runs.
func TestNudgeHoldsBackAtOnce(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		c.stall(true)
		n.skip()
		n.send(bare)
		n.engine.Nudge()
		var b Batch[*fakeCall]
		if !n.engine.Next(c, &b) || b.Word != protocol.Ping || n.engine.Next(c, &b) {
			t.Errorf("it sends %+v", b)
		}
	})
}

func TestPongIsNotHeldBack(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		n.engine.Nudge()
		n.want(">ping")
		n.engine.Pinged(c)
		n.want(">pong")
	})
}

// What has no deadline and no proof of death must not wait for ever.
func TestNudgeHoldsNothingBackWhereSilenceProvesNothing(t *testing.T) {
	bubble(t, Options{Heartbeat: Heartbeat{Timeout: -1}}, func(n *fakeNet) {
		n.start()
		n.engine.Nudge()
		n.send(bare)
		n.want(">ping >1")
	})
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		c := n.start()
		n.engine.Nudge()
		n.send(Call[*fakeCall]{Name: "a"})
		n.want(`>ping >{"key":"a"}`)
		c.receive(`{"key":"a"}`)
		n.engine.Nudge()
		n.want("1=reply >ping")
		c.receive("pong") // from now on it is held to answer
		n.engine.Nudge()
		n.send(Call[*fakeCall]{Name: "b"})
		n.want(">ping")
	})
}

// The hello is no request: a connection that has just been opened is not
// doubted.
func TestNudgeBeforeTheHello(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.told = func(c Change) {
			if c.State == StateOpen {
				n.engine.Nudge()
			}
		}
		n.send(bare)
		n.engine.Start()
		n.want("connecting dial >hello,1 open >ping")
	})
}

// While the machine sleeps no timer fires, and the first that happens may be a
// call.
func TestSleepHoldsRequestsBack(t *testing.T) {
	const limit = 25*time.Second + 10*time.Second + slack
	for slept, held := range map[time.Duration]bool{limit: false, limit + 1: true, 8 * time.Hour: true} {
		late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
			time.Sleep(slept)
			e.Submit(Call[*fakeCall]{Key: 1})
			if held {
				wantProbe(t, e, c)
				return
			}
			var b Batch[*fakeCall]
			if !e.Next(c, &b) || len(b.Items) != 1 {
				t.Errorf("after %v it sends %+v", slept, b)
			}
		})
	}
}

// wantProbe wants a ping to be sent, and the one call only after its pong.
func wantProbe(t *testing.T, e *Engine[*fakeCall], c *fakeConn) {
	t.Helper()
	var b Batch[*fakeCall]
	if !e.Next(c, &b) || b.Word != protocol.Ping || e.Next(c, &b) {
		t.Errorf("it sends %+v", b)
	}
	alive(t, e)
	e.Received(c, 4)
	e.Ponged(c)
	if !e.Next(c, &b) || len(b.Items) != 1 {
		t.Errorf("after the pong it sends %+v", b)
	}
}

// Or a frame that has been there since before.
func TestSleepBeforeAFrame(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		time.Sleep(8 * time.Hour)
		e.Received(c, 100)
		e.Submit(Call[*fakeCall]{Key: 1})
		wantProbe(t, e, c)
	})
}

func TestSleepDead(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		time.Sleep(time.Hour)
		e.Submit(Call[*fakeCall]{Key: 1})
		var b Batch[*fakeCall]
		e.Next(c, &b)
		time.Sleep(probeTimeout - 1)
		alive(t, e)
		time.Sleep(time.Nanosecond)
		if _, _, end := e.check(); end == nil {
			t.Error("a dead connection lives")
		}
		if e.Next(c, &b) {
			t.Errorf("it sends %+v", b)
		}
	})
}

// The server's own, shorter heartbeat counts too.
func TestSleepByTheServersHeartbeat(t *testing.T) {
	late(t, Options{}, func(e *Engine[*fakeCall], c *fakeConn) {
		e.conn.heartbeat.silence = time.Second
		time.Sleep(time.Second + 10*time.Second + slack + 1)
		e.Submit(Call[*fakeCall]{Key: 1})
		var b Batch[*fakeCall]
		if !e.Next(c, &b) || b.Word != protocol.Ping {
			t.Errorf("it sends %+v", b)
		}
	})
}
