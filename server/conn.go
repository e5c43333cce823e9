package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// A conn is one WebSocket. Its only goroutine of its own reads.
type conn struct {
	server  *Server
	http    *http.Request
	ws      *websocket.Conn
	wire    *wire
	plain   bool
	session atomic.Pointer[string] // the client's, from its hello; nil until then
	calls   calls
	crew    crew
	out     outbox
}

// An ending is why the server ends a connection. Without a code, the
// connection has ended already.
type ending struct {
	code   protocol.CloseCode
	reason string
}

func closing(code protocol.CloseCode, format string, args ...any) *ending {
	return &ending{code, fmt.Sprintf(format, args...)}
}

func newConn(s *Server, r *http.Request, ws *websocket.Conn, w *wire, plain bool) *conn {
	// The request's own context ends when ServeHTTP returns.
	base := context.WithoutCancel(r.Context())
	c := &conn{server: s, http: r.WithContext(base), ws: ws, wire: w, plain: plain}
	c.calls.init(base, &s.options)
	c.crew.conn = c
	c.out.init(ws, s.options.MaxBuffered)
	w.greeted.Store(plain) // plain mode has no hello
	ws.SetReadLimit(-1)    // receive has its own, which says more in its close
	return c
}

// serve returns when the connection has ended and no handler runs for it.
func (c *conn) serve() {
	end := c.read()
	c.calls.end(ErrDisconnected)
	if end.code != 0 {
		level := slog.LevelWarn
		if end.code == protocol.CloseHeartbeat || end.code == protocol.CloseHandshake {
			level = slog.LevelDebug // a silent client is nothing unusual
		}
		c.log(level, "sockjax: closed a connection", "code", int(end.code), "reason", end.reason)
		c.close(end.code, end.reason)
	} else {
		c.log(slog.LevelDebug, "sockjax: disconnected", "reason", end.reason)
	}
	c.out.fail(net.ErrClosed)
	c.ws.CloseNow()
	c.calls.wait()
	c.server.remove(c)
}

// close sends what is ready, then the close. It takes as long as the client
// takes to answer that, within limits.
func (c *conn) close(code protocol.CloseCode, reason string) {
	if c.out.seal() {
		c.write()
	}
	c.out.flushed()
	// The error says only that the client has gone without answering.
	c.ws.Close(websocket.StatusCode(code), protocol.Reason(reason))
}

// drain ends the connection in good order when its handlers have returned.
func (c *conn) drain() {
	c.calls.drain()
	c.calls.wait()
	c.close(protocol.CloseRestart, "the server restarts: connect again")
}

// kill ends it now.
func (c *conn) kill() {
	c.calls.end(ErrShutdown)
	c.close(protocol.CloseRestart, "the server restarts: connect again")
}

// write sends what the outbox holds, for whoever was told to.
func (c *conn) write() {
	err := c.out.write()
	switch {
	case err == nil:
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.log(slog.LevelWarn, "sockjax: cut off a connection: the client takes no replies",
			"waited", c.server.options.WriteTimeout)
	default:
		c.log(slog.LevelDebug, "sockjax: failed to write", "err", err)
	}
	c.ws.CloseNow()
}

func (c *conn) writeIf(write bool) {
	if write {
		go c.write() // the reader goes on reading
	}
}

// read is the reader: it returns why the connection ends.
func (c *conn) read() *ending {
	for {
		kind, r, err := c.ws.Reader(context.Background())
		if err != nil {
			return c.readEnding(err)
		}
		if kind != websocket.MessageText {
			return closing(protocol.CloseUnsupported, "binary frames are reserved for a later version: send text")
		}
		if end := c.receive(r); end != nil {
			return end
		}
		c.out.room()
	}
}

// receive reads one frame into borrowed memory and acts on it.
func (c *conn) receive(r io.Reader) *ending {
	buf := frames.Get().(*[]byte)
	defer freeFrame(buf)
	var err error
	*buf, err = readFrame((*buf)[:0], r, c.server.options.MaxFrame)
	switch {
	case errors.Is(err, errTooLarge):
		return closing(protocol.CloseTooLarge, "a frame may hold %d bytes: send large data in parts", c.server.options.MaxFrame)
	case err != nil:
		return c.readEnding(err)
	case string(*buf) == protocol.Ping:
		c.writeIf(c.out.pong())
		return nil
	case string(*buf) == protocol.Pong:
		return nil
	case c.plain:
		return c.plainFrame(*buf)
	default:
		return c.batch(*buf)
	}
}

var errTooLarge = errors.New("the frame is too large")

// readFrame appends what r has, which grows with what has come and never by
// what a header promises.
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
	case !c.wire.greeted.Load():
		return closing(protocol.CloseHandshake, "no hello came within %v", protocol.Handshake)
	default:
		return closing(protocol.CloseHeartbeat, "nothing came for %v: send ping when idle", c.server.options.IdleTimeout)
	}
}

// batch acts on a frame of sockjax.1.
func (c *conn) batch(frame []byte) *ending {
	var started []*call
	defer func() {
		// A welcome or a refusal waits for no handler.
		c.writeIf(c.out.flush())
		c.crew.start(started)
	}()
	r := protocol.NewReader(frame)
	for r.Next() {
		k, end := c.message(r.Message())
		if end != nil {
			return end
		}
		if k != nil {
			started = append(started, k)
		}
	}
	if err := r.Err(); err != nil {
		if errors.Is(err, protocol.ErrNotUTF8) {
			return closing(protocol.CloseNotUTF8, "%v", err)
		}
		return closing(protocol.CloseBadMessage, "%v", err)
	}
	return nil
}

// message acts on one message; a request is returned to be started.
func (c *conn) message(m *protocol.Message) (*call, *ending) {
	if !c.wire.greeted.Load() {
		return nil, c.hello(m)
	}
	switch m.Kind {
	case protocol.DataKind:
		if m.Key == 0 {
			return nil, closing(protocol.CloseBadMessage, "a key must be an integer from 1 to %d", protocol.MaxKey)
		}
		return c.request(key{n: m.Key}, nil, m.Body, m.Depth), nil
	case protocol.CancelKind:
		if m.Key == 0 {
			return nil, closing(protocol.CloseBadMessage, "a cancel must name a key from 1 to %d", protocol.MaxKey)
		}
		c.calls.giveUp(key{n: m.Key})
	case protocol.HelloKind:
		return nil, closing(protocol.CloseBadMessage, "hello came twice: send it once, as the first message")
	case protocol.Unknown:
	default:
		return nil, closing(protocol.CloseBadMessage, "a client must not send welcome, error or refused")
	}
	return nil, nil
}

func (c *conn) hello(m *protocol.Message) *ending {
	if m.Kind != protocol.HelloKind {
		return closing(protocol.CloseBadMessage, "the first message must be hello")
	}
	hello, err := m.Hello()
	if err != nil {
		return closing(protocol.CloseBadMessage, "%v", err)
	}
	if !isUUID4(hello.Session) {
		return closing(protocol.CloseBadMessage, "the session in hello must be a random (version 4) uuid")
	}
	c.session.Store(&hello.Session)
	c.wire.greeted.Store(true)
	o := &c.server.options
	c.out.message(protocol.AppendWelcome(nil, protocol.Welcome{
		Session:   hello.Session,
		Heartbeat: int64(o.Heartbeat / time.Millisecond),
		Limits:    protocol.Limits{Frame: o.MaxFrame, Requests: o.MaxRequests},
	}))
	c.log(slog.LevelDebug, "sockjax: connected")
	return nil
}

// isUUID4 tells whether text is a uuid of version 4 as RFC 9562 writes it.
func isUUID4(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f'):
			return false
		}
	}
	variant := text[19] | 0x20
	return text[14] == '4' && (text[19] == '8' || text[19] == '9' || variant == 'a' || variant == 'b')
}

// log adds who it is about, the session's first 8 characters: the whole is a
// secret.
func (c *conn) log(level slog.Level, text string, args ...any) {
	if !c.server.options.Logger.Enabled(context.Background(), level) {
		return
	}
	args = append(args, "remote", c.http.RemoteAddr)
	if session := c.session.Load(); session != nil {
		args = append(args, "session", (*session)[:8])
	}
	c.server.options.Logger.Log(context.Background(), level, text, args...)
}
