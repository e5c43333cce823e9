package engine

import (
	"bytes"
	"strings"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// gauntlet is what frames must pass on their way to a server that answers all
// requests but those with the word "slow". cut says with which code a frame
// ends the connection, 0 if it passes.
type gauntlet struct {
	*fakeNet
	cut     func(frame []byte) protocol.CloseCode
	forgets bool   // the server loses the session with each connection
	deaf    bool   // it answers no pings
	dying   func() // called before a connection is cut

	dead    int // the last connection that was cut
	ran     map[protocol.Key]int
	sizes   []int          // of frames that have passed, on the last connection
	trials  []protocol.Key // requests that went alone, in order
	resumes int
}

func (n *fakeNet) through(cut func(frame []byte) protocol.CloseCode) *gauntlet {
	g := &gauntlet{fakeNet: n, cut: cut, ran: map[protocol.Key]int{}}
	n.answers(nil)
	n.framed = g.takes
	return g
}

func (g *gauntlet) takes(c *fakeConn, b *Batch[*fakeCall], size int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.number == g.dead {
		return
	}
	frame, _ := AppendFrame(nil, b, g.plain, (*fakeCall).content, (*fakeCall).beside)
	if len(b.Items) == 1 && b.Hello == nil && b.Ack == 0 {
		g.trials = append(g.trials, b.Items[0].Key)
	}
	if code := g.cut(frame); code != 0 {
		g.dead = c.number
		go func() {
			if g.dying != nil {
				g.dying()
			}
			c.drop(code)
		}()
		return
	}
	if b.Hello != nil {
		g.sizes = nil
		w := welcome
		w.Resumed = b.Hello.Resume && !g.forgets
		if w.Resumed {
			w.Acked = b.Hello.Ack
			g.resumes++
		}
		go c.receive(string(append(protocol.AppendWelcome([]byte("["), w), ']')))
	}
	if b.Word == protocol.Ping && !g.deaf {
		go c.receive(protocol.Pong)
	}
	if len(b.Items) > 0 {
		g.sizes = append(g.sizes, size)
	}
	var replies []byte
	for _, item := range b.Items {
		if item.Cancel {
			continue
		}
		g.ran[item.Key]++
		if bytes.Contains(item.Payload.data, []byte("slow")) {
			continue
		}
		if replies = protocol.AppendRequest(protocol.Join(replies), item.Key, nil); g.plain {
			go c.receive(string(item.Payload.data))
		}
	}
	if replies != nil && !g.plain {
		go c.receive(string(append(replies, ']')))
	}
}

// make makes a call.
func (g *gauntlet) make(spec Call[*fakeCall], data string) *fakeCall {
	g.t.Helper()
	c, err := g.submit(spec, &fakeCall{data: []byte(data)})
	if err != nil {
		g.t.Fatal(err)
	}
	g.engine.Wake()
	return c
}

// verdicts waits, and tells what became of calls.
func (g *gauntlet) verdicts(d time.Duration, calls ...*fakeCall) string {
	time.Sleep(d)
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []string
	for _, c := range calls {
		if c.ends == 0 {
			found = append(found, "-")
		} else {
			found = append(found, verdict(c.out))
		}
	}
	return strings.Join(found, " ")
}

func (g *gauntlet) want(got, want string) {
	g.t.Helper()
	if got != want {
		g.t.Errorf("got %s\nwant %s", got, want)
	}
}

func (g *gauntlet) opened() int { return g.engine.Stats().Opened }

func above(limit int) func([]byte) protocol.CloseCode {
	return func(frame []byte) protocol.CloseCode {
		if len(frame) > limit {
			return protocol.CloseTooLarge
		}
		return 0
	}
}

func with(word string) func([]byte) protocol.CloseCode {
	return func(frame []byte) protocol.CloseCode {
		if bytes.Contains(frame, []byte(word)) {
			return protocol.CloseAbnormal
		}
		return 0
	}
}

const slowCall = `"slow"`

func long(bytes int) string { return `"` + strings.Repeat("x", bytes-2) + `"` }
