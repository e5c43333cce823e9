package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// A conn is one WebSocket and the requests that came over it. Its only
// goroutine of its own is the reader, which may run handlers too: see lead. It
// outlives the WebSocket until the last of its handlers has returned; their
// outcomes go to the session, for the connection on which the client goes on.
type conn struct {
	server *Server
	http   *http.Request
	ws     *websocket.Conn
	wire   *wire
	plain  bool
	opened time.Time       // its handshake
	ctx    context.Context // ends when the server closes the connection, or it has ended
	cancel context.CancelFunc
	client atomic.Pointer[client] // nil until it is known
	calls  calls
	crew   crew
	out    outbox

	// Owned by the reader goroutine.
	pace  pace
	heard bool // the client knows whether its session was resumed, or knew before
	asked bool // a ping has been sent to find out: see ask

	expiry expiry
}

// A client is who is at the other end.
type client struct {
	principal string
	id        string          // of the session; empty in plain mode
	session   *guardedSession // nil in plain mode
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
	c.ctx, c.cancel = context.WithCancel(base)
	c.calls.init(base, &s.options)
	c.crew.conn = c
	c.out.init(c, s.options.MaxBuffered)
	c.pace.init(&s.options)
	w.greeted.Store(plain) // plain mode has no hello
	ws.SetReadLimit(-1)    // receive has its own, which says more in its close
	return c
}

// serve begins with the connection, and becomes its reader.
func (c *conn) serve() {
	if end := c.identify(); end != nil {
		c.end(end)
	} else {
		c.read()
	}
}

// end returns when the connection has ended and no handler runs for it.
func (c *conn) end(end *ending) {
	c.cancel()
	c.expiry.stop()
	if end.code != 0 {
		level := slog.LevelWarn
		switch end.code {
		case protocol.CloseHeartbeat, protocol.CloseHandshake, protocol.CloseReplaced, protocol.CloseExpired:
			level = slog.LevelDebug // nothing unusual
		}
		c.log(level, "sockjax: closed a connection", "code", int(end.code), "reason", end.reason)
		if c.plain {
			c.calls.end(ErrDisconnected)
		}
		c.out.seal()
		c.close(end.code, end.reason)
	} else {
		c.log(slog.LevelDebug, "sockjax: disconnected", "reason", end.reason)
	}
	c.out.stop()
	c.ws.CloseNow()
	c.leave()
	c.server.remove(c)
}

// leave detaches the session, and returns when no handler runs. Without a
// session nobody waits for the handlers, and they are cancelled.
func (c *conn) leave() {
	known := c.client.Load()
	if known == nil || known.session == nil {
		c.calls.end(ErrDisconnected)
		c.out.drop()
		c.calls.wait()
		return
	}
	known.session.Detach()
	c.calls.wait()
	c.out.flushed()
	known.session.Close()
}

// close sends what is ready and then a close, and waits a few seconds for the
// client's answer. Only the first close counts.
func (c *conn) close(code protocol.CloseCode, reason string) {
	c.cancel()
	c.out.finish()
	// The error says only that the client has gone without answering.
	c.ws.Close(websocket.StatusCode(code), protocol.Reason(reason))
}

const restartReason = "the server restarts: connect again"

// drain closes the connection when its handlers have returned. Until the close
// it refuses each request that arrives.
func (c *conn) drain() {
	c.calls.stop(overloaded(afterStop, "the server shuts down"))
	c.calls.wait()
	c.close(protocol.CloseRestart, restartReason)
}

// kill closes the connection at once: neither a client that reads nothing nor a
// store that does not answer delays it for long. Calls without an outcome will
// never have one, so the session is forgotten.
func (c *conn) kill() {
	cut := c.calls.end(ErrShutdown) > 0
	c.out.seal()
	c.cancel()
	c.wire.hurry()
	if !within(2*hurryTime, c.out.finish) {
		c.out.drop()
		cut = true
	}
	if known := c.client.Load(); cut && known != nil && known.session != nil {
		within(hurryTime, known.session.Forget) // before the client can come back
	}
	c.ws.Close(websocket.StatusCode(protocol.CloseRestart), restartReason)
}

// within runs f and returns true, or returns false after d: then f continues in
// its own goroutine.
func within(d time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	select {
	case <-done:
		return true
	case <-timeout.C:
		return false
	}
}

// broken is called when a frame could not be sent.
func (c *conn) broken(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.log(slog.LevelWarn, "sockjax: cut off a connection: the client takes no replies",
			"waited", c.server.options.WriteTimeout)
	} else {
		c.log(slog.LevelDebug, "sockjax: failed to write", "err", err)
	}
	go c.ws.CloseNow() // which may wait for a close that is under way
}

func (c *conn) writeIf(write bool) {
	if write {
		go c.out.write() // the reader goes on reading
	}
}

// read is the reader, until the connection has ended, or another goroutine is
// the reader.
func (c *conn) read() {
	for {
		if end := c.next(); end != nil {
			c.crew.start() // what stands before a mistake counts
			c.end(end)
			return
		}
		if !c.crew.turn() {
			return
		}
		c.out.room()
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
	buf := frames.Get().(*[]byte)
	defer freeFrame(buf)
	var err error
	*buf, err = readFrame((*buf)[:0], r, c.server.options.MaxFrame)
	switch {
	case errors.Is(err, errTooLarge):
		return closing(protocol.CloseTooLarge, "a frame may hold %d bytes: send large data in parts", c.server.options.MaxFrame)
	case err != nil:
		return c.readEnding(err)
	case kind == websocket.MessageBinary && (c.plain || len(*buf) == 0 || (*buf)[0] != '['):
		return closing(protocol.CloseUnsupported, "binary frames are reserved for a later version, unless they hold an array of sockjax.1: send text")
	case string(*buf) == protocol.Ping:
		c.pace.wait(c.ctx)
		c.writeIf(c.out.pong())
		return nil
	case string(*buf) == protocol.Pong:
		c.pace.wait(c.ctx)
		return c.ponged()
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

// log adds who it is about, the session's first 8 characters: the whole is a
// secret.
func (c *conn) log(level slog.Level, text string, args ...any) {
	defer ignorePanic()
	if !c.server.options.Logger.Enabled(context.Background(), level) {
		return
	}
	args = append(args, "remote", c.http.RemoteAddr)
	if known := c.client.Load(); known != nil && known.id != "" {
		args = append(args, "session", known.id[:8])
	}
	c.server.options.Logger.Log(context.Background(), level, text, args...)
}
