package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

const welcome = `{"welcome":{"session":"` + session + `","resumed":false,"heartbeat":25000,"limits":{"frame":1048576,"requests":1024,"message":16777216,"window":65536}}}`

func TestHelloAndRequestsInOneFrame(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.dial(t, protocol.Subprotocol)
	if got := p.conn.Subprotocol(); got != protocol.Subprotocol {
		t.Errorf("subprotocol %q", got)
	}
	p.send(`[` + hello + `,{"key":1,"data":[1, 2]}]`)
	p.want(welcome, `{"key":1,"data":[1, 2]}`)
}

func TestMessages(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	p.send(`[]`)
	p.send(` [ { "data" : {"a": "b"} , "key" : 1 } ] `)
	p.want(`{"key":1,"data":{"a": "b"}}`)
	p.send(`[{"key":2}]`)
	p.want(`{"key":2,"data":null}`)
	p.send(`[{"key":9007199254740991,"data":"the last key","later":{"versions":["may","grow"]}}]`)
	p.want(`{"key":9007199254740991,"data":"the last key"}`)
	p.send(`[{"part":6},{},{"later":"topic"},{"cancel":99},{"key":3,"data":"unknown messages and keys are ignored"}]`)
	p.want(`{"key":3,"data":"unknown messages and keys are ignored"}`)
	p.send(`[{"key":4,"data":"é\u00e9 \ud83d\ude00 😀"}]`)
	p.want(`{"key":4,"data":"é\u00e9 \ud83d\ude00 😀"}`)
	p.send("pong")
	p.send("ping")
	if got := p.mustFrame(); got != "pong" {
		t.Errorf("got %q after ping", got)
	}
}

// What breaks the protocol, and how it is told.
func TestProtocolErrors(t *testing.T) {
	for _, tt := range []struct {
		frame   string
		greeted bool
		code    protocol.CloseCode
		reason  string
	}{
		{`[{"key":1,"data":1}]`, false, 4400, "the first message must be hello"},
		{`[{"later":1}]`, false, 4400, "the first message must be hello"},
		{`[{"cancel":1},` + hello + `]`, false, 4400, "the first message must be hello"},
		{`[{"hello":null}]`, false, 4400, "the first message must be hello"},
		{`[{"hello":{"session":7}}]`, false, 4400, "must be a string"},
		{`[{"hello":{}}]`, false, 4400, "version 4"},
		{`[{"hello":{"session":"1f0c6a52-9c2f-1f0e-8f0e-3d1a4d1f6b7a"}}]`, false, 4400, "version 4"}, // version 1
		{`[{"hello":{"session":"1f0c6a52-9c2f-4f0e-7f0e-3d1a4d1f6b7a"}}]`, false, 4400, "version 4"}, // variant
		{`[{"hello":{"session":"1f0c6a52-9c2f-4f0e-8f0e-3d1a4d1f6b7g"}}]`, false, 4400, "version 4"},
		{`[{"hello":{"session":"1f0c6a5209c2f-4f0e-8f0e-3d1a4d1f6b7a"}}]`, false, 4400, "version 4"},
		{`[` + hello + `]`, true, 4400, "hello came twice"},
		{``, true, 4400, "the frame ends"},
		{`{}`, true, 4400, "must be a JSON array"},
		{`[1]`, true, 4400, "must be a JSON object"},
		{`[{"key":1,"data":}]`, true, 4400, "expected a value"},
		{`[{}] []`, true, 4400, "nothing may follow"},
		{`hello`, true, 4400, "must be a JSON array"},
		{`[{"key":0}]`, true, 4400, "from 1 to 9007199254740991"},
		{`[{"key":-1}]`, true, 4400, "from 1 to"},
		{`[{"key":9007199254740992}]`, true, 4400, "from 1 to"},
		{`[{"key":"7"}]`, true, 4400, "from 1 to"},
		{`[[0,1]]`, true, 4400, "from 1 to 9007199254740991"},
		{`[["7",1]]`, true, 4400, "from 1 to"},
		{`[[7]]`, true, 4400, "data after the key of a series"},
		{`[[7,1,]]`, true, 4400, "expected a value"},
		{`[[9007199254740991,1,2]]`, true, 4400, "from 1 to"},
		{`[[1,1]]`, false, 4400, "the first message must be hello"},
		{`[{"key":1.0}]`, true, 4400, "from 1 to"},
		{`[{"cancel":"1"}]`, true, 4400, "from 1 to"},
		{`[{"key":1,"error":{"code":"a","message":"b"}}]`, true, 4400, "a client must not send"},
		{`[{"key":1,"refused":{"code":"a","message":"b"}}]`, true, 4400, "a client must not send"},
		{`[{"key":1,"forgotten":true}]`, true, 4400, "a client must not send"},
		{`[{"ack":0}]`, true, 4400, "an ack must be an integer from 1 to"},
		{`[{"ack":-1}]`, true, 4400, "an ack must be an integer from 1 to"},
		{`[{"ack":1.0}]`, true, 4400, "an ack must be an integer from 1 to"},
		{`[{"ack":1}]`, true, 4400, "more outcomes than were sent"},
		{`[{"ack":9007199254740991}]`, true, 4400, "more outcomes than were sent"},
		{`[{"token":7}]`, true, 4400, "must be a string"},
		{welcomeFrame, true, 4400, "a client must not send"},
		{"[{\"key\":1,\"data\":\"\xff\"}]", true, 1007, "not UTF-8"},
		{"\xff", true, 1007, "not UTF-8"},
	} {
		t.Run(tt.frame, func(t *testing.T) {
			f := serve(t, echo, nil)
			p := f.dial(t, protocol.Subprotocol)
			if tt.greeted {
				p.send("[" + hello + "]")
			}
			p.send(tt.frame)
			if reason := p.closed(tt.code); !strings.Contains(reason, tt.reason) {
				t.Errorf("reason %q does not say %q", reason, tt.reason)
			}
		})
	}
}

const welcomeFrame = "[" + welcome + "]"

// Order within a frame is the order of sending: what stands before an error
// has its reply.
func TestGoodMessagesBeforeABadOne(t *testing.T) {
	ran := make(chan string, 1)
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		ran <- string(r.Data)
		return nil, nil
	}, nil)
	p := f.open(t)
	p.send(`[{"key":1,"data":"ran"},{"key":0}]`)
	p.closed(protocol.CloseBadMessage)
	if got := <-ran; got != `"ran"` {
		t.Errorf("ran %s", got)
	}
}

// An array may come as bytes: see web/host/wire.js.
func TestBinaryFrame(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.dial(t, protocol.Subprotocol)
	for _, frame := range []string{"[" + hello + "]", `[{"key":1,"data":"é"},{"key":2}]`} {
		if err := p.conn.Write(t.Context(), websocket.MessageBinary, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.next(); got != welcome {
		t.Errorf("got %s", got)
	}
	got := []string{p.next(), p.next()}
	slices.Sort(got)
	if want := []string{`{"key":1,"data":"é"}`, `{"key":2,"data":null}`}; !slices.Equal(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestUnknownBinaryFrame(t *testing.T) {
	for _, mode := range []struct {
		offer  []string
		code   protocol.CloseCode
		frames []string
	}{
		{[]string{protocol.Subprotocol}, protocol.CloseBadMessage, []string{"", "ping", " []", `{"key":1}`, "\x00", "\x00\x00\x00\x03[]"}},
		{nil, protocol.CloseUnsupported, []string{"", "ping", "[]", `{"key":1}`}},
	} {
		for _, frame := range mode.frames {
			p := serve(t, echo, nil).dial(t, mode.offer...)
			if err := p.conn.Write(t.Context(), websocket.MessageBinary, []byte(frame)); err != nil {
				t.Fatal(err)
			}
			p.closed(mode.code)
		}
	}
}

func TestClientCloses(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	if err := p.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("the close was not answered: %v", err)
	}
}

// The log may be read by many, and a session id opens its session.
func TestLogHidesSessions(t *testing.T) {
	f := serve(t, func(context.Context, *server.Request) (any, error) { panic("oops") }, nil)
	p := f.open(t)
	p.send(`[{"key":1},{"key":0}]`)
	p.closed(protocol.CloseBadMessage)
	if err := f.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := f.log.String()
	if strings.Contains(text, session) || !strings.Contains(text, "session="+session[:8]) {
		t.Errorf("log: %s", text)
	}
}

func TestRequestKnowsItsOrigin(t *testing.T) {
	type got struct{ session, key, path string }
	seen := make(chan got, 2)
	f := serve(t, func(_ context.Context, r *server.Request) (any, error) {
		seen <- got{r.Session, r.Key(), r.HTTP.URL.Path}
		if r.HTTP.Context().Err() != nil {
			return nil, fmt.Errorf("the upgrade request's context has ended")
		}
		return nil, nil
	}, nil)
	f.url += "/some/path"
	p := f.open(t)
	p.send(`[{"key":7}]`)
	p.want(`{"key":7,"data":null}`)
	if g := <-seen; g != (got{session, "7", "/some/path"}) {
		t.Errorf("the handler saw %+v", g)
	}
	p = f.dial(t)
	p.send(`{"key":"a\u0062"}`)
	p.mustFrame()
	if g := <-seen; g != (got{"", "ab", "/some/path"}) {
		t.Errorf("in plain mode the handler saw %+v", g)
	}
}
