package sendq

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
)

// A wire is a Conn and a Session that record what they are told, in order.
type wire struct {
	Queue

	mutex  sync.Mutex // protects following
	events []string   // "store …" and "send …"
	stored []frame    // what the session holds
	total  uint64
	broken error     // what Write returns
	failed error     // what the session returns
	gate   chan bool // Write waits for it, unless nil
}

type frame struct {
	text string
	last uint64
	keys []protocol.Key
}

func newWire(limit int) *wire {
	w := &wire{}
	w.Init(w, limit)
	return w
}

// greeted is a wire with a session.
func greeted(limit int) *wire {
	w := newWire(limit)
	w.Greet(w, []byte(`{"welcome":{}}`), 0)
	w.write(w.FlushControl())
	w.events = nil
	return w
}

func (w *wire) note(format string, args ...any) {
	w.events = append(w.events, fmt.Sprintf(format, args...))
}

func (w *wire) Write(f []byte) error {
	if w.gate != nil {
		<-w.gate
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.broken != nil {
		return w.broken
	}
	w.note("send %.40s", f)
	return nil
}

func (w *wire) WriteFailed(err error) { w.note("write failed: %v", err) }

func (w *wire) SessionFailed(err error) {
	w.note("session failed: %v", err)
	w.Drop()
}

func (w *wire) Append(f []byte, keys []protocol.Key) (uint64, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.failed != nil {
		return 0, w.failed
	}
	w.total += uint64(len(keys))
	w.stored = append(w.stored, frame{string(f), w.total, slices.Clone(keys)})
	w.note("store %.40s", f)
	return w.total, nil
}

func (w *wire) Next(after uint64) ([]byte, uint64, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, f := range w.stored {
		if f.last > after {
			return []byte(f.text), f.last, w.failed
		}
	}
	return nil, 0, w.failed
}

// write does as a Queue's user must.
func (w *wire) write(write bool) {
	if write {
		w.Queue.Write()
	}
}

func (w *wire) want(t *testing.T, events ...string) {
	t.Helper()
	if !slices.Equal(w.events, events) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(w.events, "\n\t"), strings.Join(events, "\n\t"))
	}
	w.events = nil
}

func TestOutcomesAreStoredThenSentTogether(t *testing.T) {
	w := greeted(1 << 20)
	w.write(w.Reply(1, []byte("1")))
	w.write(w.Outcome(2, []byte(`{"key":2,"error":{}}`)))
	w.want(t)
	w.write(w.Flush())
	w.want(t, `store [{"key":1,"data":1},{"key":2,"error":{}}`, `send [{"key":1,"data":1},{"key":2,"error":{}}`)
	if keys := w.stored[0].keys; !slices.Equal(keys, []protocol.Key{1, 2}) || w.Waiting() != 0 {
		t.Errorf("stored %v, %d bytes wait", keys, w.Waiting())
	}
}

func TestSeriesEndsWhereKeysDo(t *testing.T) {
	w := greeted(1 << 20)
	w.UseSeries()
	for _, key := range []protocol.Key{1, 2, 5} {
		w.write(w.Reply(key, []byte("0")))
	}
	w.write(w.Outcome(6, []byte("{}")))
	w.write(w.Flush())
	w.want(t, `store [[1,0,0],[5,0],{}]`, `send [[1,0,0],[5,0],{}]`)
}

func TestFullFrameLeavesWithoutFlush(t *testing.T) {
	w := greeted(1 << 20)
	large := []byte(`"` + strings.Repeat("x", softFrame) + `"`)
	w.write(w.Reply(1, large))
	if len(w.events) != 2 {
		t.Errorf("%d events of an outcome", len(w.events))
	}
	w.events = nil
	w.write(w.Control(large))
	if len(w.events) != 1 {
		t.Errorf("%d events of a control message", len(w.events))
	}
}

// Pongs overtake all else, control messages overtake outcomes, and what the
// session holds goes before what is new.
func TestOrderOfWhatWaits(t *testing.T) {
	w := newWire(1 << 20)
	w.Append([]byte("[old]"), []protocol.Key{1, 2})
	w.want(t, "store [old]")
	w.Greet(w, []byte("welcome"), 0)
	w.Reply(3, []byte("3"))
	w.Control([]byte("control"))
	w.FlushControl()
	w.Flush()
	w.Pong()
	w.write(true)
	w.want(t, "send pong", "send [welcome]", "send [control]", "send [old]", `store [{"key":3,"data":3}]`, `send [{"key":3,"data":3}]`)
}

// An outcome that another connection stored first is sent first.
func TestReplayIncludesWhatComesBetween(t *testing.T) {
	w := greeted(1 << 20)
	w.Append([]byte("[other]"), []protocol.Key{9})
	w.write(w.Reply(1, []byte("1")))
	w.write(w.Flush())
	w.want(t, "store [other]", `store [{"key":1,"data":1}]`, "send [other]", `send [{"key":1,"data":1}]`)
	w.Append([]byte("[more]"), []protocol.Key{10})
	w.write(w.Replay())
	w.want(t, "store [more]", "send [more]")
	if !w.Sent(3) || w.Sent(4) {
		t.Error("it has sent 3 outcomes")
	}
}

// Until the client may have an outcome, an ack of it is a mistake.
func TestSentCountsBeforeTheClientCan(t *testing.T) {
	w := greeted(1 << 20)
	w.gate = make(chan bool)
	done := make(chan bool)
	if w.Sent(1) {
		t.Error("nothing was sent")
	}
	go func() { w.Reply(1, []byte("1")); w.write(w.Flush()); close(done) }()
	w.gate <- true
	if !w.Sent(1) {
		t.Error("the client has it")
	}
	<-done
}

func TestAfterStopOutcomesAreOnlyStored(t *testing.T) {
	w := greeted(1 << 20)
	w.Control([]byte("control"))
	if !w.Stop() || w.Stop() {
		t.Error("the first Stop is the first, the second is not")
	}
	w.Reply(1, []byte("1"))
	w.write(w.Flush())
	w.write(w.Pong() || w.Control(nil) || w.Frame(nil) || w.FlushControl() || w.Replay())
	w.want(t, `store [{"key":1,"data":1}]`)
	if n := w.Waiting(); n != 0 {
		t.Errorf("%d bytes wait", n)
	}
}

func TestAfterDropNothingIsStored(t *testing.T) {
	w := greeted(1 << 20)
	w.Reply(1, []byte("1"))
	if !w.Drop() || w.Drop() {
		t.Error("the first Drop is the first, the second is not")
	}
	w.write(w.Flush() || w.Reply(2, []byte("2")) || w.Outcome(3, nil))
	w.Drain()
	w.want(t)
}

func TestAfterSealOutcomesStillLeave(t *testing.T) {
	w := greeted(1 << 20)
	w.Seal()
	w.write(w.Pong() || w.Control(nil) || w.Frame(nil))
	w.Reply(1, []byte("1"))
	w.write(w.Flush())
	w.want(t, `store [{"key":1,"data":1}]`, `send [{"key":1,"data":1}]`)
}

func TestFinishSendsWhatWasTaken(t *testing.T) {
	w := greeted(1 << 20)
	w.Control([]byte("control"))
	w.Reply(1, []byte("1"))
	w.Finish()
	w.want(t, "send [control]", `store [{"key":1,"data":1}]`, `send [{"key":1,"data":1}]`)
	w.write(w.Pong())
	w.want(t)
}

func TestDrainSendsWhatNobodyFlushed(t *testing.T) {
	w := greeted(1 << 20)
	w.Reply(1, []byte("1"))
	w.Drain()
	w.want(t, `store [{"key":1,"data":1}]`, `send [{"key":1,"data":1}]`)
}

func TestFirstFailedWriteStopsSending(t *testing.T) {
	w := greeted(1 << 20)
	w.broken = errors.New("broken")
	for key := range protocol.Key(2) {
		w.Reply(key+1, []byte("1"))
		w.write(w.Flush())
	}
	w.want(t, `store [{"key":1,"data":1}]`, "write failed: broken", `store [{"key":2,"data":1}]`)
}

func TestSessionFailure(t *testing.T) {
	w := greeted(1 << 20)
	w.failed = errors.New("failed")
	w.Reply(1, []byte("1"))
	w.write(w.Flush())
	w.want(t, "session failed: failed")
	w = greeted(1 << 20)
	w.failed = errors.New("failed")
	w.write(w.Replay())
	w.want(t, "session failed: failed")
}

// Room holds up whoever adds more than the client takes, until it takes some,
// or nobody waits for it.
func TestRoom(t *testing.T) {
	for _, end := range []string{"sent", "stopped", "dropped"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := greeted(100)
				w.gate = make(chan bool)
				w.Room()
				go func() { w.write(w.Frame(make([]byte, 101))) }()
				go func() { w.write(w.Frame(make([]byte, 101))) }()
				synctest.Wait()
				passed := make(chan bool)
				go func() { w.Room(); close(passed) }()
				synctest.Wait()
				select {
				case <-passed:
					t.Fatal("there is no room")
				default:
				}
				switch end {
				case "sent":
					w.gate <- true
					w.gate <- true
				case "stopped":
					w.Stop()
					w.gate <- true // the frame that is being sent counts
				case "dropped":
					w.Drop()
				}
				<-passed
				close(w.gate)
			})
		})
	}
}

// Many goroutines add at once, while others store and flush: each outcome is
// stored once, sent in the order of its number, and nothing is left.
func TestNothingIsLostOrSentTwice(t *testing.T) {
	w := greeted(1 << 12)
	var all sync.WaitGroup
	const writers, each = 8, 500
	for i := range writers {
		all.Go(func() {
			for n := range each {
				key := protocol.Key(1 + i*each + n)
				w.Room()
				switch n % 4 {
				case 0:
					w.mutex.Lock()
					w.total++
					text := fmt.Sprintf("[%d elsewhere]", key)
					w.stored = append(w.stored, frame{text, w.total, []protocol.Key{key}})
					w.note("store %s", text)
					w.mutex.Unlock()
					w.write(w.Replay())
				case 1:
					w.write(w.Reply(key, []byte("1")))
					w.write(w.Flush())
				case 2:
					w.write(w.Outcome(key, []byte("2")))
				case 3:
					w.write(w.Pong())
					w.write(w.Control([]byte("3")))
					w.write(w.FlushControl())
				}
			}
		})
	}
	all.Wait()
	w.Drain()
	var stored, sent []string
	for _, e := range w.events {
		if text, ok := strings.CutPrefix(e, "store "); ok {
			stored = append(stored, text)
		} else if text, _ := strings.CutPrefix(e, "send "); text != "pong" && text != "[3" && !strings.HasPrefix(text, "[3]") && !strings.HasPrefix(text, "[3,") {
			sent = append(sent, text)
		}
	}
	if !slices.Equal(stored, sent) {
		t.Errorf("stored %d frames, sent %d, or in another order", len(stored), len(sent))
	}
	keys := map[protocol.Key]bool{}
	for _, f := range w.stored {
		for _, key := range f.keys {
			if keys[key] {
				t.Errorf("outcome %d is stored twice", key)
			}
			keys[key] = true
		}
	}
	if len(keys) != writers*each*3/4 || w.Waiting() != 0 {
		t.Errorf("%d outcomes are stored, and %d bytes wait", len(keys), w.Waiting())
	}
}
