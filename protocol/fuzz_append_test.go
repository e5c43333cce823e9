package protocol_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// jsonMessage is a message as encoding/json reads and writes it.
type jsonMessage struct {
	Key       uint64            `json:"key,omitempty"`
	Hello     *protocol.Hello   `json:"hello,omitempty"`
	Welcome   *protocol.Welcome `json:"welcome,omitempty"`
	Token     json.RawMessage   `json:"token,omitempty"`
	Ack       uint64            `json:"ack,omitempty"`
	Cancel    uint64            `json:"cancel,omitempty"`
	Error     *jsonError        `json:"error,omitempty"`
	Refused   *jsonError        `json:"refused,omitempty"`
	Forgotten bool              `json:"forgotten,omitempty"`
	Data      json.RawMessage   `json:"data,omitempty"`
}

type jsonError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
	After   int64           `json:"after,omitempty"`
	// Executed is missing where it is true.
	Executed *bool `json:"executed,omitempty"`
}

// FuzzAppend writes one message of each kind. The reader and encoding/json
// must read the same from it, and the reader the same again from what
// encoding/json makes of that.
func FuzzAppend(f *testing.F) {
	f.Add(uint64(7), []byte(`{"a":1}`), "out_of_tea", "no tea left", true, int64(25000), 1<<20, 1024)
	f.Add(uint64(1<<53), []byte(""), "", "a\"\\\n\x00\xff<é\u2028😀", false, int64(-1), -1, 0)
	f.Add(uint64(0), []byte(" [ 1 , {} ]\n"), "{", "]", false, int64(0), 0, 0)
	f.Add(uint64(1<<64-1), []byte("\"\xff\""), "a", "b", false, int64(1<<63-1), 0, math.MaxInt)
	f.Fuzz(func(t *testing.T, k uint64, data []byte, code, text string, flag bool, ms int64, frame, requests int) {
		depth, ok := protocol.Valid(data)
		if !ok {
			depth, data = 0, nil
		}
		in := written{
			key: protocol.Key(k), data: data, depth: depth,
			hello: protocol.Hello{Session: text, Resume: flag, Ack: k, Token: code},
			welcome: protocol.Welcome{
				Session: text, Resumed: flag, Acked: k, Heartbeat: ms, Expires: ms, Jitter: ms / 2,
				Limits: protocol.Limits{Frame: frame, Requests: requests, Message: requests, Window: frame},
			},
			failure:    protocol.Error{Code: code, Message: text, Data: data, NotRun: flag},
			refused:    protocol.Error{Code: code, Message: text, After: ms},
			token:      text,
			authorized: protocol.Authorized{Expires: ms},
		}
		wrote := in.frame(t)
		in.normal()
		in.check(t, wrote)
		in.checkSeries(t)
		if !comparable(wrote) {
			return
		}
		var messages []jsonMessage
		if err := json.Unmarshal(wrote, &messages); err != nil {
			t.Fatalf("encoding/json: %v: %q", err, wrote)
		}
		if got := fromJSON(t, &in, messages); !reflect.DeepEqual(got, in) {
			t.Errorf("encoding/json:\ngot  %+v\nwant %+v", got, in)
		}
		again, err := json.Marshal(messages)
		if err != nil {
			t.Fatal(err)
		}
		// It writes no key 0, and no data that is not compact.
		if in.key != 0 && !strings.ContainsAny(string(data), " \t\r\n<>&\u2028\u2029") {
			in.check(t, again)
		}
	})
}

// written is what stands in a frame with one message of each kind.
type written struct {
	key              protocol.Key
	data             []byte
	depth            int
	hello            protocol.Hello
	welcome          protocol.Welcome
	failure, refused protocol.Error
	token            string
	authorized       protocol.Authorized
}

func (w *written) frame(t *testing.T) []byte {
	buf := protocol.AppendHello(protocol.Join(nil), w.hello)
	buf = protocol.AppendWelcome(protocol.Join(buf), w.welcome)
	buf = protocol.AppendToken(protocol.Join(buf), w.token)
	buf = protocol.AppendAuthorized(protocol.Join(buf), w.authorized)
	buf = protocol.AppendAck(protocol.Join(buf), uint64(w.key))
	buf = protocol.AppendCancel(protocol.Join(buf), w.key)
	buf = protocol.AppendError(protocol.Join(buf), w.key, w.failure)
	buf = protocol.AppendRefused(protocol.Join(buf), w.key, w.refused)
	buf = protocol.AppendForgotten(protocol.Join(buf), w.key)
	buf = protocol.Join(buf)
	start := len(buf)
	buf = protocol.AppendRequest(buf, w.key, w.data)
	if got, want := protocol.RequestSize(w.key, len(w.data)), len(buf)-start; got != want {
		t.Errorf("RequestSize is %d, want %d", got, want)
	}
	return append(buf, ']')
}

// fromJSON is what encoding/json has read, less what the frame does not tell.
func fromJSON(t *testing.T, in *written, messages []jsonMessage) written {
	if len(messages) != 10 {
		t.Fatalf("encoding/json reads %d messages", len(messages))
	}
	failure, refused := messages[6].Error, messages[7].Refused
	w := written{
		key: in.key, depth: in.depth, data: messages[9].Data,
		hello: *messages[0].Hello, welcome: *messages[1].Welcome,
		failure: protocol.Error{Code: failure.Code, Message: failure.Message, Data: failure.Data, NotRun: failure.Executed != nil && !*failure.Executed},
		refused: protocol.Error{Code: refused.Code, Message: refused.Message, After: refused.After},
	}
	err := json.Unmarshal(messages[2].Token, &w.token)
	err2 := json.Unmarshal(messages[3].Token, &w.authorized)
	if err != nil || err2 != nil {
		t.Errorf("encoding/json: %v, %v", err, err2)
	}
	key := uint64(in.key)
	if messages[4].Ack != key || messages[5].Cancel != key || messages[6].Key != key || messages[7].Key != key ||
		messages[8].Key != key || !messages[8].Forgotten || messages[9].Key != key {
		t.Errorf("encoding/json reads other keys than %d: %+v", key, messages)
	}
	w.normal()
	if failure.Data == nil {
		w.failure.Data = nil
	}
	return w
}

// normal makes w what a reader must make of it.
func (w *written) normal() {
	const longest = (1<<63 - 1) / 1_000_000
	times := []*int64{&w.welcome.Heartbeat, &w.welcome.Expires, &w.welcome.Jitter, &w.refused.After, &w.authorized.Expires}
	for _, ms := range times {
		*ms = min(max(*ms, 0), longest)
	}
	limits := &w.welcome.Limits
	for _, n := range []*int{&limits.Frame, &limits.Requests, &limits.Message, &limits.Window} {
		*n = max(*n, 0)
	}
	// What is not UTF-8 comes back as the replacement character, one a byte.
	texts := []*string{&w.hello.Session, &w.hello.Token, &w.welcome.Session, &w.token,
		&w.failure.Code, &w.failure.Message, &w.refused.Code, &w.refused.Message}
	for _, text := range texts {
		*text = string([]rune(*text))
	}
	if len(w.data) == 0 {
		w.failure.Data = nil
		w.data = []byte("null")
	} else {
		w.data = []byte(strings.Trim(string(w.data), " \t\r\n"))
		w.failure.Data = w.data
	}
}

// check reads a frame that must hold w.
func (w *written) check(t *testing.T, frame []byte) {
	t.Helper()
	key := w.key
	if key > protocol.MaxKey {
		key = 0
	}
	r := protocol.NewReader(frame)
	next := func(want protocol.Message) *protocol.Message {
		t.Helper()
		if !r.Next() {
			t.Fatalf("%s is missing: %v in %q", kinds[want.Kind], r.Err(), frame)
		}
		m := *r.Message()
		if m.Kind != want.Kind || m.Key != want.Key || m.Ack != want.Ack {
			t.Fatalf("got %s, want %s in %q", show(&m), show(&want), frame)
		}
		return &m
	}
	decodes := func(name string, m *protocol.Message, want any) {
		t.Helper()
		if got, err := decodeBody(m, name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
	}
	hello, welcome := next(protocol.Message{Kind: protocol.HelloKind}), next(protocol.Message{Kind: protocol.WelcomeKind})
	if w.key <= protocol.MaxKey {
		decodes("Hello", hello, w.hello)
		decodes("Welcome", welcome, w.welcome)
	} else { // no count
		_, err := hello.Hello()
		_, err2 := welcome.Welcome()
		if err == nil || err2 == nil {
			t.Errorf("the count %d: got %v, %v", w.key, err, err2)
		}
	}
	decodes("Token", next(protocol.Message{Kind: protocol.TokenKind}), w.token)
	decodes("Authorized", next(protocol.Message{Kind: protocol.TokenKind}), w.authorized)
	next(protocol.Message{Kind: protocol.AckKind, Ack: uint64(key)})
	next(protocol.Message{Kind: protocol.CancelKind, Key: key})
	decodes("Error", next(protocol.Message{Kind: protocol.ErrorKind, Key: key}), w.failure)
	decodes("Error", next(protocol.Message{Kind: protocol.RefusedKind, Key: key}), w.refused)
	next(protocol.Message{Kind: protocol.ForgottenKind, Key: key})
	if m := next(protocol.Message{Kind: protocol.DataKind, Key: key}); string(m.Body) != string(w.data) || m.Depth != w.depth {
		t.Errorf("got %s, want depth=%d body=%s", show(m), w.depth, w.data)
	}
	if r.Next() || r.Err() != nil {
		t.Errorf("there is more: %v", r.Err())
	}
}

// checkSeries reads a series of the data, twice.
func (w *written) checkSeries(t *testing.T) {
	frame := protocol.AppendSeries(protocol.Join(nil), w.key, w.data)
	frame = append(protocol.AppendNext(frame, w.data), "]]"...)
	r := protocol.NewReader(frame)
	for i := range protocol.Key(2) {
		want := protocol.Message{Kind: protocol.DataKind, Series: true, Body: w.data, Depth: w.depth}
		if key := w.key + i; 0 < w.key && key <= protocol.MaxKey {
			want.Key = key
		}
		if !r.Next() || show(r.Message()) != show(&want) {
			t.Fatalf("got %s, %v; want %s in %q", show(r.Message()), r.Err(), show(&want), frame)
		}
	}
	if r.Next() || r.Err() != nil {
		t.Errorf("there is more: %v", r.Err())
	}
}
