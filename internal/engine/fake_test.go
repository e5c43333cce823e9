package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// fakeNet is a network in memory with an engine at one end, and the test at
// the other. It notes all that happens, as a trace of words:
//
//	connecting open waiting closed   changes of state
//	dial                             the engine opens a connection
//	token                            the engine asks for a token
//	>hello,1,-2  >ping               a frame from the engine: hello, request 1, cancel 2
//	>hello/resume+4/abc  >token/abc  a hello with ack and token, a fresh token
//	>+5,1                            an ack of 5 outcomes, request 1
//	x4411                            the engine closes a connection
//	1=reply  2=timeout/unknown       the outcome of a call
type fakeNet struct {
	t      testing.TB
	engine *Engine[*fakeCall]
	frames *Decoder[*fakeCall]
	plain  bool
	ended  func(*fakeCall)                         // told of each outcome, without a lock
	told   func(Change)                            // told of each change
	framed func(*fakeConn, *Batch[*fakeCall], int) // told of each frame and its size

	reading sync.Mutex // held while a frame is taken in, as a socket does

	mu      sync.Mutex
	answer  *protocol.Welcome // to each hello; nil: none
	dialing func(over <-chan struct{}) *Closed
	token   func(over <-chan struct{}) (string, error)
	words   []string
	live    int
	held    bool // see hold
	key     protocol.Key
	calls   []*fakeCall
	conns   []*fakeConn
	opened  chan *fakeConn
	changes chan Change
}

// fakeCall is the payload of a call.
type fakeCall struct {
	key  protocol.Key
	data []byte
	ends int
	out  Outcome
	done chan string
	fakeParts
}

var welcome = protocol.Welcome{Heartbeat: 25_000, Limits: protocol.Limits{Frame: 1 << 20, Requests: 1024}}

// accept and others are what a dial meets.
func accept(<-chan struct{}) *Closed { return nil }

func refuse(<-chan struct{}) *Closed { return &Closed{Reason: "connection refused"} }

func hang(over <-chan struct{}) *Closed {
	select {
	case <-over:
	case <-time.After(protocol.Handshake):
	}
	return &Closed{Code: protocol.CloseHandshake, Reason: "no answer"}
}

func newNet(t testing.TB, opts Options) *fakeNet {
	w := welcome
	n := &fakeNet{t: t, plain: opts.Plain, answer: &w, dialing: accept,
		opened: make(chan *fakeConn, 10_000), changes: make(chan Change, 10_000)}
	n.engine = New[*fakeCall](n, opts)
	n.frames = NewDecoder(n.engine, n.end)
	n.frames.Exchange(Exchange[*fakeCall]{n.parts, n.got, n.taken})
	return n
}

// bubble runs f in virtual time against a fake network, and checks that at
// the end every call came back once and every goroutine has gone.
func bubble(t *testing.T, opts Options, f func(n *fakeNet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, opts)
		defer n.finish() // after a t.Fatal too
		f(n)
	})
}

func (n *fakeNet) finish() {
	n.t.Helper()
	n.engine.Close()
	<-n.engine.Done()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.calls {
		if c.ends != 1 {
			n.t.Errorf("call %d came back %d times", c.key, c.ends)
		}
	}
	if n.live != 0 {
		n.t.Errorf("%d connections were left open", n.live)
	}
}

func (n *fakeNet) note(format string, args ...any) {
	n.words = append(n.words, fmt.Sprintf(format, args...))
}

// Dial is the engine's.
func (n *fakeNet) Dial(over <-chan struct{}) (Conn, error) {
	n.mu.Lock()
	n.note("dial")
	dialing := n.dialing
	n.mu.Unlock()
	if end := dialing(over); end != nil {
		return nil, end
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.made()
	go c.pump()
	n.opened <- c
	return c, nil
}

// made is a connection that is open.
func (n *fakeNet) made() *fakeConn {
	n.live++
	if n.live > 1 {
		n.t.Error("two connections at a time")
	}
	c := &fakeConn{net: n, number: len(n.conns) + 1, wake: make(chan struct{}, 1), done: make(chan Closed, 1),
		ready: make(chan struct{}), gone: make(chan struct{}), sent: make(chan string, 10_000)}
	n.conns = append(n.conns, c)
	return c
}

// Token is the engine's.
func (n *fakeNet) Token(over <-chan struct{}) (string, error) {
	n.mu.Lock()
	n.note("token")
	token := n.token
	n.mu.Unlock()
	return token(over)
}

// Fail is the engine's.
func (n *fakeNet) Fail(c *fakeCall, err *Error) { n.end(c, Outcome{Err: err}) }

// Changed is the engine's.
func (n *fakeNet) Changed(c Change) {
	n.mu.Lock()
	n.note("%s", c.State)
	n.changes <- c
	n.mu.Unlock()
	if n.told != nil {
		n.told(c)
	}
}

func (n *fakeNet) end(c *fakeCall, o Outcome) {
	n.mu.Lock()
	c.ends++
	c.out = o
	n.note("%d=%s", c.key, verdict(o))
	n.mu.Unlock()
	n.mayFail(o.Err)
	if c.ends == 1 {
		c.done <- verdict(o)
	}
	if n.ended != nil {
		n.ended(c)
	}
}

// mayFail checks that a failure is one of the list.
func (n *fakeNet) mayFail(err error) {
	var failure *Error
	if err != nil && (!errors.As(err, &failure) || !MayFail(failure.Code, failure.Fate, false)) {
		n.t.Errorf("no such failure in failures.go: %v, %+v", err, failure)
	}
}

// verdict puts an outcome into a word or two.
func verdict(o Outcome) string {
	var rejection *Rejection
	var failure *Error
	switch {
	case errors.As(o.Err, &rejection):
		return "rejected/executed " + rejection.Reason
	case errors.As(o.Err, &failure):
		return fmt.Sprintf("%s/%s", failure.Code, failure.Fate)
	case o.Err != nil:
		return o.Err.Error()
	}
	return "reply"
}

// call makes a call with a payload of a size.
func (n *fakeNet) call(spec Call[*fakeCall], size int) (*fakeCall, *Error) {
	c := &fakeCall{data: payload(size)}
	if spec.Name != "" {
		c.data = []byte(`{"key":"` + spec.Name + `"}`)
	}
	return n.submit(spec, c)
}

// submit makes a call, with the next key if spec has none.
func (n *fakeNet) submit(spec Call[*fakeCall], c *fakeCall) (*fakeCall, *Error) {
	n.mu.Lock()
	if spec.Key == 0 {
		n.key++
		spec.Key = n.key
	}
	n.mu.Unlock()
	c.key, c.done = spec.Key, make(chan string, 1)
	spec.Payload, spec.Size = c, len(c.data)
	c.open, c.window, c.asBytes = spec.Open, spec.Window, spec.Bytes
	if err := n.engine.Submit(spec); err != nil {
		n.mayFail(err)
		return c, err
	}
	n.mu.Lock()
	n.calls = append(n.calls, c)
	n.mu.Unlock()
	return c, nil
}

// send makes calls with a payload of 1 byte and has them sent.
func (n *fakeNet) send(specs ...Call[*fakeCall]) {
	n.t.Helper()
	for _, spec := range specs {
		if _, err := n.call(spec, 1); err != nil {
			n.t.Fatalf("failed to submit: %v", err)
		}
	}
	n.engine.Wake()
}

// times is how to send several calls alike.
func times(count int, spec Call[*fakeCall]) []Call[*fakeCall] {
	specs := make([]Call[*fakeCall], count)
	for i := range specs {
		specs[i] = spec
	}
	return specs
}

var bare, idempotent = Call[*fakeCall]{}, Call[*fakeCall]{Idempotent: true}

func within(d time.Duration) Call[*fakeCall] { return Call[*fakeCall]{Timeout: d} }

func payload(size int) []byte {
	if size < 2 {
		return []byte("1")
	}
	return []byte(`"` + strings.Repeat("x", size-2) + `"`)
}

// abort gives a call up.
func (n *fakeNet) abort(key protocol.Key) {
	if c, fate, ok := n.engine.Abort(key); ok {
		n.end(c, Outcome{Err: &Error{CodeAborted, fate, ""}})
	}
}

func (n *fakeNet) answers(w *protocol.Welcome) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer = w
}

func (n *fakeNet) dials(f func(<-chan struct{}) *Closed) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialing = f
}

// hold keeps the sockets from taking anything, so that what a test does in a row
// shares frames however goroutines are scheduled, or lets them.
func (n *fakeNet) hold(held bool) {
	n.mu.Lock()
	was := n.held
	n.held = held
	var conns []*fakeConn
	if was && !held {
		conns = slices.Clone(n.conns)
	}
	n.mu.Unlock()
	for _, c := range conns {
		signal(c.wake)
	}
}

// rest waits until nothing more happens.
func (n *fakeNet) rest() {
	n.hold(false)
	synctest.Wait()
}

// want waits until nothing more happens, and compares the trace since the
// last want. Outcomes and "open" are told without a lock, while the socket
// already sends what comes next, so that they are compared by themselves.
func (n *fakeNet) want(trace string) {
	n.t.Helper()
	n.rest()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(tracks(n.words), tracks(strings.Fields(trace))) {
		n.t.Fatalf("trace:\n got %s\nwant %s", strings.Join(n.words, " "), trace)
	}
	n.words = nil
}

// tracks puts outcomes and "open" behind all else.
func tracks(words []string) []string {
	var events, outcomes []string
	for _, word := range words {
		if strings.Contains(word, "=") || word == "open" {
			outcomes = append(outcomes, word)
		} else {
			events = append(events, word)
		}
	}
	return append(events, outcomes...)
}

// wantAll is want where the order is open.
func (n *fakeNet) wantAll(trace string) {
	n.t.Helper()
	n.rest()
	n.mu.Lock()
	slices.Sort(n.words)
	n.mu.Unlock()
	words := strings.Fields(trace)
	slices.Sort(words)
	n.want(strings.Join(words, " "))
}

// skip waits and forgets the trace.
func (n *fakeNet) skip() {
	n.rest()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.words = nil
}

func (n *fakeNet) after(d time.Duration, trace string) {
	n.t.Helper()
	n.hold(false)
	time.Sleep(d)
	n.want(trace)
}

// start starts and waits until the engine is open.
func (n *fakeNet) start() *fakeConn {
	n.t.Helper()
	n.engine.Start()
	n.rest()
	if state := n.engine.State(); state != StateOpen {
		n.t.Fatalf("it is %s, not open", state)
	}
	n.skip()
	return n.conn()
}

// conn is the present connection, or the last one.
func (n *fakeNet) conn() *fakeConn {
	n.rest()
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.conns[len(n.conns)-1]
}
