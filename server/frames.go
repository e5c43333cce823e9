package server

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// What a frame says.

// frame acts on a frame.
func (c *conn) frame(kind websocket.MessageType, text []byte) *ending {
	switch {
	case kind == websocket.MessageBinary && (c.plain || len(text) == 0 || text[0] != '['):
		return closing(protocol.CloseUnsupported, "binary frames are reserved for a later version, unless they hold an array of sockjax.1: send text")
	case string(text) == protocol.Ping:
		if !c.limiter.other() {
			return tooMany
		}
		c.writeIf(c.queue.Pong())
		return nil
	case string(text) == protocol.Pong:
		if !c.limiter.other() {
			return tooMany
		}
		return c.ponged()
	case c.plain:
		return c.plainFrame(text)
	default:
		return c.messages(text)
	}
}

// tooMany ends the connection of a client that floods it.
var tooMany = &ending{protocol.ClosePolicy, "too many messages that are no requests: see server.Options.Rate"}

// messages acts on a frame of sockjax.1.
func (c *conn) messages(frame []byte) (end *ending) {
	b := batches.Get().(*batch)
	r := protocol.NewReader(frame)
	empty := true
	for end == nil && r.Next() {
		empty = false
		end = c.message(r.Message(), b)
	}
	if err := r.Err(); end == nil && err != nil {
		end = closing(protocol.CloseBadMessage, "%v", err)
		if errors.Is(err, protocol.ErrNotUTF8) {
			end.code = protocol.CloseNotUTF8
		}
	}
	if empty && end == nil && !c.limiter.other() { // an empty frame is not free either
		end = tooMany
	}
	// What stands before a mistake counts.
	if failed := c.begin(b); end == nil {
		end = failed
	}
	c.writeIf(c.queue.FlushControl())
	batches.Put(b) // not if Authenticate ends the goroutine: b may hold calls then
	return end
}

// message acts on one message. A request goes into the batch, and begins with
// the others of the frame.
func (c *conn) message(m *protocol.Message, b *batch) *ending {
	if m.Kind == protocol.DataKind && c.transport.IsGreeted() {
		if m.Key == 0 {
			return closing(protocol.CloseBadMessage, "a key must be an integer from 1 to %d", protocol.MaxKey)
		}
		if m.Series {
			c.queue.UseSeries()
		}
		c.request(b, key{n: m.Key}, nil, m.Body, m.Depth)
		if b.size() == maxBatch {
			return c.begin(b)
		}
		return nil
	}
	if !c.transport.IsGreeted() {
		return c.hello(m)
	}
	if !c.limiter.other() {
		return tooMany
	}
	switch m.Kind {
	case protocol.CancelKind:
		if m.Key == 0 {
			return closing(protocol.CloseBadMessage, "a cancel must name a key from 1 to %d", protocol.MaxKey)
		}
		if end := c.begin(b); end != nil { // the key's request may be among them
			return end
		}
		return c.cancelCall(m.Key)
	case protocol.AckKind:
		return c.ack(m.Ack)
	case protocol.TokenKind:
		if !c.limiter.token() {
			return tooMany
		}
		return c.token(m)
	case protocol.HelloKind:
		return closing(protocol.CloseBadMessage, "hello came twice: send it once, as the first message")
	case protocol.Unknown:
		return nil
	}
	return closing(protocol.CloseBadMessage, "a client must not send welcome, error, refused or forgotten")
}

// plainFrame acts on a frame of plain mode.
func (c *conn) plainFrame(frame []byte) *ending {
	frame = bytes.Trim(frame, " \t\r\n")
	depth, ok := protocol.Valid(frame)
	switch {
	case !ok && !utf8.Valid(frame):
		return closing(protocol.CloseNotUTF8, "the frame is not UTF-8")
	case !ok || frame[0] != '{':
		return closing(protocol.CloseBadMessage, "a frame must be one JSON object, or ping")
	}
	name, raw := plainKey(frame)
	if raw == nil {
		if !c.limiter.other() {
			return tooMany
		}
		c.queue.Room()
		c.writeIf(c.queue.Frame(plainError(nil, nil, "error", protocol.Error{Code: protocol.Invalid,
			Message: "the object has no key that is a string or a number"})))
		return nil
	}
	b := batches.Get().(*batch)
	defer batches.Put(b)
	c.request(b, name, raw, frame, depth)
	return c.begin(b)
}
