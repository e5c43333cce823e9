package engine

import (
	"fmt"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// fakeParts are what a fakeCall has beside its data and its outcome.
type fakeParts struct {
	asBytes  bool // the data is
	open     bool
	window   int
	feeding  sync.Mutex
	fed      [][]byte // parts of the body; guarded by feeding, as released
	bytes    bool     // they are bytes
	complete bool     // there are no others
	released uint64   // of these, the host has let go
	taken    uint64
	arrived  []string // parts of the stream
	took     int
}

func (c *fakeCall) content() []byte { return c.data }

func (c *fakeCall) beside() *Extra {
	if !c.open && c.window == 0 && !c.asBytes {
		return nil
	}
	return &Extra{Bytes: c.asBytes, Open: c.open, Window: c.window, Part: func(n uint64) ([]byte, bool) {
		return c.part(n), c.bytes
	}}
}

// part is the n-th of the body, from 0 on.
func (c *fakeCall) part(n uint64) []byte {
	c.feeding.Lock()
	defer c.feeding.Unlock()
	if n < c.released {
		panic(fmt.Sprintf("part %d of %d was let go", n, c.key))
	}
	return c.fed[n]
}

// parts and others are told by the Decoder.
func (n *fakeNet) parts(c *fakeCall, parts [][]byte, _ bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, part := range parts {
		c.arrived = append(c.arrived, string(part))
	}
}

func (n *fakeNet) got(c *fakeCall, parts uint64) {
	c.feeding.Lock()
	defer c.feeding.Unlock()
	c.released = max(c.released, parts)
}

func (n *fakeNet) taken(c *fakeCall, parts uint64, _ int) {
	n.got(c, parts)
	n.mu.Lock()
	defer n.mu.Unlock()
	c.taken = parts
}

// feed gives parts of these sizes to a body. They leave with what openCall and
// feed have had before, once the test waits.
func (n *fakeNet) feed(c *fakeCall, sizes ...int) {
	n.hold(true)
	n.give(c, sizes...)
}

// give is feed for what leaves at any time.
func (n *fakeNet) give(c *fakeCall, sizes ...int) {
	for _, size := range sizes {
		c.feeding.Lock()
		c.fed = append(c.fed, payload(size))
		c.feeding.Unlock()
		n.engine.Feed(c.key, size)
	}
}

// took reads parts of a stream.
func (n *fakeNet) took(c *fakeCall, parts int) {
	n.mu.Lock()
	c.took += parts
	n.mu.Unlock()
	n.engine.Took(c.key, parts)
}

// openCall makes a call with a body of JSON, or a stream, or both. Its request
// leaves once the test waits.
func (n *fakeNet) openCall(spec Call[*fakeCall]) *fakeCall {
	n.t.Helper()
	n.hold(true)
	c, err := n.call(spec, 1)
	if err != nil {
		n.t.Fatalf("failed to submit: %v", err)
	}
	n.engine.Wake()
	return c
}

// frameOf is a frame of messages.
func frameOf(messages ...string) string {
	frame := "["
	for i, m := range messages {
		if i > 0 {
			frame += ","
		}
		frame += m
	}
	return frame + "]"
}

func gotMessage(key protocol.Key, n uint64) string {
	return string(protocol.AppendGot(nil, key, n))
}

func takenMessage(key protocol.Key, n uint64, window int) string {
	return string(protocol.AppendTaken(nil, key, n, window))
}

// partsMessage has n parts of a size.
func partsMessage(key protocol.Key, n, size int) string {
	m := protocol.AppendParts(nil, key, -1, payload(size))
	for range n - 1 {
		m = protocol.AppendNext(m, payload(size))
	}
	return string(protocol.AppendPartsEnd(m, n*size))
}

// asking asks to be told when the parts of a message were taken.
func asking(message string) string { return string(protocol.AppendAsk([]byte(message))) }

func replyMessage(key protocol.Key) string {
	return string(protocol.AppendRequest(nil, key, nil))
}
