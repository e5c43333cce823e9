package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// A guardedSession is a connection's session. It gives each call to the store
// its context, and turns into errors what would otherwise end the process: a
// panic of the store, and an answer that is none.
type guardedSession struct {
	session session.Session
	conn    *conn
}

// farewell is how long the store may take for what ends a session's
// connection. Nobody waits for the result.
const farewell = 10 * time.Second

// attach is Attach of Options.Sessions.
func (c *conn) attach(r session.Request) (g *guardedSession, acked uint64, resumed bool, err error) {
	defer c.guard("Attach", &err)
	s, acked, resumed, err := c.server.options.Sessions.Attach(c.ctx, r, c)
	if err == nil && s == nil {
		err = errors.New("Attach returned neither a session nor an error")
	}
	return &guardedSession{s, c}, acked, resumed, err
}

// guard is deferred around a method of the store.
func (c *conn) guard(method string, err *error) {
	if p := recover(); p != nil {
		c.log(slog.LevelError, "sockjax: Options.Sessions panicked", "method", method, "panic", describe(p), "stack", string(debug.Stack()))
		*err = fmt.Errorf("%s panicked", method)
	}
}

// verdicts checks what Begin or Peek has returned.
func verdicts(keys []protocol.Key, v []session.Verdict, err error) ([]session.Verdict, error) {
	if err == nil && v != nil && len(v) != len(keys) {
		return nil, fmt.Errorf("%d verdicts for %d keys", len(v), len(keys))
	}
	return v, err
}

func (g *guardedSession) Begin(keys []protocol.Key) (v []session.Verdict, err error) {
	defer g.conn.guard("Begin", &err)
	v, err = g.session.Begin(g.conn.server.life, keys)
	return verdicts(keys, v, err)
}

func (g *guardedSession) Peek(keys []protocol.Key) (v []session.Verdict, err error) {
	defer g.conn.guard("Peek", &err)
	v, err = g.session.Peek(g.conn.server.life, keys)
	return verdicts(keys, v, err)
}

func (g *guardedSession) Append(frame []byte, keys []protocol.Key) (last uint64, err error) {
	defer g.conn.guard("Append", &err)
	return g.session.Append(g.conn.server.life, frame, keys)
}

func (g *guardedSession) Next(after uint64) (frame []byte, last uint64, err error) {
	defer g.conn.guard("Next", &err)
	return g.session.Next(g.conn.server.life, after)
}

func (g *guardedSession) Ack(n uint64) (err error) {
	defer g.conn.guard("Ack", &err)
	return g.session.Ack(g.conn.server.life, n)
}

func (g *guardedSession) Cancel(key protocol.Key) (err error) {
	defer g.conn.guard("Cancel", &err)
	return g.session.Cancel(g.conn.server.life, key)
}

func (g *guardedSession) Detach() { g.part("Detach", g.session.Detach) }
func (g *guardedSession) Close()  { g.part("Close", g.session.Close) }
func (g *guardedSession) Forget() { g.part("Forget", g.session.Forget) }

// part calls a method that no error can come of. It must reach the store even
// when Shutdown has given up.
func (g *guardedSession) part(name string, method func(context.Context)) {
	var err error
	defer g.conn.guard(name, &err)
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	method(ctx)
}
