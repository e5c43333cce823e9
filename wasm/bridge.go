//go:build js && wasm

package main

import (
	"time"

	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// slot is the number under which the host keeps a call's text and callback.
type slot = uint32

// bridge joins one engine and its host: it is the engine's host, and turns
// what the host reports into calls of the engine.
type bridge struct {
	id     uint32
	host   safejs.Value // of class Host in ../web/host/host.js
	engine *engine.Engine[slot]
	plain  bool
	socket *socket // the present one, or nil

	batch engine.Batch[slot]
}

// newBridge makes an engine, which goes on with what the host has begun
// without one: see Bootstrap in ../web/host/bootstrap.js.
func newBridge(id uint32, host, options safejs.Value) *bridge {
	b := &bridge{id: id, host: host, plain: truthy(options, "plain")}
	b.engine = engine.New(b, engine.Options{
		Plain:   b.plain,
		Turns:   true,
		Session: text(options, "session"), // made by the host, whose first hello does not wait for Go
		Resume:  truthy(options, "resume"),
		Token:   truthy(options, "token"),
		Heartbeat: engine.Heartbeat{
			After:   milliseconds(number(options, "heartbeatAfter")),
			Timeout: milliseconds(number(options, "heartbeatTimeout")),
		},
		Reconnect: engine.Reconnect{
			Min:      milliseconds(number(options, "reconnectMin")),
			Max:      milliseconds(number(options, "reconnectMax")),
			Attempts: int(number(options, "reconnectAttempts")),
		},
		Queue: engine.Queue{
			Calls: int(number(options, "queueCalls")),
			Bytes: int(number(options, "queueBytes")),
		},
	})
	b.adopt(options)
	b.engine.Start()
	return b
}

// adopt takes over the connection that the host has opened, if it has one. If its welcome has come, the host tells of that next.
func (b *bridge) adopt(options safejs.Value) {
	if truthy(options, "failed") {
		b.engine.Failed(engine.Closed{Code: protocol.CloseCode(number(options, "code")), Reason: text(options, "reason")})
	}
	value := must(options.Get("socket"))
	if value.IsNull() || value.IsUndefined() {
		return
	}
	b.socket = b.wrap(value)
	b.engine.Adopt(b.socket, uint64(number(options, "outcomes")), truthy(options, "heard"))
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond))
}

// Fail is the engine's.
func (b *bridge) Fail(s slot, err *engine.Error) {
	b.tell("failed", int(s), string(err.Code), string(err.Fate), err.Message)
}

// Changed is the engine's.
func (b *bridge) Changed(c engine.Change) {
	b.tell("changed", string(c.State), c.Attempt, float64(c.Delay)/float64(time.Millisecond), int(c.Code), c.Reason)
}

// tell calls a method of the host. It runs no code of the user's in it, and
// never throw; a failure means that JavaScript itself is in ruins.
func (b *bridge) tell(method string, args ...any) {
	if _, err := b.host.Call(method, args...); err != nil {
		panic(err)
	}
}

// close ends the client; its number is free once nothing can come for it.
func (b *bridge) close(p *page) {
	b.engine.Close()
	go func() {
		<-b.engine.Done()
		p.clients[b.id] = nil
		b.tell("released")
	}()
}
