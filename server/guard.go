package server

import (
	"context"
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
	life    context.Context // of the calls to the store
	log     logFunc
}

// farewell is how long the store may take for what ends a session's
// connection. Nobody waits for the result.
const farewell = 10 * time.Second

// guard is deferred around a method of the store.
func guard(log logFunc, method string, err *error) {
	if p := recover(); p != nil {
		log(slog.LevelError, "sockjax: Options.Sessions panicked", "method", method, "panic", describe(p), "stack", string(debug.Stack()))
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
	defer guard(g.log, "Begin", &err)
	v, err = g.session.Begin(g.life, keys)
	return verdicts(keys, v, err)
}

func (g *guardedSession) Peek(keys []protocol.Key) (v []session.Verdict, err error) {
	defer guard(g.log, "Peek", &err)
	v, err = g.session.Peek(g.life, keys)
	return verdicts(keys, v, err)
}

func (g *guardedSession) Append(frame []byte, keys []protocol.Key) (last uint64, err error) {
	defer guard(g.log, "Append", &err)
	return g.session.Append(g.life, frame, keys)
}

func (g *guardedSession) Next(after uint64) (frame []byte, last uint64, err error) {
	defer guard(g.log, "Next", &err)
	return g.session.Next(g.life, after)
}

func (g *guardedSession) Ack(n uint64) (err error) {
	defer guard(g.log, "Ack", &err)
	return g.session.Ack(g.life, n)
}

func (g *guardedSession) Cancel(key protocol.Key) (err error) {
	defer guard(g.log, "Cancel", &err)
	return g.session.Cancel(g.life, key)
}

func (g *guardedSession) Deliver(key protocol.Key, frame []byte) (err error) {
	defer guard(g.log, "Deliver", &err)
	return g.session.Deliver(g.life, key, frame)
}

func (g *guardedSession) Detach() { g.part("Detach", g.session.Detach) }
func (g *guardedSession) Close()  { g.part("Close", g.session.Close) }
func (g *guardedSession) Forget() { g.part("Forget", g.session.Forget) }

// part calls a method that no error can come of. It must reach the store even
// when Shutdown has given up.
func (g *guardedSession) part(name string, method func(context.Context)) {
	var err error
	defer guard(g.log, name, &err)
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	method(ctx)
}
