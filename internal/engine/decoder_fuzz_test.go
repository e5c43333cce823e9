package engine

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

func FuzzDecoder(f *testing.F) {
	for _, frame := range []string{"ping", "[]", contract.Welcome(true), `[{"key":1,"data":[]},{"key":2}]`, errorFrame(1, "x", "{}"),
		`[{"key":1,"refused":{"code":"overloaded"}}]`, `{"key":"a"}`, `{"key":7.0}`, "\xff", `[{"key":0}]`, `[[1,2,3],{"key":2,"error":{"executed":false}}]`, "[[1,2],",
		`[{"key":1,"error":null,"data":0},1,[],[7.0,1]]`, `{"key":"","key":"a"}`} {
		f.Add([]byte(frame), false)
		f.Add([]byte(frame), true)
	}
	f.Fuzz(func(t *testing.T, frame []byte, plain bool) {
		n := newNet(t, Options{Plain: plain})
		c := &fakeConn{net: n, wake: make(chan struct{}, 1)}
		n.engine.adopt(c, "", n.engine.now())
		n.send(Call[*fakeCall]{Name: "a"}, Call[*fakeCall]{Name: "7"}, within(time.Hour))
		var b Batch[*fakeCall]
		for n.engine.Next(c, &b) {
		}
		n.frames.Text(c, frame)
		if n.engine.conn.Conn != c {
			t.Error("the connection has ended")
		}
		whole := string(frame) == protocol.Ping || string(frame) == protocol.Pong || utf8.Valid(frame) && json.Valid(frame)
		if !whole && len(frame) < 10_000 && n.frames.Garbage() != 1 {
			t.Errorf("%d pieces of garbage in a frame that is not JSON", n.frames.Garbage())
		}
		for _, call := range n.calls {
			if call.ends > 1 || !whole && call.ends > 0 {
				t.Errorf("call %d came back %d times", call.key, call.ends)
			}
		}
	})
}

// errorFrame is a frame with an error in it.
func errorFrame(key protocol.Key, code string, data string) string {
	return string(append(protocol.AppendError([]byte("["), key, protocol.Error{Code: code, Message: "no", Data: json.RawMessage(data)}), ']'))
}
