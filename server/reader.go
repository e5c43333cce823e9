package server

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// The reader: one frame after the other.

// serve runs the connection from its start, as its reader.
func (c *conn) serve() {
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
const maxPooled = 128 << 10

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
			b = append(b, 0)[:len(b)]
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
