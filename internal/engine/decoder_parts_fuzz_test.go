package engine

import (
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// binaryOf is a binary frame.
func binaryOf(messages, bytes string) []byte {
	frame := append(protocol.AppendPrefix(nil), messages...)
	protocol.SetPrefix(frame)
	return append(frame, bytes...)
}

// Whatever a server says about parts, the engine counts what it can read, gives
// the host no more than that, and no call ends twice.
func FuzzDecoderParts(f *testing.F) {
	for _, frame := range [][]byte{
		binaryOf(`[{"key":1,"chunk":3},{"key":1,"parts":[1,"a",[]],"size":7},{"key":1,"data":1}]`, "abc"),
		binaryOf(`[{"key":1,"text":4},{"key":1,"chunk":2},{"key":1,"chunk":2}]`, "null"),
		binaryOf(`[{"key":1,"bytes":0,"text":4},{"key":1,"chunk":4},{"key":2,"bytes":1}]`, "abcd\x00"),
		binaryOf(`[{"key":1,"text":4},{"key":1,"chunk":2},{"key":1,"text":2},{"key":1,"chunk":2}]`, "nu11"),
		binaryOf(`[{"key":2,"got":1},{"key":2,"taken":2,"window":99},{"key":2,"taken":1,"window":0},{"key":2,"got":9}]`, ""),
		binaryOf(`[{"key":2,"got":-1},{"key":2,"taken":1e3,"window":-1},{"key":9,"chunk":0},{"key":1,"chunk":1}]`, ""),
		binaryOf(`[{"key":1,"chunk":1}]`, "ab"), binaryOf(`{}`, ""), []byte("[]"), {0, 0, 0}, {0, 0, 0, 9, '['}, {255, 255, 255, 255},
		[]byte(`[{"key":1,"parts":[]},{"key":1,"parts":{}},{"key":2,"end":true},{"key":3,"text":9}]`),
	} {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		n := newNet(t, Options{})
		c := &fakeConn{net: n, wake: make(chan struct{}, 1)}
		n.engine.adopt(c, "", n.engine.now())
		n.engine.Welcome(c, *wide(1000))
		down := n.openCall(Call[*fakeCall]{Window: 1000})
		up := n.openCall(Call[*fakeCall]{Open: true})
		n.send(bare)
		n.feed(up, 300, 300, 300, 300)
		var b Batch[*fakeCall]
		drain := func() {
			for n.engine.Next(c, &b) {
				AppendFrame(nil, &b, false, (*fakeCall).content, (*fakeCall).beside)
			}
		}
		drain()
		arrive := n.frames.Text
		if len(frame) > 0 && frame[0] != '[' {
			arrive = n.frames.Binary
		}
		for range 2 {
			before := len(down.arrived)
			arrive(c, frame)
			if more := len(down.arrived) - before; more > 0 {
				n.took(down, more)
			}
			n.feed(up, 300)
			drain()
		}
		for _, call := range n.calls {
			if call.ends > 1 {
				t.Errorf("call %d came back %d times", call.key, call.ends)
			}
		}
		if x := n.engine.exchanges.find(up.key); x != nil && (x.body.taken > x.body.got || x.body.got > x.body.sent || x.body.sent > x.body.fed() || x.body.unread < 0) {
			t.Errorf("%+v", x.body)
		}
		if x := n.engine.exchanges.find(down.key); x != nil && (x.stream.arrived != uint64(len(down.arrived)) || x.stream.told > x.stream.read || x.stream.bytes < 0) {
			t.Errorf("%+v", x.stream)
		}
		if n.engine.conn.Conn != c {
			t.Error("the connection has ended")
		}
	})
}
