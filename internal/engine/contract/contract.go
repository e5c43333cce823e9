// Package contract is what an engine may expect of a network. The engine plays
// it on a fake one, in virtual time, so that it cannot drift from what is real;
// the Go client plays it on sockets, over loopback.
package contract

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Options are those of the client that a case wants; 0 stands for the default.
type Options struct {
	Plain          bool
	After, Timeout time.Duration // of the heartbeat
}

// Reconnect is how long each client waits for its next attempt.
const Reconnect = 5 * time.Millisecond

// World is a client, the network it is in, and the server's end of that.
type World struct {
	T      *testing.T
	Engine interface {
		Close()
		Reconnect()
		Nudge()
		Done() <-chan struct{}
	}
	Opened  <-chan Peer
	Changes <-chan Change
	Request func(data string, idempotent bool, timeout time.Duration) Pending
	Refuse  func(bool) // connections
}

// Change is a change of the client's state.
type Change struct {
	State  string
	Code   protocol.CloseCode
	Cause  string
	Reason string
}

// Pending is a call that has been submitted.
type Pending struct {
	Outcome <-chan string
	Abort   func()
}

// Peer is the server's end of a connection.
type Peer interface {
	// Frames are those that the client has sent, and at last "x" and the
	// code with which it has closed the connection.
	Frames() <-chan string
	Send(frame string)
	SendBinary(frame string)
	Drop(code protocol.CloseCode, reason string)
	Cut() // without a word
}

// player plays a case in a world made for it.
type player func(Options, func(*World))

// Run plays each case; in makes a world, plays the case in it and ends it.
func Run(t *testing.T, in func(*testing.T, Options, func(*World))) {
	for name, play := range cases {
		t.Run(name, func(t *testing.T) {
			play(func(o Options, f func(*World)) { in(t, o, f) })
		})
	}
}

var cases = map[string]func(player){
	"RequestReply":             requestReply,
	"QueuedCallsShareAFrame":   queuedCallsShareAFrame,
	"ErrorAndRefused":          errorAndRefused,
	"AbortCancels":             abortCancels,
	"DropTellsCodeAndReason":   dropTellsCodeAndReason,
	"CutLostAndSentAgain":      cutLostAndSentAgain,
	"CutResumed":               cutResumed,
	"FatalClosed":              fatalClosed,
	"SilentPingDeadReconnect":  silentPingDeadReconnect,
	"NudgeProbes":              nudgeProbes,
	"ServerPings":              serverPings,
	"Close":                    close,
	"Reconnect":                reconnect,
	"Garbage":                  garbage,
	"BinaryFrame":              binaryFrame,
	"Ignored":                  ignored,
	"Series":                   series,
	"Plain":                    plain,
	"ForgottenAndRefusedAgain": forgottenAndRefusedAgain,
	"Acks":                     acks,
	"WelcomeOfAnotherSession":  welcomeOfAnotherSession,
}

// take waits for the next of what a channel delivers.
func take[T any](w *World, from <-chan T, what string) T {
	w.T.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(20 * time.Second):
		w.T.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func (w *World) Want(from <-chan string, want string) {
	w.T.Helper()
	if got := take(w, from, want); got != want {
		w.T.Fatalf("got %s, want %s", got, want)
	}
}

// Frame waits for a frame in the words of brief.
func (w *World) Frame(p Peer, want string) {
	w.T.Helper()
	if got := Brief(take(w, p.Frames(), want)); got != want {
		w.T.Fatalf("got the frame %s, want %s", got, want)
	}
}

// state waits until the client is in a state.
func (w *World) state(want string) Change {
	w.T.Helper()
	for {
		if change := take(w, w.Changes, want); change.State == want {
			return change
		}
	}
}

// Accept waits for a connection and its hello.
func (w *World) Accept(hello string) Peer {
	w.T.Helper()
	p := take(w, w.Opened, "connection")
	w.Frame(p, hello)
	return p
}

// open accepts a connection and answers its hello.
func (w *World) open(hello string) Peer {
	w.T.Helper()
	p := w.Accept(hello)
	p.Send(Welcome(false))
	w.state("open")
	return p
}

func (w *World) send(data string) Pending { return w.Request(data, false, 0) }

// Welcome is a frame with the welcome of a server that allows the usual.
func Welcome(resumed bool) string {
	w := protocol.Welcome{Resumed: resumed, Heartbeat: 25_000, Limits: protocol.Limits{Frame: 1 << 20, Requests: 1024}}
	return string(append(protocol.AppendWelcome([]byte("["), w), ']'))
}

// Brief is a frame in the words of a trace.
func Brief(frame string) string {
	var words []string
	r := protocol.NewReader([]byte(frame))
	if protocol.IsBinary([]byte(frame)) {
		r = protocol.NewBinaryReader([]byte(frame), false)
	}
	for r.Next() {
		switch m := r.Message(); m.Kind {
		case protocol.HelloKind:
			h, _ := m.Hello()
			word := "hello"
			if h.Resume {
				word += "/resume"
			}
			if h.Ack > 0 {
				word += fmt.Sprintf("+%d", h.Ack)
			}
			if h.Token != "" {
				word += "/" + h.Token
			}
			words = append(words, word)
		case protocol.TokenKind:
			token, _ := m.Token()
			words = append(words, "token/"+token)
		case protocol.AckKind:
			words = append(words, fmt.Sprintf("+%d", m.Ack))
		case protocol.CancelKind:
			words = append(words, fmt.Sprintf("-%d", m.Key))
		case protocol.PartsKind:
			n := 0
			for range protocol.Elements(m.Body) {
				n++
			}
			words = append(words, fmt.Sprintf("%d:%d+%d", m.Key, m.Count, n))
		case protocol.ChunkKind:
			words = append(words, fmt.Sprintf("%d:%d+%dB", m.Key, m.Count, len(m.Body)))
		case protocol.EndKind:
			words = append(words, fmt.Sprintf("%d:end", m.Key))
		case protocol.TakenKind:
			words = append(words, fmt.Sprintf("%d:taken%d/%d", m.Key, m.Count, m.Window))
		default:
			words = append(words, request(m))
		}
	}
	if r.Err() != nil {
		return frame
	}
	if len(words) > 20 {
		words = append(append(words[:3], "…"), words[len(words)-1])
	}
	return strings.Join(words, ",")
}

// request says what a request is in brief.
func request(m *protocol.Message) string {
	word := fmt.Sprint(m.Key)
	if m.Text > 0 {
		word += fmt.Sprintf("/text%d", m.Text)
	}
	if m.Open {
		word += "/open"
	}
	if m.Window > 0 {
		word += fmt.Sprintf("/window%d", m.Window)
	}
	return word
}
