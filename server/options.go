package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Defaults of Options.
const (
	DefaultMaxFrame     = 1 << 20  // bytes
	DefaultMaxRequests  = 1024     // in flight on one connection
	DefaultMaxBuffered  = 16 << 20 // bytes of one connection, each way
	DefaultMaxMessage   = 16 << 20 // bytes of a request
	DefaultWindow       = 64 << 10 // bytes of a body
	DefaultWriteTimeout = 10 * time.Second
)

// Options are the limits and hooks of a Server. The zero value of each field
// means its default.
type Options struct {
	// Origins are the pages that may connect besides those of the server's
	// own host, as browsers write them: "https://example.com:8443", without a
	// path. "*" lets every page connect, with the visitor's cookies; that is
	// right only where nothing depends on who they are. Clients that send no
	// Origin are no browsers and may connect.
	//
	// The server's own host is what stands in Host, which a proxy must pass on.
	// Its scheme does not count, and neither does whether the default port of
	// the page's scheme stands there.
	//
	// A page that may not is told so: a sockjax client by close code 4403,
	// which a page can see, any other by HTTP status 403.
	Origins []string

	// CheckOrigin, if set, decides in place of Origins. The text of its error
	// is what the client is told, of which a close frame holds 123 bytes.
	CheckOrigin func(r *http.Request) error

	// MaxFrame is the largest frame in bytes that a client may send. A larger
	// request comes in pieces. It can't be less than protocol.FirstFrame. A larger
	// frame closes the connection with 1009. Default: DefaultMaxFrame, 1 MiB.
	MaxFrame int

	// MaxMessage is the largest data in bytes of a request that comes in pieces. A
	// larger one is refused as invalid: it must be a body. It can't be less than
	// protocol.FirstFrame. Default: DefaultMaxMessage, 16 MiB.
	MaxMessage int

	// Window is how many bytes of a request's body a client may send before the
	// handler has read any, and so what a body takes in memory. It grows by up to
	// 1 MiB where a handler reads faster than that lets the client send, as long
	// as MaxBuffered has room. It can't be less than 1 KiB. Default:
	// DefaultWindow, 64 KiB.
	Window int

	// MaxRequests is how many requests of one connection may be in flight. It
	// can't be less than protocol.FirstRequests. A request too many is refused
	// as overloaded, and told when to come again: its handler does not run. A
	// request that was cancelled counts until its handler has returned. Default: DefaultMaxRequests, 1024.
	MaxRequests int

	// MaxConnections is how many connections may be open; one that has ended and
	// whose handlers still run counts as open. One too many is closed with 1013, or gets HTTP
	// status 503 where the client is not sockjax's. Default: no limit.
	MaxConnections int

	// MaxBuffered bounds in bytes what the server holds for one connection, in
	// each direction, beside what Sessions keeps. The data of the requests in
	// flight, and the windows of their bodies: one that would exceed it is refused as overloaded, unless it is the only one. And the
	// replies that the client has not taken yet: beyond it no further request
	// is read and finished handlers wait, until the client reads or
	// WriteTimeout ends the connection. It can't be less than 4 MiB, which is
	// what a client may send before it knows the limits. Default:
	// DefaultMaxBuffered, 16 MiB.
	MaxBuffered int

	// WriteTimeout is how long a client may take to accept the next 64 KiB.
	// Then it is cut off, without a close frame, which it would not read
	// either. Default: DefaultWriteTimeout, 10 s.
	WriteTimeout time.Duration

	// IdleTimeout is the silence after which a client is given up, with close
	// code 4411. Default: protocol.Idle, 90 s.
	IdleTimeout time.Duration

	// Heartbeat is the silence after which clients are told to ping, in whole
	// milliseconds. It must be shorter than IdleTimeout; browsers may add a
	// minute to it in hidden pages. Default: protocol.Heartbeat, 25 s.
	Heartbeat time.Duration

	// Authenticate, if set, says who a client is, or fails; the text of its
	// error is what the client is told in a close with 4401, of which a close
	// frame holds 123 bytes. It is called for the token of each hello, empty if
	// there is none, and for each fresh token that a client sends; in plain
	// mode once, with an empty token. r is the request that opened the
	// connection, with its cookies.
	//
	// It may take its time: it holds up this connection only. ctx ends after
	// 10 s, which closes the connection with 4408, after which the client tries
	// again, and when the connection is closed. Default: everybody is
	// Identity{}, and a session belongs to whoever knows its id.
	Authenticate func(ctx context.Context, r *http.Request, token string) (Identity, error)

	// Sessions remembers the sessions of sockjax.1, so that clients can go on
	// where they were after a lost connection. Servers may share one. Default:
	// NewMemoryStore(nil), the server's own.
	Sessions SessionStore

	// Topics, if set, are the topics to which clients of sockjax.1 may subscribe.
	// Servers may share one. Default: there are none.
	Topics *Topics

	// Rate is how many requests per second a client may send on one
	// connection, after Burst at once. Those beyond are refused as overloaded
	// and told when to come again.
	//
	// With a Rate, other messages are bounded too. They are never delayed. Each
	// request, refused or not, allows two of them, its cancel and an ack;
	// beside those a client may send 10,000 at once, then 10 per second, and
	// the heartbeats that Heartbeat asks for; and 10 fresh tokens, then 2 per
	// second. A client that exceeds that is no sockjax client: its connection
	// is closed with 1008, for good, and a reason that names this option.
	//
	// Default: no limit. Default of Burst: Rate, but no less than twice
	// protocol.FirstRequests, which is what a client may send at once.
	Rate  float64
	Burst int

	// Jitter asks clients that lose a connection to wait for a random time up
	// to this before they come back: where a server with many clients
	// restarts, they would all come at once. In whole milliseconds. Default:
	// none, clients wait as they see fit, at most half a second.
	Jitter time.Duration

	// Logger takes what the server has to tell: at level Error, panics and the
	// errors of handlers that callers are not told; at Warn, connections that
	// were cut off for what they did, and handshakes that were refused by an HTTP
	// status, which a browser hides from the page (it shows 1006); at Debug,
	// connections that came and went. Any stranger can cause refusals: they are
	// warned of once a minute for each kind of reason, with how many were not
	// reported, and the others are at Debug.
	//
	// Session ids are shortened, since who knows one may resume it. Default:
	// slog.Default().
	Logger *slog.Logger
}

// An Identity is whom Options.Authenticate takes a client for.
type Identity struct {
	// Principal names who it is, for Request.Principal and for the session:
	// who knows a session's id can resume it only under the same name. It must
	// not change as long as the session goes on.
	Principal string

	// Expires is when the credentials are no longer good; zero means never.
	// The client is told, and sends a fresh token in time. If it does not, the
	// connection is closed with 4410.
	Expires time.Time
}

// minBuffered is what a client may have in flight before the welcome.
const minBuffered = protocol.FirstRequests * protocol.FirstFrame

// withDefaults returns a copy with all fields set. It panics on values that
// can't work: they are a mistake of the program's.
func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	setDefault("MaxFrame", &full.MaxFrame, DefaultMaxFrame, protocol.FirstFrame)
	setDefault("MaxMessage", &full.MaxMessage, DefaultMaxMessage, protocol.FirstFrame)
	setDefault("Window", &full.Window, DefaultWindow, 1<<10)
	setDefault("MaxRequests", &full.MaxRequests, DefaultMaxRequests, protocol.FirstRequests)
	setDefault("MaxConnections", &full.MaxConnections, 0, 0)
	setDefault("MaxBuffered", &full.MaxBuffered, DefaultMaxBuffered, minBuffered)
	setDefault("WriteTimeout", &full.WriteTimeout, DefaultWriteTimeout, time.Millisecond)
	setDefault("IdleTimeout", &full.IdleTimeout, protocol.Idle, time.Millisecond)
	setDefault("Heartbeat", &full.Heartbeat, min(protocol.Heartbeat, full.IdleTimeout/2), time.Millisecond)
	if full.Heartbeat >= full.IdleTimeout {
		panic(fmt.Sprintf("sockjax: Options.Heartbeat is %v and must be shorter than IdleTimeout, %v", full.Heartbeat, full.IdleTimeout))
	}
	setDefault("Rate", &full.Rate, 0, 0)
	setDefault("Burst", &full.Burst, max(2*protocol.FirstRequests, int(min(full.Rate, 1e9))), 1)
	setDefault("Jitter", &full.Jitter, 0, 0)
	if full.Sessions == nil {
		full.Sessions = NewMemoryStore(nil)
	}
	if full.CheckOrigin == nil {
		full.CheckOrigin = originList(full.Origins)
	}
	if full.Logger == nil {
		full.Logger = slog.Default()
	}
	return full
}

func setDefault[T int | float64 | time.Duration](name string, field *T, value, least T) {
	if *field == 0 {
		*field = value
	}
	if !(*field >= least) { // NaN is not
		panic(fmt.Sprintf("sockjax: Options.%s is %v and must be at least %v", name, *field, least))
	}
}
