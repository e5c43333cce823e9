package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// The reader: takes one frame after the other, and acts on what it says.

// start runs the connection from its start, as its reader.
func (c *conn) start() {
	if end := c.identify(); end != nil {
		c.end(end)
	} else {
		c.Read()
	}
}

// Read implements dispatch.Host. It returns when the connection has ended, or
// another goroutine has become the reader.
func (c *conn) Read() {
	for {
		if end := c.next(); end != nil {
			c.dispatcher.Start() // what stands before a mistake counts
			c.end(end)
			return
		}
		if !c.dispatcher.Run() {
			return
		}
		c.queue.Room()
	}
}

// next reads one frame and acts on it, up to running handlers.
func (c *conn) next() *ending {
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return c.readEnding(err)
	}
	return c.receive(kind, r)
}

// receive reads one frame into borrowed memory and acts on it.
func (c *conn) receive(kind websocket.MessageType, r io.Reader) *ending {
	buf := readBuffers.Get().(*[]byte)
	defer freeReadBuffer(buf)
	var err error
	*buf, err = readFrame((*buf)[:0], r, c.options.MaxFrame)
	switch {
	case errors.Is(err, errTooLarge):
		return closing(protocol.CloseTooLarge, "a frame may hold %d bytes: send large data in parts", c.options.MaxFrame)
	case err != nil:
		return c.readEnding(err)
	}
	return c.frame(kind, *buf)
}

// readBuffers lends the memory in which frames are read.
var readBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// maxPooled is the largest buffer that is kept, in bytes.
const maxPooled = 512 << 10

func freeReadBuffer(b *[]byte) {
	if cap(*b) <= maxPooled {
		readBuffers.Put(b)
	}
}

var errTooLarge = errors.New("the frame is too large")

// readFrame appends what r has. The memory grows with what has arrived, never
// with what a header promises.
func readFrame(b []byte, r io.Reader, limit int) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(len(b), 512)) // append grows large ones by a quarter
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > limit:
			return b, errTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		}
	}
}

func (c *conn) readEnding(err error) *ending {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return &ending{reason: err.Error()}
	case !c.transport.IsGreeted():
		return closing(protocol.CloseHandshake, "no hello came within %v", protocol.Handshake)
	default:
		return closing(protocol.CloseHeartbeat, "nothing came for %v: send ping when idle", c.options.IdleTimeout)
	}
}

// frame acts on a frame.
func (c *conn) frame(kind websocket.MessageType, text []byte) *ending {
	switch {
	case kind == websocket.MessageBinary && c.plain:
		return closing(protocol.CloseUnsupported, "plain mode has no binary frames: send text")
	case kind == websocket.MessageBinary:
		return c.messages(protocol.NewBinaryReader(text, false))
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
		return c.messages(protocol.NewReader(text))
	}
}

// slowFrame ends the connection of a client that asks for too much in one frame:
// as long as it is being worked on, nobody would notice that the client is gone.
var slowFrame = &ending{protocol.ClosePolicy, "the messages of one frame took longer than server.Options.IdleTimeout: send fewer in a frame"}

// messages acts on a frame of sockjax.1.
func (c *conn) messages(r protocol.Reader) (end *ending) {
	b := batches.Get().(*batch)
	empty := true
	began := time.Now()
	for end == nil && r.Next() {
		empty = false
		m := r.Message()
		end = c.message(m, b)
		if end == nil && b.size() == 0 && time.Since(began) > c.options.IdleTimeout {
			end = slowFrame
		}
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
		if m.Bytes || m.Open || m.Window > 0 || m.Text > 0 {
			if end := c.parted(b, m); end != nil {
				return end
			}
		} else {
			c.request(b, c.newCall(key{n: m.Key}, m.Body), m.Depth)
		}
		if b.size() == maxBatch {
			return c.begin(b)
		}
		return nil
	}
	if !c.transport.IsGreeted() {
		return c.hello(m)
	}
	switch m.Kind {
	case protocol.PartsKind, protocol.ChunkKind, protocol.EndKind, protocol.TakenKind:
		return c.aboutParts(b, m)
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
	case protocol.OnKind:
		return c.on(m)
	case protocol.OffKind:
		return c.off(m)
	case protocol.HelloKind:
		return closing(protocol.CloseBadMessage, "hello came twice: send it once, as the first message")
	case protocol.Unknown:
		return nil
	}
	return closing(protocol.CloseBadMessage, "a client must not send welcome, error, refused, forgotten or got")
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
	k := c.newCall(name, frame)
	k.rawKey = &raw
	c.request(b, k, depth)
	return c.begin(b)
}
