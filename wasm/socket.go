//go:build js && wasm

package main

import (
	"strconv"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// socket is a browser's WebSocket. What it receives does not come through
// here: the host reads its messages (see attach in ../web/host/frames.js).
type socket struct {
	bridge *bridge
	value  safejs.Value
	opened chan struct{}
	done   chan engine.Closed
	funcs  []jsFunc // owned until release
	closed bool
}

// Dial implements engine.Host. It runs in the engine's goroutine, where it may
// block.
func (b *bridge) Dial(over <-chan struct{}) (engine.Conn, error) {
	limit, stop := handshakeLimit()
	defer stop()
	url, err := b.ask("ask", over, limit, "the url function did not answer"+inTime)
	if err != nil {
		return nil, err
	}
	s, err := b.open(url)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.opened:
		b.socket = s
		return s, nil
	case end := <-s.done:
		s.release()
		return nil, &end
	case <-over:
		s.Close(protocol.CloseNormal, "")
		return nil, errOver
	case <-limit:
		s.Close(protocol.CloseNormal, "")
		return nil, &engine.Closed{Code: protocol.CloseHandshake, Reason: "the socket did not open" + inTime}
	}
}

// Token implements engine.Host.
func (b *bridge) Token(over <-chan struct{}) (string, error) {
	limit, stop := handshakeLimit()
	defer stop()
	return b.ask("askToken", over, limit, "the token function did not answer"+inTime)
}

var inTime = " within " + strconv.Itoa(int(protocol.Handshake/time.Second)) + " s"

// handshakeLimit closes a channel when it is time to give up. For why it is no
// time.Timer's, see ../internal/engine/clock.go.
func handshakeLimit() (over <-chan struct{}, stop func() bool) {
	limit := make(chan struct{})
	return limit, time.AfterFunc(protocol.Handshake, func() { close(limit) }).Stop
}

// errOver is how an attempt ends that nobody wants any more.
var errOver = &engine.Closed{Reason: "the attempt was given up"}

// ask calls a method of the host, which may ask the page, and gives the answer
// to a function: a text, and a problem or null.
func (b *bridge) ask(method string, over <-chan struct{}, limit <-chan struct{}, late string) (string, error) {
	type answer struct {
		value, problem string
		failed         bool
	}
	answers := make(chan answer, 1)
	onAnswer, err := funcOf(func(_ safejs.Value, args []safejs.Value) any {
		value, _ := args[0].String()
		problem, failed := "", !args[1].IsNull()
		if failed {
			problem, _ = args[1].String()
		}
		select {
		case answers <- answer{value, problem, failed}:
		default:
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	defer onAnswer.Release()
	// The host drops an answer that comes after the question was taken back.
	b.tell(method, onAnswer.Value())
	defer b.tell(method, safejs.Null())
	select {
	case a := <-answers:
		if a.failed {
			return "", &engine.Closed{Cause: engine.CauseFunction, Reason: a.problem}
		}
		return a.value, nil
	case <-over:
		return "", errOver
	case <-limit:
		return "", &engine.Closed{Code: protocol.CloseHandshake, Cause: engine.CauseFunction, Reason: late}
	}
}

// open makes a WebSocket, which is connecting when open returns.
func (b *bridge) open(url string) (*socket, error) {
	class, err := safejs.Global().Get("WebSocket")
	if err != nil {
		return nil, err
	}
	args := []any{url}
	if !b.plain {
		args = append(args, protocol.Subprotocol)
	}
	value, err := class.New(args...)
	if err != nil {
		return nil, &engine.Closed{Cause: engine.CauseFunction, Reason: "the browser refused the URL " + url + ": " + err.Error()}
	}
	s := b.wrap(value)
	s.on("open", func(safejs.Value) { close(s.opened) })
	b.tell("attach", value)
	return s, nil
}

// wrap makes a socket of a WebSocket, and listens for its end.
func (b *bridge) wrap(value safejs.Value) *socket {
	s := &socket{bridge: b, value: value, opened: make(chan struct{}), done: make(chan engine.Closed, 1)}
	s.on("close", func(event safejs.Value) {
		end := must(b.host.Call("ended", event)) // the host knows which frames may have caused it
		s.end(engine.Closed{Code: protocol.CloseCode(number(end, "code")), Reason: text(end, "reason")})
	})
	// A browser tells a page no reason, and some send no close after this.
	s.on("error", func(safejs.Value) {
		s.end(engine.Closed{Code: protocol.CloseAbnormal, Reason: "the connection to " + text(value, "url") + " failed"})
	})
	return s
}

// on sets a handler, one of the few that each socket has.
func (s *socket) on(event string, do func(event safejs.Value)) {
	f, err := funcOf(func(_ safejs.Value, args []safejs.Value) any {
		if !s.closed {
			do(args[0])
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	s.funcs = append(s.funcs, f)
	if err := s.value.Set("on"+event, f.Value()); err != nil {
		panic(err)
	}
}

// end notes the first reason for the end.
func (s *socket) end(why engine.Closed) {
	select {
	case s.done <- why:
	default:
	}
}

// release cuts all that leads from the socket to here and to the host.
func (s *socket) release() {
	s.closed = true
	for _, name := range []string{"onopen", "onclose", "onerror"} {
		if err := s.value.Set(name, safejs.Null()); err != nil {
			panic(err)
		}
	}
	for _, f := range s.funcs {
		f.Release()
	}
	s.funcs = nil
	s.bridge.tell("detach", s.value)
	if s.bridge.socket == s {
		s.bridge.socket = nil
	}
}

// Wake implements engine.Conn.
func (s *socket) Wake() { wake(s.bridge.id) }

// Done implements engine.Conn.
func (s *socket) Done() <-chan engine.Closed { return s.done }

// Close implements engine.Conn. A browser takes no codes but 1000 and 3000 to
// 4999, and may wait for the peer for as long as it likes: nobody here waits for
// it.
func (s *socket) Close(code protocol.CloseCode, reason string) {
	if s.closed {
		return
	}
	s.release()
	args := []any{}
	if code == protocol.CloseNormal || 3000 <= code && code <= 4999 {
		args = append(args, int(code), protocol.Reason(reason))
	}
	// The only failure left is a bad code or reason, for which the check is
	// above: then the browser closes it when it is collected.
	_, _ = s.value.Call("close", args...)
}
