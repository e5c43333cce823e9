package server

import (
	"fmt"

	"github.com/sockjax/sockjax/internal/sendq"
	"github.com/sockjax/sockjax/protocol"
)

// What a client says about parts: of bodies, of its credit for streams, and of
// requests that come in pieces.

// maxGrant is by how much the window of a body may grow, in bytes.
const maxGrant = 1 << 20

// exchange makes a call one with parts.
func (c *conn) exchange(k *call, open bool, window int) {
	x := &exchange{key: k.key.n, ctx: &k.ctx, queue: &c.queue}
	k.exchange = x
	if window > 0 {
		x.stream = sendq.NewStream(k.key.n, window)
		c.readsBinary.Store(true)
	}
	if open {
		first := c.options.Window
		x.body = newBody(first, first+maxGrant)
		x.body.grant = x.grant
		x.body.reserve = func(more int, must bool) bool { return c.calls.reserve(k, more, must) }
		k.Body = &bodyReader{request: &k.Request}
		k.size += first
	}
}

// parted acts on a request that is more than JSON in a frame: that has bytes, or
// data that follows, or a body, or asks for a stream.
func (c *conn) parted(b *batch, m *protocol.Message) *ending {
	if m.Text > 0 {
		return c.large(b, m)
	}
	data := m.Body
	if m.Bytes {
		data = nil
	}
	k := c.newCall(key{n: m.Key}, data)
	if m.Bytes {
		k.Bytes = append(make([]byte, 0, len(m.Body)), m.Body...) // never nil
		k.size += len(m.Body)
	}
	if m.Open || m.Window > 0 {
		c.exchange(k, m.Open, m.Window)
	}
	c.request(b, k, m.Depth)
	return nil
}

// large begins a request whose data follows.
func (c *conn) large(b *batch, m *protocol.Message) *ending {
	name := key{n: m.Key}
	c.forgetLarge(m.Key)
	var why *protocol.Error
	if m.Text > c.options.MaxMessage {
		why = &protocol.Error{Code: protocol.Invalid, Message: fmt.Sprintf("the data may have %d bytes: send more as a body", c.options.MaxMessage)}
	} else if after := c.limiter.request(); after > 0 {
		why = overloaded(after, "more than %v requests per second", c.options.Rate)
	} else {
		why = c.calls.hold(m.Text)
	}
	if why != nil {
		k := c.newCall(name, nil)
		if m.Open {
			c.exchange(k, true, 0)
		}
		b.refused = append(b.refused, refusedCall{k, why})
		return nil
	}
	if c.larges == nil {
		c.larges = make(map[protocol.Key]*largeRequest)
	}
	c.larges[m.Key] = &largeRequest{size: m.Text, bytes: m.Bytes, open: m.Open, window: m.Window}
	return nil
}

// piece takes a piece of a large request, which goes into the batch with the
// last one.
func (c *conn) piece(b *batch, l *largeRequest, m *protocol.Message) *ending {
	if len(m.Body) > l.size-len(l.data) {
		return closing(protocol.CloseBadMessage, "request %d has more data than it has said", m.Key)
	}
	if l.data = append(l.data, m.Body...); len(l.data) < l.size {
		return nil
	}
	c.forgetLarge(m.Key)
	depth := 0
	k := c.newCall(key{n: m.Key}, nil)
	if k.size = l.size; l.bytes {
		k.Bytes = l.data
	} else {
		var ok bool
		if depth, ok = protocol.Valid(l.data); !ok {
			return closing(protocol.CloseBadMessage, "the data of request %d is not JSON in UTF-8", m.Key)
		}
		k.Data, k.ownsData = l.data, true
	}
	if l.open || l.window > 0 {
		c.exchange(k, l.open, l.window)
	}
	c.admit(b, k, depth)
	return nil
}

// aboutParts acts on a message about parts. What is of use has been paid for by
// whoever sent the parts before, so that only the rest counts for the limiter.
func (c *conn) aboutParts(b *batch, m *protocol.Message) *ending {
	if m.Key == 0 {
		return closing(protocol.CloseBadMessage, "the message about parts has no key, or what it says is none")
	}
	if l := c.larges[m.Key]; l != nil && m.Kind == protocol.ChunkKind {
		return c.piece(b, l, m)
	}
	if end := c.begin(b); end != nil { // the key's request may be among them
		return end
	}
	k := c.calls.find(key{n: m.Key})
	if k == nil {
		if !c.limiter.other() {
			return tooMany
		}
		return c.deliver(m)
	}
	used, err := false, error(nil)
	if k.exchange != nil {
		used, err = k.exchange.take(m)
	}
	switch {
	case err != nil:
		return closing(protocol.CloseBadMessage, "%v by more than %d bytes", err, graceSize)
	case !used && !c.limiter.other():
		return tooMany
	}
	return nil
}
