package engine

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/internal/engine/contract"
	"github.com/sockjax/sockjax/protocol"
)

func TestContract(t *testing.T) {
	contract.Run(t, func(t *testing.T, o contract.Options, f func(*contract.World)) {
		synctest.Test(t, func(t *testing.T) {
			w, finish := fakeWorld(t, Options{
				Plain:     o.Plain,
				Heartbeat: Heartbeat{After: o.After, Timeout: o.Timeout},
				Reconnect: Reconnect{Min: contract.Reconnect, Max: contract.Reconnect},
			})
			defer finish()
			f(w)
		})
	})
}

// fakeWorld is the fake network as a world of the contract.
func fakeWorld(t *testing.T, opts Options) (w *contract.World, finish func()) {
	n := newNet(t, opts)
	n.answers(nil)
	opened := make(chan contract.Peer, 100)
	go func() {
		for c := range n.opened {
			opened <- fakePeer{c}
		}
	}()
	changes := make(chan contract.Change, 10_000)
	n.told = func(c Change) {
		changes <- contract.Change{State: string(c.State), Code: c.Code, Cause: string(c.Cause), Reason: c.Reason}
	}
	n.engine.Start()
	return &contract.World{
			T: t, Engine: n.engine, Opened: opened, Changes: changes,
			Request: func(data string, again bool, timeout time.Duration) contract.Pending {
				spec := Call[*fakeCall]{Idempotent: again, Timeout: timeout}
				outcome := make(chan string, 1)
				c := &fakeCall{data: []byte(data)}
				if opts.Plain {
					var err *Error
					if spec.Name, c.data, err = PlainRequest(c.data); err != nil {
						t.Fatal(err)
					}
				}
				c, err := n.submit(spec, c)
				if err != nil {
					outcome <- verdict(Outcome{Err: err})
					return contract.Pending{Outcome: outcome}
				}
				n.engine.Wake()
				go func() { <-c.done; outcome <- told(c.out) }()
				return contract.Pending{Outcome: outcome, Abort: func() { n.abort(c.key) }}
			},
			Refuse: func(yes bool) {
				if yes {
					n.dials(refuse)
					n.engine.Reconnect()
					return
				}
				n.dials(accept)
			},
		}, func() {
			n.finish()
			close(n.opened)
		}
}

// told is an outcome in words, with what came.
func told(o Outcome) string {
	var rejection *Rejection
	if errors.As(o.Err, &rejection) {
		return fmt.Sprintf("%s %s %s", verdict(o), rejection.Message, rejection.Data)
	}
	if o.Err == nil {
		return "reply " + string(o.Body)
	}
	return verdict(o)
}

type fakePeer struct{ *fakeConn }

func (p fakePeer) Frames() <-chan string                  { return p.sent }
func (p fakePeer) Send(frame string)                      { p.receive(frame) }
func (p fakePeer) Drop(code protocol.CloseCode, r string) { p.end(Closed{Code: code, Reason: r}) }
func (p fakePeer) Cut()                                   { p.end(Closed{Code: protocol.CloseAbnormal, Reason: "cut"}) }

func (p fakePeer) SendBinary(frame string) {
	if p.reads() {
		p.net.frames.Binary(p.fakeConn, []byte(frame))
	}
}
