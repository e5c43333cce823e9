package client

import (
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// fakeWorld is the fake network as a world of the contract.
func fakeWorld(t *testing.T, opts Options) *world {
	n := newNet(t, opts)
	n.answers(nil)
	opened := make(chan peer, 100)
	go func() {
		for c := range n.opened {
			opened <- fakePeer{c}
		}
	}()
	n.engine.Start()
	return &world{
		t: t, engine: n.engine, opened: opened, changes: n.changes,
		request: func(data string, again bool, timeout time.Duration) pending {
			spec := Call[*fakeCall]{Idempotent: again, Timeout: timeout}
			outcome := make(chan string, 1)
			c := &fakeCall{data: []byte(data)}
			if opts.Plain {
				var err *Error
				if spec.Name, c.data, err = plainRequest(c.data); err != nil {
					t.Fatal(err)
				}
			}
			c, err := n.submit(spec, c)
			if err != nil {
				outcome <- verdict(outcomeOf(err))
				return pending{outcome, nil}
			}
			n.engine.Wake()
			go func() { <-c.done; outcome <- told(c.out) }()
			return pending{outcome, func() { n.abort(c.key) }}
		},
		refuse: func(yes bool) {
			if yes {
				n.dials(refuse)
				n.engine.Reconnect()
				return
			}
			n.dials(accept)
		},
		finish: func() {
			n.finish()
			close(n.opened)
		},
	}
}

func outcomeOf(err *Error) outcome { return outcome{err: err} }

type fakePeer struct{ *fakeConn }

func (p fakePeer) frames() <-chan string                  { return p.sent }
func (p fakePeer) send(frame string)                      { p.receive(frame) }
func (p fakePeer) drop(code protocol.CloseCode, r string) { p.end(Closed{code, r}) }
func (p fakePeer) cut()                                   { p.end(Closed{protocol.CloseAbnormal, "cut"}) }

func (p fakePeer) sendBinary(string) {
	if !p.reads() {
		return
	}
	if end := p.net.frames.binary(p.fakeConn); end != nil {
		p.end(*end)
	}
}
