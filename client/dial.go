//go:build !js

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

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

// DialOptions are the options of Dial. The zero value of each field stands for
// its default.
type DialOptions struct {
	// Options of the engine. Turns, Resume and Options.Token have no meaning
	// here: a Client begins its session anew, whatever Session names, since its
	// keys do not outlive it. A session must have one client at a time.
	Options

	// Token returns the credentials to show to the server. It is called before
	// each attempt, and again before the server lets the last token expire;
	// one call at a time, and it must return when ctx ends. An error is a
	// failed attempt, after which there is another.
	Token func(ctx context.Context) (string, error)

	// Timeout of calls whose context has no deadline. Default DefaultTimeout;
	// negative means none.
	Timeout time.Duration

	// ReadLimit is the largest frame in bytes that the client takes. A larger
	// one closes the connection with 1009 and ends the session: the calls that
	// were in flight fail as CodeLost. Default 16 MiB.
	ReadLimit int64

	// OnChange is told of each change of state: one at a time, in order, in a
	// goroutine of its own, which the client does not wait for. It may call
	// everything, Request and Close too.
	OnChange func(Change)

	// Header is sent with each handshake.
	Header http.Header

	// HTTPClient does the handshakes. Default http.DefaultClient.
	HTTPClient *http.Client
}

const defaultReadLimit = 16 << 20

// Dial connects to a server of sockjax.1, or one of plain mode if opts says
// so, and waits until it has answered. It tries again and again, as it does
// later when the connection is lost; so give ctx a deadline. It fails when ctx
// ends or the client gives up: with Options.Reconnect.Attempts, or at once if
// the server does not want it, and then the error wraps a *Closed. A nil opts
// stands for all defaults.
//
// The URL's scheme is ws or wss; http and https stand for them.
//
// The client holds a connection until Close.
func Dial(ctx context.Context, url string, opts *DialOptions) (*Client, error) {
	c, err := dial(ctx, url, opts)
	if err != nil {
		return nil, fmt.Errorf("failed to dial: %w", err)
	}
	return c, nil
}

func dial(ctx context.Context, address string, opts *DialOptions) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, fmt.Errorf("the URL %q starts with none of ws://, wss://, http:// and https://", u.Redacted())
	}
	if u.Host == "" {
		return nil, fmt.Errorf("the URL %q names no host", u.Redacted())
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := newClient(address, opts)
	first := c.first
	c.engine.Start()
	select {
	case err = <-first:
	case <-ctx.Done():
		err = c.late(ctx.Err())
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newClient(address string, opts *DialOptions) *Client {
	c := &Client{url: address, first: make(chan error, 1)}
	if opts != nil {
		c.opts = *opts
		c.opts.Header = opts.Header.Clone()
	}
	c.opts.Timeout = max(cmp.Or(c.opts.Timeout, DefaultTimeout), 0)
	c.opts.Turns = false // a Go program has none
	c.opts.Resume = false
	c.opts.Options.Token = c.opts.Token != nil
	c.opts.ReadLimit = cmp.Or(c.opts.ReadLimit, defaultReadLimit)
	c.engine = engine.New[*request](host{c}, c.opts.Options)
	c.frames = engine.NewDecoder(c.engine, (*request).end)
	return c
}

// late says why the first connection is not there although ctx has ended.
func (c *Client) late(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Reason == "" {
		return err
	}
	return fmt.Errorf("%w; the last attempt: %s", err, c.last.Reason)
}

// Close ends everything and waits until it has ended, which takes at most a
// second or so. Calls without an outcome fail as CodeClosed. It always returns
// nil.
func (c *Client) Close() error {
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
	Garbage   int // frames that could not be understood
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

// host is what the engine sees of a Client.
type host struct{ *Client }

func (h host) Dial(over <-chan struct{}) (engine.Conn, error) {
	ctx, done := handshake(over)
	defer done()
	return h.open(ctx)
}

func (h host) Token(over <-chan struct{}) (string, error) {
	ctx, done := handshake(over)
	defer done()
	return h.opts.Token(ctx)
}

// handshake is a context that ends with over, or after the time that the engine
// gives its host.
func handshake(over <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, done := context.WithTimeout(context.Background(), protocol.Handshake)
	go func() {
		select {
		case <-over:
			done()
		case <-ctx.Done():
		}
	}()
	return ctx, done
}

func (h host) Fail(r *request, err *Error) {
	if err.Code == CodeTimeout {
		r.end(engine.Outcome{Err: because(err, context.DeadlineExceeded)})
		return
	}
	r.end(engine.Outcome{Err: err})
}

// Changed hands the change to a goroutine: here it would hold up the engine
// if the program's callback makes a call and waits for the reply.
func (h host) Changed(change Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch change.State {
	case StateOpen:
		h.settleFirst(nil)
	case StateClosed:
		h.settleFirst(&Closed{Code: change.Code, Reason: change.Reason})
		h.last = change
	case StateWaiting:
		h.last = change
	}
	if h.opts.OnChange == nil {
		return
	}
	h.changes = append(h.changes, change)
	if !h.telling {
		h.telling = true
		go h.tell()
	}
}

func (c *Client) settleFirst(err error) {
	if c.first != nil {
		c.first <- err
		c.first = nil
	}
}

func (c *Client) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.changes) > 0 {
		next := c.changes[0]
		c.changes = c.changes[1:]
		c.mu.Unlock()
		c.opts.OnChange(next)
		c.mu.Lock()
	}
	c.telling = false
}

// because joins an Error with what errors.Is should find too.
func because(err *Error, cause error) error {
	return fmt.Errorf("%w: %w", err, cause)
}

// expired reports whether err stands for a deadline.
func expired(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
