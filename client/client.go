//go:build !js

package client

import (
	"sync"
	"sync/atomic"

	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// Client makes calls from a Go program. Its methods may be called from any
// goroutine.
type Client struct {
	url     string
	opts    DialOptions
	engine  *engine.Engine[*request]
	frames  *engine.Decoder[*request]
	topics  topics
	sockets sync.WaitGroup // goroutines of connections
	out, in atomic.Int64   // frames

	order sync.Mutex   // held while a key is made and submitted, so that keys grow
	key   protocol.Key // the last one

	mu      sync.Mutex // protects following
	last    Change     // the last StateWaiting or StateClosed
	changes []Change   // of which OnChange has not been told
	telling bool       // a goroutine is telling them
	first   chan error // what Dial waits for; nil once that is there
}

// Close ends everything and waits until it has ended, which takes at most a
// second or so. Calls without an outcome fail as CodeClosed. It always returns
// nil.
func (c *Client) Close() error {
	c.topics.close()
	c.engine.Close()
	<-c.engine.Done()
	c.sockets.Wait()
	return nil
}

// State is what the client is doing now.
func (c *Client) State() State { return c.engine.State() }

// Reconnect closes the present connection, if there is one, and connects anew
// at once, even after giving up. After Close it does nothing.
func (c *Client) Reconnect() { c.engine.Reconnect() }

// Nudge says that now is a good time, as after the machine woke or the network
// came back: waiting for the next attempt ends, and an open connection has to
// show within 3 s that it is alive.
func (c *Client) Nudge() { c.engine.Nudge() }

// ClientStats is a snapshot.
type ClientStats struct {
	Stats
	FramesOut int
	FramesIn  int
	Unmatched int // messages that no call waited for, such as late replies
	Garbage   int // frames, and messages of frames, that could not be read
}

// Stats counts.
func (c *Client) Stats() ClientStats {
	return ClientStats{
		Stats:     c.engine.Stats(),
		FramesOut: int(c.out.Load()),
		FramesIn:  int(c.in.Load()),
		Unmatched: c.frames.Unmatched(),
		Garbage:   c.frames.Garbage(),
	}
}
