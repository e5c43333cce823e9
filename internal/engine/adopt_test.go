package engine

import (
	"fmt"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// The page has opened the connection while Go was being loaded.
func TestAdopt(t *testing.T) {
	for name, welcomed := range map[string]bool{"welcomed": true, "not yet": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{Reconnect: soon}, func(n *fakeNet) {
				c := n.made()
				var outcomes uint64
				want := ""
				if welcomed {
					outcomes, want = 2, "open "
				}
				n.engine.Adopt(c, outcomes, welcomed)
				if welcomed {
					n.engine.Welcome(c, welcome)
				}
				n.send(sentBefore, sentBefore, bare)
				n.engine.Start()
				go c.pump()
				n.want(want + ">3")
				if s := n.engine.Stats(); s.Pending != 3 || s.InDoubt != 0 || s.Opened != 1 || s.Unacked != int(outcomes) {
					t.Errorf("%+v", s)
				}
				if !welcomed {
					n.engine.Welcome(c, welcome)
					n.want("open")
				}
				c.reply(2)
				n.want("2=reply")
				n.after(ackAfter, fmt.Sprintf(">+%d", outcomes+1))
				n.answers(resumedWelcome(outcomes + 1))
				c.drop(protocol.CloseAbnormal)
				n.want(fmt.Sprintf("x1006 waiting connecting dial >hello/resume+%d open >1,3", outcomes+1))
			})
		})
	}
}
