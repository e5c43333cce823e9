//go:build js && wasm

package main

import (
	"time"

	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/protocol"
)

// slot is the number under which the hands keep a call's text and callback.
type slot = uint32

// border joins one engine and its hands: it is the engine's host, and turns
// what the hands report into calls of the engine.
type border struct {
	id     uint32
	hands  safejs.Value // of class Hands in ../web/hands.js
	engine *client.Engine[slot]
	plain  bool
	socket *socket // the present one, or nil

	batch client.Batch[slot]
}

// newBorder makes an engine, which goes on with what the hands have begun
// without one: see Early in ../web/early.js.
func newBorder(id uint32, hands, options safejs.Value) *border {
	b := &border{id: id, hands: hands, plain: truthy(options, "plain")}
	b.engine = client.New(b, client.Options{
		Plain:   b.plain,
		Turns:   true,
		Session: text(options, "session"), // made by the hands, whose first hello does not wait for Go
		Resume:  truthy(options, "resume"),
		Token:   truthy(options, "token"),
		Heartbeat: client.Heartbeat{
			After:   milliseconds(number(options, "heartbeatAfter")),
			Timeout: milliseconds(number(options, "heartbeatTimeout")),
		},
		Reconnect: client.Reconnect{
			Min:      milliseconds(number(options, "reconnectMin")),
			Max:      milliseconds(number(options, "reconnectMax")),
			Attempts: int(number(options, "reconnectAttempts")),
		},
		Queue: client.Queue{
			Calls: int(number(options, "queueCalls")),
			Bytes: int(number(options, "queueBytes")),
		},
	})
	b.adopt(options)
	b.engine.Start()
	return b
}

// adopt takes over the connection that the hands have opened, if they have.
// If its welcome has come, they tell of that next.
func (b *border) adopt(options safejs.Value) {
	if truthy(options, "failed") {
		b.engine.Failed(client.Closed{Code: protocol.CloseCode(number(options, "code")), Reason: text(options, "reason")})
	}
	value := must(options.Get("socket"))
	if value.IsNull() || value.IsUndefined() {
		return
	}
	b.socket = b.wrap(value)
	b.engine.Adopt(b.socket, uint64(number(options, "outcomes")))
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond))
}

// Fail is the engine's.
func (b *border) Fail(s slot, err *client.Error) {
	b.tell("failed", int(s), string(err.Code), string(err.Fate), err.Message)
}

// Changed is the engine's.
func (b *border) Changed(c client.Change) {
	b.tell("changed", string(c.State), c.Attempt, float64(c.Delay)/float64(time.Millisecond), int(c.Code), c.Reason)
}

// tell calls a method of the hands. They run no code of the user's in it, and
// never throw; a failure means that JavaScript itself is in ruins.
func (b *border) tell(method string, args ...any) {
	if _, err := b.hands.Call(method, args...); err != nil {
		panic(err)
	}
}

// close ends the client; its number is free once nothing can come for it.
func (b *border) close(p *page) {
	b.engine.Close()
	go func() {
		<-b.engine.Done()
		p.clients[b.id] = nil
		b.tell("released")
	}()
}
