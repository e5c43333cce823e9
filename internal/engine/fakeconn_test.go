package engine

import (
	"fmt"
	"sync"

	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

// fakeConn is a connection of fakeNet.
type fakeConn struct {
	net    *fakeNet
	number int
	wake   chan struct{}
	done   chan Closed
	ready  chan struct{} // closed by the first Wake: the engine has adopted it
	gone   chan struct{} // closed by Close
	woken  sync.Once
	once   sync.Once
	sent   chan string // frames, and at last "x" and the close code
	mute   bool        // guarded by net.mu: nothing is pulled
	full   bool        // the same: no parts are
	reason string
}

// pump sends what the engine has to send.
func (c *fakeConn) pump() {
	var b Batch[*fakeCall]
	for {
		select {
		case <-c.gone:
			return
		case <-c.wake:
		}
		for c.look(&b) && c.net.engine.Next(c, &b) {
			if b.Note {
				c.net.mu.Lock()
				c.net.note(">note")
				c.net.mu.Unlock()
			}
			if b.Bare() {
				continue
			}
			frame, _ := AppendFrame(nil, &b, c.net.plain, (*fakeCall).content, (*fakeCall).beside)
			if c.net.framed != nil {
				c.net.framed(c, &b, len(frame))
			}
			c.took(frame, b.Hello)
		}
	}
}

// look sees what the socket takes now, and reports whether it is anything.
func (c *fakeConn) look(b *Batch[*fakeCall]) bool {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	b.NoParts = c.full
	return !c.mute && !c.net.held
}

// noParts makes the socket take no parts, as one with enough in its buffer.
func (c *fakeConn) noParts(full bool) {
	c.net.mu.Lock()
	c.full = full
	c.net.mu.Unlock()
	c.Wake()
}

// stall makes the socket take nothing, as one whose buffer is full.
func (c *fakeConn) stall(mute bool) {
	c.net.mu.Lock()
	c.mute = mute
	c.net.mu.Unlock()
	c.Wake()
}

func (c *fakeConn) took(frame []byte, hello *protocol.Hello) {
	c.net.mu.Lock()
	c.net.note(">%s", contract.Brief(string(frame)))
	answer := c.net.answer
	c.net.mu.Unlock()
	c.tell(string(frame))
	if hello != nil && answer != nil {
		w := *answer
		w.Session = hello.Session
		if c.net.engine.opts.Heartbeat.After == never {
			w.Heartbeat = 0
		}
		c.receive(string(append(protocol.AppendWelcome([]byte("["), w), ']')))
	}
}

// tell lets whoever looks see a frame. A test that looks at none may send more
// than there is room for.
func (c *fakeConn) tell(frame string) {
	select {
	case c.sent <- frame:
	default:
	}
}

// reads waits until what is sent to the engine is read, and says whether it is.
func (c *fakeConn) reads() bool {
	select {
	case <-c.gone:
		return false
	case <-c.ready:
	}
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}

// receive is what the other end does to send a frame.
func (c *fakeConn) receive(frame string) {
	if !c.reads() {
		return
	}
	c.net.reading.Lock()
	defer c.net.reading.Unlock()
	if len(frame) > 4 && frame[0] == 0 {
		c.net.frames.Binary(c, []byte(frame))
	} else {
		c.net.frames.Text(c, []byte(frame))
	}
}

// reply answers calls, once they have been sent.
func (c *fakeConn) reply(keys ...protocol.Key) {
	c.net.rest()
	var frame []byte
	for _, key := range keys {
		frame = protocol.AppendRequest(protocol.Join(frame), key, nil)
	}
	c.receive(string(append(frame, ']')))
}

// drop ends the connection from the other end, with a code or with 1006.
func (c *fakeConn) drop(code protocol.CloseCode) { c.end(Closed{Code: code, Reason: "dropped"}) }

func (c *fakeConn) end(why Closed) {
	select {
	case c.done <- why:
	default:
	}
}

// Wake is the engine's.
func (c *fakeConn) Wake() {
	c.woken.Do(func() {
		if c.ready != nil {
			close(c.ready)
		}
	})
	signal(c.wake)
}

// Done is the engine's.
func (c *fakeConn) Done() <-chan Closed { return c.done }

// Close is the engine's.
func (c *fakeConn) Close(code protocol.CloseCode, reason string) {
	c.once.Do(func() {
		c.net.mu.Lock()
		c.net.note("x%d", code)
		c.net.live--
		c.reason = reason
		c.net.mu.Unlock()
		close(c.gone)
		c.tell(fmt.Sprintf("x%d", code))
	})
}
