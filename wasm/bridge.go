//go:build js && wasm

package main

import (
	"time"

	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

type slot = abi.Slot

// bridge joins one engine and its host: it is the engine's host, and turns
// what the host reports into calls of the engine.
type bridge struct {
	id     uint32
	host   safejs.Value // of class Bridge in ../web/host/bridge.js
	engine *engine.Engine[slot]
	plain  bool
	socket *socket // the present one, or nil

	batch engine.Batch[slot]
}

// newBridge makes an engine for a host.
func newBridge(id uint32, host safejs.Value, o *abi.Options, begun begun) *bridge {
	b := &bridge{id: id, host: host, plain: o.Plain != 0}
	b.engine = engine.New(b, engine.Options{
		Plain:   b.plain,
		Turns:   true,
		Session: begun.session,
		Resume:  o.Resume != 0,
		Token:   o.Token != 0,
		Heartbeat: engine.Heartbeat{
			After:   milliseconds(o.HeartbeatAfter),
			Timeout: milliseconds(o.HeartbeatTimeout),
		},
		Reconnect: engine.Reconnect{
			Min:      milliseconds(o.ReconnectMin),
			Max:      milliseconds(o.ReconnectMax),
			Attempts: int(o.ReconnectAttempts),
		},
		Queue: engine.Queue{
			Calls: int(o.QueueCalls),
			Bytes: int(o.QueueBytes),
		},
	})
	if o.Failed != 0 {
		b.engine.Failed(engine.Closed{Code: protocol.CloseCode(o.Code), Cause: engine.Cause(begun.cause), Reason: begun.reason})
	}
	// If the welcome has come, the host tells of it next.
	if socket := begun.socket; !socket.IsNull() {
		b.socket = b.wrap(socket)
		b.engine.Adopt(b.socket, uint64(o.Outcomes), o.Heard != 0)
	}
	b.engine.Start()
	return b
}

// begun is what the host has done without an engine (Bootstrap in
// ../web/host/bootstrap.js), as far as it is no number.
type begun struct {
	session string       // its first hello has named it already
	socket  safejs.Value // the open connection, or null
	cause   string       // why the attempt to connect has failed, where the code does not tell
	reason  string       // the same in words
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond))
}

// Fail implements engine.Host.
func (b *bridge) Fail(s slot, err *engine.Error) {
	b.tell("failed", int(s), string(err.Code), string(err.Fate), err.Message)
}

// Changed implements engine.Host.
func (b *bridge) Changed(c engine.Change) {
	b.tell("changed", string(c.State), string(c.Cause), c.Reason, c.Attempt, float64(c.Delay)/float64(time.Millisecond), int(c.Code))
}

// tell calls a method of the host, which runs no code of the user's and never
// throws: a failure means that JavaScript itself is in ruins.
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
