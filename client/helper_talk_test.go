//go:build !js

package client

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sockjax/sockjax/protocol"
)

// A talk is a client's topics and what is said to them: "> " is the client's,
// "< " the server's, "a: " what the handler a was told, "---" another connection.
type talk struct {
	t      *testing.T
	topics topics
	conn   int
	noted  bool

	mutex sync.Mutex // protects following
	told  []string
	gates map[string]chan struct{} // handlers that wait for one before they return
}

func newTalk(t *testing.T) *talk {
	k := &talk{t: t, gates: map[string]chan struct{}{}}
	k.topics.init(func() { k.noted = true })
	return k
}

func (k *talk) hear(format string, args ...any) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.told = append(k.told, fmt.Sprintf(format, args...))
}

// on subscribes a handler.
func (k *talk) on(name string, since *Position) *subscription {
	s := &subscription{
		handler: func(m Message) {
			k.hear("%s: %s %s%d %s", name, m.Topic, m.Epoch, m.Offset, m.Data)
			k.mutex.Lock()
			gate := k.gates[name]
			k.mutex.Unlock()
			if gate != nil {
				<-gate
			}
		},
		options: SubscribeOptions{
			Since: since,
			Gap: func(g Gap) {
				if g.Epoch != "" {
					k.hear("%s: lost %s%d", name, g.Epoch, g.To)
				} else {
					k.hear("%s: gap %d-%d", name, g.From, g.To)
				}
			},
			Refused: func(r *Refusal) { k.hear("%s: refused %s", name, r.Reason) },
		},
	}
	if !k.topics.add("x", s) {
		k.t.Fatal("closed")
	}
	return s
}

// connect is a welcome on another connection.
func (k *talk) connect() { k.conn, k.noted = k.conn+1, true }

// said is what the client says.
func (k *talk) said(want ...string) {
	k.t.Helper()
	var got []string
	if k.conn > 0 && k.noted {
		k.noted = false
		for _, frame := range k.topics.say(k.conn, 1<<20) {
			got = append(got, string(frame))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		k.t.Fatalf("said %v, want %v", got, want)
	}
}

// hears is a frame of the server's, and then what the handlers are told.
func (k *talk) hears(frame string, want ...string) {
	k.t.Helper()
	r := protocol.NewLenientReader([]byte("[" + frame + "]"))
	for r.Next() {
		if err := k.topics.message(r.Message()); err != nil {
			k.t.Fatal(err)
		}
	}
	if r.Err() != nil {
		k.t.Fatal(r.Err())
	}
	k.handled(want...)
}

func (k *talk) handled(want ...string) {
	k.t.Helper()
	synctest.Wait()
	k.mutex.Lock()
	defer k.mutex.Unlock()
	handler := func(a, b string) int { return strings.Compare(a[:2], b[:2]) }
	slices.SortStableFunc(k.told, handler) // each is told in its own goroutine
	slices.SortStableFunc(want, handler)
	if strings.Join(k.told, ", ") != strings.Join(want, ", ") {
		k.t.Errorf("told %.300q, want %.300q", k.told, want)
	}
	k.told = nil
}

const (
	on    = `[{"on":"x"}]`
	off   = `[{"off":"x"}]`
	onE   = `{"on":"x","since":{"epoch":"e","offset":%d}}`
	onF   = `{"on":"x","since":{"epoch":"f","offset":%d}}`
	gapE  = `{"topic":"x","gap":{"from":%d,"to":%d}}`
	lostF = `{"topic":"x","gap":{"epoch":"f","to":%d}}`
)

func onAt(n int) string    { return "[" + fmt.Sprintf(onE, n) + "]" }
func sent(n int) string    { return fmt.Sprintf(`{"topic":"x","offset":%d,"data":%d}`, n, n) }
func answer(n int) string  { return fmt.Sprintf(onE, n) }
func answerF(n int) string { return fmt.Sprintf(onF, n) }

// series are messages from one offset to another.
func series(from, to int) string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, sent(n))
	}
	return strings.Join(all, ",")
}

func inTalk(t *testing.T, f func(k *talk)) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t)
		f(k)
		k.topics.close()
	})
}
