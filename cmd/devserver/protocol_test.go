package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// A client is a WebSocket of the demo's, from the other end.
type client struct {
	t     *testing.T
	conn  *websocket.Conn
	plain bool
	msgs  []any // read, and not yet taken by next

	// What the server says for the epochs of the page, which are random.
	epochs map[string]string
}

// startSocket serves the demo's WebSockets, and nothing else.
func startSocket(t *testing.T) (url string, s *socket) {
	t.Helper()
	everyone := &origins{extra: []string{"*"}}
	s = newSocket(everyone.allowed, io.Discard)
	srv := httptest.NewUnstartedServer(s)
	srv.Listener = faultListener{srv.Listener}
	srv.Config.ConnContext = faultContext
	srv.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error("failed to shut down:", err)
		}
		srv.Close()
	})
	return srv.URL, s
}

// connect opens a WebSocket. The caller sends the hello.
func connect(t *testing.T, url string, plain bool) *client {
	t.Helper()
	opts := &websocket.DialOptions{Subprotocols: []string{protocol.Subprotocol}}
	if plain {
		opts = nil
	}
	conn, _, err := websocket.Dial(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &client{t: t, conn: conn, plain: plain, epochs: map[string]string{}}
}

func (c *client) send(frame string) {
	c.t.Helper()
	for page, server := range c.epochs {
		frame = strings.ReplaceAll(frame, page, server)
	}
	if err := c.conn.Write(context.Background(), websocket.MessageText, []byte(frame)); err != nil {
		c.t.Fatal(err)
	}
}

// read is the next message, decoded, or the text "pong".
func (c *client) read() (any, error) {
	for len(c.msgs) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, text, err := c.conn.Read(ctx)
		cancel()
		if err != nil {
			return nil, err
		}
		if c.msgs, err = c.messages(text); err != nil {
			return nil, err
		}
	}
	msg := c.msgs[0]
	c.msgs = c.msgs[1:]
	return msg, nil
}

func (c *client) messages(frame []byte) (msgs []any, err error) {
	if string(frame) == protocol.Pong {
		return []any{protocol.Pong}, nil
	}
	if c.plain {
		msgs = []any{nil}
		err = json.Unmarshal(frame, &msgs[0])
		return msgs, err
	}
	var elements []any
	err = json.Unmarshal(frame, &elements)
	for _, element := range elements {
		if message, ok := element.(map[string]any); ok && message["parts"] != nil {
			parts, _ := message["parts"].([]any)
			for _, part := range parts { // which may come together or not
				msgs = append(msgs, map[string]any{"key": message["key"], "parts": []any{part}})
			}
			continue
		}
		series, ok := element.([]any)
		if !ok || len(series) < 2 {
			msgs = append(msgs, element)
			continue
		}
		first, _ := series[0].(float64)
		for i, data := range series[1:] { // each of which might be a series of its own
			msgs = append(msgs, []any{first + float64(i), data})
		}
	}
	return msgs, err
}

// want takes the messages of this frame, which may come in other frames.
func (c *client) want(frame string) {
	c.t.Helper()
	msgs, err := c.messages([]byte(frame))
	if err != nil {
		c.t.Fatalf("%s: %v", frame, err)
	}
	for _, want := range msgs {
		got, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		c.learn(got, want)
		if !reflect.DeepEqual(got, want) {
			c.t.Fatalf("got  %v\nwant %v", got, want)
		}
	}
}

// learn notes what the server says for an epoch of the page, and puts it there.
func (c *client) learn(got, want any) {
	g, _ := got.(map[string]any)
	w, _ := want.(map[string]any)
	for name, value := range w {
		epoch, ok := value.(string)
		if name != "epoch" || !ok {
			c.learn(g[name], value)
			continue
		}
		if said, ok := g[name].(string); ok && c.epochs[epoch] == "" {
			c.epochs[epoch] = said
		}
		w[name] = c.epochs[epoch]
	}
}

// wantClose wants the server to close the connection with a code, and to send
// nothing before.
func (c *client) wantClose(code string) {
	c.t.Helper()
	msg, err := c.read()
	if got := fmt.Sprint(int(websocket.CloseStatus(err))); got != code {
		c.t.Errorf("got %v and %v, want a close with %s", msg, err, code)
	}
}

// Every example of PROTOCOL.md, as it stands there.
func TestProtocolPage(t *testing.T) {
	page, err := os.ReadFile("../../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	page = bytes.ReplaceAll(page, []byte("\r\n"), []byte("\n"))
	url, _ := startSocket(t)
	played := 0
	for i, block := range strings.Split(string(page), "\n```transcript")[1:] {
		mode, rest, _ := strings.Cut(block, "\n")
		lines, _, ok := strings.Cut(rest, "\n```")
		if !ok {
			t.Fatalf("example %d has no end", i+1)
		}
		plain := strings.TrimSpace(mode) == "plain"
		c := connect(t, url, plain)
		for line := range strings.SplitSeq(lines, "\n") {
			switch {
			case line == "---":
				epochs := c.epochs
				c.conn.CloseNow()
				c = connect(t, url, plain)
				c.epochs = epochs
			case strings.HasPrefix(line, "--- "):
				old := c
				defer old.wantClose(line[4:])
				c = connect(t, url, plain)
			case strings.HasPrefix(line, "> "):
				c.send(line[2:])
			case strings.HasPrefix(line, "< "):
				c.want(line[2:])
			default:
				t.Fatalf("example %d: the line %q is neither sent nor received", i+1, line)
			}
		}
		// Nothing else must have been on its way.
		c.send(protocol.Ping)
		c.want(protocol.Pong)
		played++
	}
	if played < 14 {
		t.Errorf("only %d examples were found", played)
	}
}
