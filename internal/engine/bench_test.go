package engine

import (
	"fmt"
	"math"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// nowhere is a host and a connection that do nothing.
type nowhere struct{ done chan Closed }

func (nowhere) Dial(<-chan struct{}) (Conn, error)      { return nil, &Closed{} }
func (nowhere) Token(<-chan struct{}) (string, error)   { return "", nil }
func (nowhere) Fail(uint32, *Error)                     {}
func (nowhere) Changed(Change)                          {}
func (nowhere) Wake()                                   {}
func (n nowhere) Done() <-chan Closed                   { return n.done }
func (nowhere) Close(code protocol.CloseCode, _ string) {}

// BenchmarkCall is what a call costs the engine: submitted, sent in a frame
// with others, and settled, with so many in flight, as the browser's client
// does it.
func BenchmarkCall(b *testing.B) {
	for _, flight := range []int{64, 1000, 100_000} {
		b.Run(fmt.Sprint(flight), func(b *testing.B) {
			e := New[uint32](nowhere{}, Options{Turns: true, Queue: Queue{Calls: 1 << 30, Bytes: math.MaxInt}})
			conn := &nowhere{}
			e.adopt(conn, "", e.now())
			e.Welcome(conn, protocol.Welcome{Limits: protocol.Limits{Frame: 1 << 20, Requests: 1 << 30}})
			var frame Batch[uint32]
			key := protocol.Key(0)
			b.ReportAllocs()
			for done := 0; done < b.N; done += flight {
				for i := range flight {
					e.Submit(Call[uint32]{Key: key + protocol.Key(i) + 1, Payload: uint32(i), Size: 100, Timeout: DefaultTimeout})
				}
				e.EndTurn()
				for e.Next(conn, &frame) {
				}
				for i := range flight {
					if i%64 == 0 {
						e.Received(conn, 6400) // a frame of replies
					}
					e.Settle(key + protocol.Key(i^1) + 1) // not quite in order
				}
				key += protocol.Key(flight)
			}
		})
	}
}
