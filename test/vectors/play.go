//go:build !js

package vectors

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/engine/contract"
)

// Client is what plays a script. It connects anew within some milliseconds.
type Client interface {
	// Ready waits until the client is what it is to be while it connects.
	Ready()
	// Call makes a call, and returns when it has been made.
	Call(name, data string, o CallOptions)
	Abort(name string)
	// Outcome waits for that of a call.
	Outcome(name string) Outcome
	// Pending reports whether a call has no outcome yet.
	Pending(name string) bool
	// Counts are what could not be read, and what no call waited for.
	Counts() (garbage, unmatched int)
	State() string
}

// CallOptions are those of a call. A Timeout of 0 means none.
type CallOptions struct {
	Timeout    time.Duration
	Idempotent bool
}

// Outcome of a call: a reply, or an error.
type Outcome struct {
	Reply   string `json:"reply"` // JSON
	Code    string `json:"code"`
	Fate    string `json:"fate"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Data    string `json:"data"` // JSON; empty: none
}

// patience is how long a step may take on a busy machine.
const patience = 20 * time.Second

// Run plays each script of a kind of client as a subtest, with a client that
// connect makes.
func Run(t *testing.T, kind string, connect func(t *testing.T, url string, plain bool) Client) {
	cases, err := Cases(kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			s := newServer(t, c.Plain)
			p := &player{T: t, server: s, client: connect(t, s.URL, c.Plain), count: "garbage=0 unmatched=0"}
			p.play(c)
		})
	}
}

// player is a script that is being played.
type player struct {
	*testing.T
	server *server
	client Client
	peer   *peer
	line   int
	count  string
}

func (p *player) play(c *Case) {
	if c.Plain {
		p.accept()
		p.client.Ready()
	} else if !c.Raw {
		p.accept()
		p.sees("hello")
		p.client.Ready()
		p.send("welcome")
		p.sync()
	}
	for _, step := range c.Steps {
		p.line = step.Line
		p.step(step.Verb, step.Args)
	}
	if p.peer != nil && !p.peer.over {
		p.counts()
	}
}

func (p *player) step(verb, args string) {
	name, rest, _ := strings.Cut(args, " ")
	switch verb {
	case "call":
		p.call(name, rest)
	case "abort":
		p.client.Abort(args)
	case "<":
		p.send(args)
	case "<<":
		p.peer.sendBinary(args)
	case ">":
		p.sees(args)
	case "=":
		p.outcome(name, rest)
	case "pending":
		p.sync()
		if !p.client.Pending(args) {
			p.fatal("call %s has ended: %+v", args, p.client.Outcome(args))
		}
	case "count":
		p.count = args
		p.counts()
	case "state":
		p.until(func() (string, bool) { got := p.client.State(); return got, got == args }, "the state "+args)
	case "cut":
		p.peer.cut()
	case "close":
		code, _ := strconv.Atoi(name)
		p.peer.close(code, rest)
	case "accept":
		p.accept()
	}
}

func (p *player) fatal(format string, args ...any) {
	p.Helper()
	p.Fatalf("client.txt:%d: %s", p.line, fmt.Sprintf(format, args...))
}

// call reads "timeout=50 idempotent: data".
func (p *player) call(name, rest string) {
	var o CallOptions
	if options, data, ok := strings.Cut(rest, ": "); ok && !strings.HasPrefix(rest, "{") && !strings.HasPrefix(rest, `"`) {
		rest = data
		for option := range strings.FieldsSeq(options) {
			key, value, _ := strings.Cut(option, "=")
			switch key {
			case "timeout":
				ms, _ := strconv.Atoi(value)
				o.Timeout = time.Duration(ms) * time.Millisecond
			case "idempotent":
				o.Idempotent = true
			default:
				p.fatal("there is no option %q", option)
			}
		}
	}
	p.client.Call(name, rest, o)
}

func (p *player) accept() {
	p.Helper()
	select {
	case p.peer = <-p.server.opened:
	case <-time.After(patience):
		p.fatal("the client has not connected")
	}
}

// send sends a frame: the word welcome stands for that of a usual server, with
// members of its own behind it, and SESSION for the id in the hello.
func (p *player) send(frame string) {
	if members, ok := strings.CutPrefix(frame, "welcome"); ok {
		frame = `[{"welcome":{"session":"SESSION","heartbeat":25000,"limits":{"frame":1048576,"requests":1024}` + members + `}}]`
	}
	p.peer.send(strings.ReplaceAll(frame, "SESSION", p.peer.session))
}

// sees waits for a frame in the words of contract.Brief. Acks that the script
// does not speak of may come or not.
func (p *player) sees(want string) {
	p.Helper()
	for {
		var frame string
		select {
		case frame = <-p.peer.frames:
		case <-time.After(patience):
			p.fatal("the client has not sent %s", want)
		}
		got := contract.Brief(frame)
		if !strings.HasPrefix(want, "+") {
			got = withoutAcks(got)
		}
		if got == "" && want != "" {
			continue
		}
		if got != want {
			p.fatal("the client sent %s, want %s", got, want)
		}
		p.peer.over = p.peer.over || strings.HasPrefix(got, "x")
		return
	}
}

func withoutAcks(brief string) string {
	if brief == "" || strings.ContainsAny(brief, "{ ") {
		return brief
	}
	var words []string
	for word := range strings.SplitSeq(brief, ",") {
		if !strings.HasPrefix(word, "+") {
			words = append(words, word)
		}
	}
	return strings.Join(words, ",")
}

// sync waits until the client has read what was sent.
func (p *player) sync() {
	p.Helper()
	p.peer.send("ping")
	p.sees("pong")
}

func (p *player) counts() {
	p.Helper()
	p.sync()
	p.until(func() (string, bool) { // a worker tells its page a little later
		garbage, unmatched := p.client.Counts()
		got := fmt.Sprintf("garbage=%d unmatched=%d", garbage, unmatched)
		return got, got == p.count
	}, p.count)
}

func (p *player) until(look func() (string, bool), what string) {
	p.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		got, ok := look()
		if ok {
			return
		}
		if time.Now().After(end) {
			p.fatal("got %s, want %s", got, what)
		}
	}
}

// outcome reads "reply JSON", or "code/fate | reason=… | message=… | data=…".
// A message that is not named may be any.
func (p *player) outcome(name, want string) {
	p.Helper()
	got := p.client.Outcome(name)
	if reply, ok := strings.CutPrefix(want, "reply "); ok {
		if got.Code != "" || !sameJSON(got.Reply, reply) {
			p.fatal("the outcome of %s is %.300v, want %.300s", name, got, want)
		}
		return
	}
	parts := strings.Split(want, " | ")
	expected := Outcome{Message: got.Message}
	expected.Code, expected.Fate, _ = strings.Cut(parts[0], "/")
	for _, part := range parts[1:] {
		field, value, _ := strings.Cut(part, "=")
		switch field {
		case "reason":
			expected.Reason = value
		case "message":
			expected.Message = value
		case "data":
			expected.Data = value
		default:
			p.fatal("an outcome has no %s", field)
		}
	}
	if got != expected || got.Message == "" {
		p.fatal("the outcome of %s is\n%+v, want\n%+v", name, got, expected)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
