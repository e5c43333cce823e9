package engine

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
)

// lengths takes the frames that conn has got since the last time.
func (c *fakeConn) lengths() (all []int) {
	synctest.Wait()
	for len(c.sent) > 0 {
		all = append(all, len(<-c.sent))
	}
	return all
}

// fits is the largest payload that a frame of so many bytes takes, alone.
func fits(frame int) int { return frame - len(`[{"key":1,"data":}]`) }

func TestFrameLimitAfterWelcome(t *testing.T) {
	for _, limit := range []int{protocol.FirstFrame, 100_000, 1 << 20} {
		bubble(t, Options{}, func(n *fakeNet) {
			w := welcome
			w.Limits.Frame = limit
			n.answers(&w)
			c := n.start()
			c.lengths()
			if _, err := n.call(bare, fits(limit)); err != nil {
				t.Fatal(err)
			}
			_, err := n.call(bare, fits(limit)+1)
			if err == nil || err.Code != CodeInvalid || err.Fate != Unsent {
				t.Errorf("one byte more than %d: %v", limit, err)
			}
			n.engine.Wake()
			if got := c.lengths(); len(got) != 1 || got[0] != limit {
				t.Errorf("frames of %v bytes, limit %d", got, limit)
			}
		})
	}
}

const helloSize = len(`{"hello":{"session":"00000000-0000-0000-0000-000000000000","resume":false}},`)

func TestFrameLimitBeforeWelcome(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(nil)
		n.engine.Start()
		c := n.conn()
		c.lengths()
		for _, size := range []int{fits(protocol.FirstFrame), fits(protocol.FirstFrame) + 1, 1} {
			if _, err := n.call(bare, size); err != nil {
				t.Fatal(err)
			}
		}
		n.engine.Wake()
		n.want("connecting dial >hello >1")
		if got := c.lengths(); got[0] != protocol.FirstFrame {
			t.Errorf("a frame of %d bytes", got[0])
		}
		n.engine.Welcome(c, welcome) // what is larger has waited, and all behind it
		n.want("open >2 >3")
	})
}

func TestHelloAndRequestShareAFrameToTheByte(t *testing.T) {
	for _, more := range []int{0, 1} {
		bubble(t, Options{}, func(n *fakeNet) {
			n.answers(nil)
			// The target leaves out the last byte.
			n.call(bare, fits(frameTarget-1)-helloSize+more)
			n.engine.Start()
			n.want([]string{"connecting dial >hello,1", "connecting dial >hello >1"}[more])
			if got := n.conn().lengths(); more == 0 && got[0] != frameTarget-1 {
				t.Errorf("a frame of %v bytes", got)
			}
		})
	}
}

func TestTooLargeForTheWelcomeFails(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		w := welcome
		w.Limits.Frame = 70_000
		n.answers(&w)
		n.call(bare, fits(70_000)+1)
		n.call(bare, fits(70_000))
		n.engine.Start()
		n.wantAll("connecting dial >hello open 1=invalid/unsent >2")
	})
}

func TestLargestLimits(t *testing.T) {
	for _, limits := range []protocol.Limits{{}, {Frame: -1, Requests: -1}, {Frame: math.MaxInt, Requests: math.MaxInt}} {
		bubble(t, Options{}, func(n *fakeNet) {
			n.answers(&protocol.Welcome{Limits: limits})
			n.start()
			n.send(bare)
			n.want(">1")
		})
	}
}

func TestFrameTarget(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		c.lengths()
		for range 100 {
			n.call(bare, 2000)
		}
		n.call(bare, 200_000) // larger than the target: alone
		n.call(bare, 1)
		n.engine.Wake()
		n.want(">1,2,3,…,32 >33,34,35,…,64 >65,66,67,…,96 >97,98,99,100 >101 >102")
		for i, length := range c.lengths() {
			if length > frameTarget && i != 4 {
				t.Errorf("frame %d has %d bytes", i, length)
			}
		}
	})
}

func TestWindowBeforeAndAfterWelcome(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(nil)
		n.send(times(100, bare)...)
		n.engine.Start()
		n.want("connecting dial >hello,1,2,…,64")
		c := n.conn()
		c.reply(1)
		n.want("1=reply >65")
		c.reply(2)
		n.want("2=reply >66")
		n.engine.Welcome(c, protocol.Welcome{Limits: protocol.Limits{Requests: 70}})
		n.want("open >67,68,69,70,71,72")
		n.abort(3)
		n.want("3=aborted/unknown >-3,73")
	})
}

// reply's many settles of one frame open the window for as many.
func TestWindowOpensOnReply(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		w := welcome
		w.Limits.Requests = 64
		n.answers(&w)
		c := n.start()
		n.send(times(1000, bare)...)
		for key := protocol.Key(1); key <= 1000; key++ {
			c.reply(key)
		}
		synctest.Wait()
		if s := n.engine.Stats(); s.Pending != 0 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestCancelsGoBeforeRequests(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		w := welcome
		w.Limits.Requests = 1500
		n.answers(&w)
		c := n.start()
		n.send(times(3000, bare)...)
		n.skip()
		c.lengths()
		c.stall(true)
		for key := protocol.Key(1); key <= 1500; key++ {
			n.abort(key)
		}
		n.skip()
		c.stall(false)
		n.want(">-1,-2,-3,…,-1000 >-1001,-1002,-1003,…,3000")
	})
}

func TestPlainOneRequestAFrame(t *testing.T) {
	bubble(t, Options{Plain: true}, func(n *fakeNet) {
		n.send(Call[*fakeCall]{Name: "a"}, Call[*fakeCall]{Name: "b"})
		n.engine.Start()
		n.wantAll(`connecting dial open >{"key":"a"} >{"key":"b"}`)
		n.abort(1) // the server can't be told
		n.want("1=aborted/unknown")
	})
}

func TestPingGoesAloneAndBehindTheHello(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		n.answers(nil)
		n.dials(hang)
		n.engine.Start()
		n.skip()
		n.dials(accept)
		n.engine.Reconnect()
		n.want("dial >hello")
		c := n.conn()
		c.stall(true)
		n.send(bare)
		n.engine.Pinged(c)
		n.engine.Pinged(c)
		n.engine.Nudge()
		synctest.Wait()
		c.stall(false)
		n.want(">pong >ping")
		c.receive("pong")
		n.want(">1")
	})
}
