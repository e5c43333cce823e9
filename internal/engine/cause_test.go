package engine

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
)

func TestCauses(t *testing.T) {
	refusedWith := func(end Closed) func(*fakeNet) {
		return func(n *fakeNet) {
			n.dials(func(<-chan struct{}) *Closed { return &end })
			n.engine.Start()
		}
	}
	none := Options{Reconnect: Reconnect{Attempts: -1}}
	for name, test := range map[string]struct {
		opts Options
		play func(*fakeNet)
		want Change
	}{
		"close":                  {Options{}, func(n *fakeNet) { n.start(); n.engine.Close() }, Change{State: StateClosed, Cause: CauseClose}},
		"pause":                  {Options{}, func(n *fakeNet) { n.start(); n.engine.Pause() }, Change{State: StateWaiting, Cause: CausePaused}},
		"no network":             {Options{}, refusedWith(Closed{Reason: "no route"}), Change{State: StateWaiting, Cause: CauseNetwork}},
		"a connection broke":     {Options{}, func(n *fakeNet) { n.start().drop(protocol.CloseAbnormal) }, Change{State: StateWaiting, Cause: CauseNetwork}},
		"no answer":              {Options{}, refusedWith(Closed{Code: protocol.CloseHandshake}), Change{State: StateWaiting, Cause: CauseTimeout}},
		"no sign of life":        {Options{}, func(n *fakeNet) { n.start().drop(protocol.CloseHeartbeat) }, Change{State: StateWaiting, Cause: CauseTimeout}},
		"the server restarts":    {Options{}, func(n *fakeNet) { n.start().drop(protocol.CloseRestart) }, Change{State: StateWaiting, Cause: CauseServer}},
		"an unknown code":        {Options{}, func(n *fakeNet) { n.start().drop(4999) }, Change{State: StateWaiting, Cause: CauseServer}},
		"the server refuses":     {Options{}, func(n *fakeNet) { n.start().drop(protocol.CloseForbidden) }, Change{State: StateClosed, Cause: CauseRefused}},
		"no attempt left":        {none, refusedWith(Closed{Reason: "no route"}), Change{State: StateClosed, Cause: CauseGaveUp}},
		"no attempt, but fatal":  {none, func(n *fakeNet) { n.start().drop(protocol.CloseForbidden) }, Change{State: StateClosed, Cause: CauseRefused}},
		"the host says it":       {Options{}, refusedWith(Closed{Code: protocol.CloseHandshake, Cause: CauseFunction}), Change{State: StateWaiting, Cause: CauseFunction}},
		"the host made it, said": {Options{}, func(n *fakeNet) { n.engine.Failed(Closed{Cause: CauseFunction}); n.engine.Start() }, Change{State: StateWaiting, Cause: CauseFunction}},
		"no token": {Options{Token: true}, func(n *fakeNet) {
			n.gives(func(<-chan struct{}) (string, error) { return "", errors.New("not logged in") })
			n.engine.Start()
		}, Change{State: StateWaiting, Cause: CauseFunction}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, test.opts, func(n *fakeNet) {
				test.play(n)
				synctest.Wait()
				for c := range n.changes {
					if c.State == StateConnecting || c.State == StateOpen {
						if c.Cause != "" {
							t.Errorf("a cause of good news: %+v", c)
						}
						continue
					}
					if c.State != test.want.State || c.Cause != test.want.Cause {
						t.Errorf("%s %s, want %s %s", c.State, c.Cause, test.want.State, test.want.Cause)
					}
					return
				}
			})
		})
	}
}
