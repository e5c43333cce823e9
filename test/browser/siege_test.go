package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/protocol"
)

// besieger is a hostile server: it sends frames that are nearly right, closes
// with any code, and goes away without one.
type besieger struct {
	frames  atomic.Int64 // sent
	enough  int64
	mu      sync.Mutex // protects following
	dice    *rand.Rand
	serving sync.WaitGroup
}

func (b *besieger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.serving.Add(1)
	defer b.serving.Done()
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{protocol.Subprotocol}, InsecureSkipVerify: true,
	})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(-1)
	b.mu.Lock()
	m := mutator{rand.New(rand.NewPCG(b.dice.Uint64(), 0)), 1}
	b.mu.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	last := &atomic.Uint64{} // key that the page has sent
	go func() {
		defer cancel()
		for {
			_, frame, err := ws.Read(ctx)
			if err != nil {
				return
			}
			for r := protocol.NewReader(frame); r.Next(); {
				last.Store(max(last.Load(), uint64(r.Message().Key)))
			}
		}
	}()
	// The first frame is a welcome, most of the time, so that calls come.
	if m.IntN(10) > 0 {
		_ = ws.Write(ctx, websocket.MessageText, []byte(`[{"welcome":{"resumed":`+[]string{"true", "false"}[m.IntN(2)]+`}}]`))
	}
	for ctx.Err() == nil && b.frames.Add(1) <= b.enough {
		m.last = max(last.Load(), 1)
		kind := websocket.MessageText
		switch dice := m.IntN(1000); {
		case dice < 2:
			_ = ws.Close(websocket.StatusCode(m.code()), "as the dice say")
			return
		case dice < 4:
			return
		case dice < 20:
			kind = websocket.MessageBinary
		}
		if ws.Write(ctx, kind, m.frame()) != nil {
			return
		}
	}
	// Silence, until the page ends it.
	<-ctx.Done()
}

// mutator makes frames.
type mutator struct {
	*rand.Rand
	last uint64 // key of a call
}

func pick[T any](m mutator, of []T) T { return of[m.IntN(len(of))] }

func (m mutator) code() int {
	return pick(m, []int{1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4400, 4401, 4403, 4406, 4408, 4409, 4410, 4411, 4999})
}

var odd = []string{
	"0", "-1", "1e400", "9007199254740993", "18446744073709551616", "0.5", "null", "true", `""`, `"\ud800"`, "[]", "{}", `{"__proto__":{}}`,
	`"constructor"`, `[[[[]]]]`, "-0", "1E2", `"` + strings.Repeat("long", 100) + `"`,
}

// message is one that a server may send, with odd values now and then.
func (m mutator) message() string {
	value := func(usual string) string {
		if m.IntN(4) == 0 {
			return pick(m, odd)
		}
		return usual
	}
	// Around the calls that are under way.
	key := value(fmt.Sprint(max(1, int64(m.last)-m.Int64N(12)+2)))
	switch m.IntN(12) {
	case 0:
		return fmt.Sprintf(`{"welcome":{"session":%s,"resumed":%s,"acked":%s,"heartbeat":%s,"expires":%s,"jitter":%s,"limits":{"frame":%s,"requests":%s}}}`,
			value(`"x"`), value("true"), value("0"), value("25000"), value("1"), value("5"), value("65536"), value("64"))
	case 1:
		return fmt.Sprintf(`{"key":%s,"error":{"code":%s,"message":%s,"data":%s}}`, key, value(`"c"`), value(`"m"`), value("1"))
	case 2:
		return fmt.Sprintf(`{"key":%s,"refused":{"code":%s,"message":%s,"after":%s}}`, key, value(`"overloaded"`), value(`"m"`), value("1"))
	case 3:
		return fmt.Sprintf(`{"key":%s,"forgotten":%s}`, key, value("true"))
	case 4:
		return fmt.Sprintf(`{"token":{"expires":%s}}`, value("1000"))
	case 5:
		return fmt.Sprintf(`{%s:%s}`, pick(m, []string{`"ack"`, `"cancel"`, `"hello"`, `"token"`, `"welcome"`, `"on"`, `"topic"`, `"part"`, `"key"`}), value("1"))
	case 6:
		return pick(m, odd)
	default:
		return fmt.Sprintf(`{"key":%s,"data":%s}`, key, value(`{"n":1}`))
	}
}

func (m mutator) frame() []byte {
	switch dice := m.IntN(1000); {
	case dice < 30:
		return []byte(protocol.Ping)
	case dice < 50:
		return []byte(protocol.Pong)
	case dice < 52: // large
		return []byte(`[{"key":1,"data":"` + strings.Repeat("x", 1<<20) + `"}]`)
	case dice < 55: // deep
		return bytes.Repeat([]byte("["), 1+m.IntN(100_000))
	case dice < 58: // not UTF-8, which ends the connection
		return []byte{'[', 0xff, ']'}
	}
	messages := make([]string, m.IntN(6))
	for i := range messages {
		messages[i] = m.message()
	}
	frame := []byte("[" + strings.Join(messages, ",") + "]")
	for m.IntN(3) == 0 {
		frame = m.mutate(frame)
	}
	return bytes.ToValidUTF8(frame, []byte("?"))
}

func (m mutator) mutate(frame []byte) []byte {
	if len(frame) == 0 {
		return frame
	}
	i := m.IntN(len(frame))
	j := i + m.IntN(len(frame)-i)
	switch m.IntN(5) {
	case 0: // another byte
		frame[i] = byte(m.IntN(128))
		return frame
	case 1: // cut out
		return append(frame[:i:i], frame[j:]...)
	case 2: // said twice
		return append(frame[:j:j], frame[i:]...)
	case 3: // broken off
		return frame[:i]
	default: // something odd in the middle
		return append(append(frame[:i:i], pick(m, odd)...), frame[i:]...)
	}
}

// A page may connect to a server that is up to no good, by mistake or by
// somebody else's design. Its other clients go on, in the same wasm instance.
func TestSiege(t *testing.T) {
	e2e.Needs(t, e2e.HeapSize, e2e.OwnSocket)
	t.Parallel()
	const frames = 6000
	bad := &besieger{dice: rand.New(rand.NewPCG(e2e.Seed(t), 0)), enough: frames}
	site := e2e.NewSite(t)
	site.Handle("/bad", bad.ServeHTTP)
	site.Page("/siege", `<script src="/sockjax.global.js"></script><script src="/testdata/siege.js"></script>`, nil)
	page := e2e.Open(t, site.URL+"/siege")
	type memory struct{ Wasm, Script int }
	measure := func() memory { return e2e.Eval[memory](t, page, "return siege.memory()") }
	e2e.Eval[any](t, page, fmt.Sprintf("siege.start(%q, '/bad'); await T.until(() => T.instances.length > 0)", e2e.NewServer(t).URL()+"/ws"))
	half := memory{}
	for began := time.Now(); bad.frames.Load() < frames; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("%d frames in %v: the page does not take more", bad.frames.Load(), time.Since(began))
		}
		if half == (memory{}) && bad.frames.Load() > frames/2 {
			half = measure()
		}
	}
	e2e.Eval[any](t, page, "await siege.enough()")
	end := e2e.Eval[struct {
		Counts             map[string]int
		Problems, Uncaught []string
		Instances          int
	}](t, page, "return siege.finish()")
	after := measure()
	t.Logf("%d frames; %v; memory %+v, halfway %+v", frames, end.Counts, after, half)
	if end.Instances != 1 {
		t.Errorf("the page has started wasm %d times", end.Instances)
	}
	if len(end.Problems)+len(end.Uncaught)+end.Counts["unsound"] > 0 {
		t.Errorf("%d calls did not come back once\nproblems: %q\nuncaught: %q", end.Counts["unsound"], end.Problems, end.Uncaught)
	}
	if end.Counts["answered"] < 20 || end.Counts["besieged"] < 100 || end.Counts["garbage"] < 100 || end.Counts["unmatched"] < 100 {
		t.Errorf("too little of something happened: %v", end.Counts)
	}
	if after.Wasm > 16<<20 || after.Script > 32<<20 || after.Wasm > 2*half.Wasm || after.Script > 2*half.Script {
		t.Errorf("memory grows: %+v, halfway %+v", after, half)
	}
}
