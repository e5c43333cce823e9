package engine

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func TestSteadyStateAllocatesNothing(t *testing.T) {
	n := newNet(t, Options{})
	e := n.engine
	conn := &fakeConn{net: n, wake: make(chan struct{}, 1)}
	e.adopt(conn, "", e.now())
	e.Welcome(conn, welcome)
	var b Batch[*fakeCall]
	e.Next(conn, &b) // the hello
	payload := &fakeCall{}
	key := protocol.Key(0)
	round := func() {
		first := key + 1
		for range 10 {
			key++
			if err := e.Submit(Call[*fakeCall]{Key: key, Payload: payload, Size: 100, Timeout: time.Hour}); err != nil {
				t.Fatal(err)
			}
		}
		e.Wake()
		for e.Next(conn, &b) {
		}
		e.Received(conn, 0)
		for k := first; k <= key; k++ {
			if _, ok := e.Settle(k); !ok {
				t.Fatal("lost a call")
			}
		}
	}
	for range 1000 {
		round()
	}
	if got := testing.AllocsPerRun(1000, round); got != 0 {
		t.Errorf("%v allocations for 10 calls", got)
	}
}

func TestNextLetsGoOfPayloads(t *testing.T) {
	bubble(t, Options{}, func(n *fakeNet) {
		c := n.start()
		c.stall(true)
		n.send(bare, bare)
		var b Batch[*fakeCall]
		if !n.engine.Next(c, &b) || len(b.Items) != 2 {
			t.Fatalf("%+v", b)
		}
		n.engine.Next(c, &b)
		for _, item := range b.Items[:2] {
			if item.Payload != nil {
				t.Error("the batch holds on to a payload")
			}
		}
	})
}
