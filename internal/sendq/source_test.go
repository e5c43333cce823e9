package sendq

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
)

// writeParts is write in the goroutine that a Source has.
func (w *wire) writeParts(write bool) {
	if write {
		w.Queue.WriteParts()
	}
}

// A counter is a Source with n messages, of which each frame holds one.
type counter struct{ n int }

func (c *counter) Fill(frame []byte, _ int) ([]byte, bool) {
	if c.n == 0 {
		return frame, false
	}
	c.n--
	return fmt.Appendf(protocol.Join(frame), "%d", c.n), c.n > 0
}

func TestSourceIsAskedUntilThereIsNoMore(t *testing.T) {
	w := greeted(1 << 20)
	c := &counter{3}
	w.SetSource(c)
	w.write(w.Flush())
	w.want(t)
	w.writeParts(w.Pull())
	w.want(t, "send [2]", "send [1]", "send [0]")
	w.writeParts(w.Pull()) // for nothing
	w.want(t)
	c.n = 1
	w.writeParts(w.Pull())
	w.want(t, "send [0]")
}

// Control messages go before what a Source has; with outcomes it takes turns.
func TestSourceTakesTurns(t *testing.T) {
	w := greeted(1 << 20)
	w.SetSource(&counter{3})
	w.Reply(1, []byte("1"))
	w.Flush()
	w.Control([]byte("control"))
	w.FlushControl()
	w.Pull()
	w.takeFull()
	w.Reply(2, []byte("2"))
	w.Flush()
	w.writeParts(true)
	w.want(t, "send [control]", `store [{"key":1,"data":1}]`, `send [{"key":1,"data":1}]`, "send [2]",
		`store [{"key":2,"data":2}]`, `send [{"key":2,"data":2}]`, "send [1]", "send [0]")
}

// Whoever calls Write has other things to do.
func TestSourceHasAGoroutineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := greeted(1 << 20)
		w.SetSource(&counter{2})
		w.gate = make(chan bool)
		w.write(w.Pull()) // does not wait for the gate
		close(w.gate)
		synctest.Wait()
		w.want(t, "send [1]", "send [0]")
	})
}

// takeFull has the open frame leave as it is, as one does that is full.
func (q *Queue) takeFull() { q.full = append(q.full, q.takeOpen()) }

// What a Source has does not hold up the end.
func TestEndWaitsForNoSource(t *testing.T) {
	for name, end := range map[string]func(*wire){
		"Finish": func(w *wire) { w.Finish() },
		"Seal":   func(w *wire) { w.Seal(); w.Finish() },
		"Stop":   func(w *wire) { w.Stop() },
		"Drop":   func(w *wire) { w.Drop() },
	} {
		w := greeted(1 << 20)
		w.SetSource(&counter{1 << 30})
		end(w)
		if w.Pull() {
			t.Errorf("after %s it is asked", name)
		}
		w.want(t)
	}
}
