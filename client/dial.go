//go:build !js

package client

import (
	"cmp"
	"context"
	"fmt"
	"net/url"

	"github.com/sockjax/sockjax/internal/engine"
)

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
	c.frames.Exchange(engine.Exchange[*request]{
		Parts: func(r *request, parts [][]byte, bytes bool) { r.exchange.arrive(parts, bytes) },
		Got:   func(r *request, n uint64) { r.exchange.got(n) },
		Taken: func(r *request, n uint64, window int) { r.exchange.grant(n, window) },
	})
	c.topics.init(c.engine.Note)
	c.frames.Topics(c.topics.message)
	return c
}

// late says why the first connection is not there although ctx has ended.
func (c *Client) late(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.State == "" {
		return err
	}
	return fmt.Errorf("%w; the last attempt: %s", err, c.last.Reason)
}
