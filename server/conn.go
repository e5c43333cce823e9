package server

import (
	"context"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/dispatch"
	"github.com/sockjax/sockjax/internal/sendq"
	"github.com/sockjax/sockjax/protocol"
)

// A service is what the connections of a Server share.
type service struct {
	handler  Handler
	options  Options // with defaults
	watchdog dispatch.Watchdog
	life     context.Context // ends when Shutdown is out of time
	remove   func(*conn)     // frees the place of a connection that has ended
}

// A conn is one WebSocket and the requests that came over it. It has one
// goroutine, the reader, which may run handlers too: see package dispatch. It
// outlives the WebSocket until the last of its handlers has returned; their
// outcomes go to the session, for the client's next connection.
type conn struct {
	*service
	http       *http.Request
	ws         *websocket.Conn
	transport  *sendq.Transport
	plain      bool
	opened     time.Time       // when its handshake came
	ctx        context.Context // ends when the server closes the connection, or it has ended
	cancel     context.CancelFunc
	client     atomic.Pointer[client] // nil until it is known
	calls      calls
	dispatcher dispatch.Dispatcher[*call]
	queue      sendq.Queue

	readsBinary atomic.Bool // the client has asked for a stream, which may be bytes

	// Owned by the reader goroutine.
	limiter limiter
	heard   bool           // the client knows whether its session was resumed, or knew before
	asked   bool           // a ping has been sent to find out: see ask
	topics  *subscriptions // nil: it has never had one
	larges  map[protocol.Key]*largeRequest

	expiry expiry
}

// A client is who is at the other end.
type client struct {
	principal string
	id        string          // of the session; empty in plain mode
	session   *guardedSession // nil in plain mode
}

func newConn(s *service, r *http.Request, ws *websocket.Conn, t *sendq.Transport, plain bool) *conn {
	// The request's own context ends when ServeHTTP returns.
	base := context.WithoutCancel(r.Context())
	c := &conn{service: s, http: shared(r.WithContext(base)), ws: ws, transport: t, plain: plain}
	c.ctx, c.cancel = context.WithCancel(base)
	c.calls.init(base, &s.options)
	c.dispatcher.Init(c, &s.watchdog)
	c.queue.Init(c, s.options.MaxBuffered)
	c.limiter.init(&s.options)
	if plain {
		t.Greeted() // nobody says hello there
	}
	ws.SetReadLimit(-1) // receive has its own, which says more in its close
	return c
}

// shared makes a request safe for handlers that read it side by side: its forms
// are parsed on demand otherwise, which writes to it, and two handlers that do
// so at once end the process. A handshake has no body.
func shared(r *http.Request) *http.Request {
	r.Body = http.NoBody
	_ = r.ParseForm() // what can't be parsed is left out, as FormValue does
	if r.MultipartForm == nil {
		r.MultipartForm = &multipart.Form{}
	}
	return r
}

// tell sends a control message. It waits while too much waits to be sent: a
// frame of a megabyte may ask for 100,000 answers.
func (c *conn) tell(text []byte) {
	c.queue.Room()
	c.writeIf(c.queue.Control(text))
}

// forgetLarge lets go of a large request, if it is one.
func (c *conn) forgetLarge(name protocol.Key) {
	if l := c.larges[name]; l != nil {
		delete(c.larges, name)
		c.calls.unhold(l.size)
	}
}

// Write implements sendq.Conn.
func (c *conn) Write(frame []byte) error {
	kind := websocket.MessageText
	if !c.plain && protocol.IsBinary(frame) {
		kind = websocket.MessageBinary
	}
	return c.ws.Write(context.Background(), kind, frame)
}

// WriteFailed implements sendq.Conn.
func (c *conn) WriteFailed(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.log(slog.LevelWarn, "sockjax: cut off a connection: the client takes no replies",
			"waited", c.options.WriteTimeout)
	} else {
		c.log(slog.LevelDebug, "sockjax: failed to write", "err", err)
	}
	go c.ws.CloseNow() // it may wait for a close that is under way
}

func (c *conn) writeIf(write bool) {
	if write {
		go c.queue.Write() // the reader goes on reading
	}
}

// log adds whom it is about: the first 8 characters of the session, because the
// whole is a secret.
func (c *conn) log(level slog.Level, text string, args ...any) {
	defer ignorePanic()
	if !c.options.Logger.Enabled(context.Background(), level) {
		return
	}
	args = append(args, "remote", c.http.RemoteAddr)
	if known := c.client.Load(); known != nil && known.id != "" {
		args = append(args, "session", known.id[:8])
	}
	c.options.Logger.Log(context.Background(), level, text, args...)
}
