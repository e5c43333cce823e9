package bidi

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// conn is the WebSocket: commands with their results, and events.
type conn struct {
	ws    *websocket.Conn
	event func(method string, params json.RawMessage) // called one after the other

	mu      sync.Mutex // protects following
	last    int
	waiting map[int]chan<- message // by the id of the command
	ended   error
}

// message is a command, or what the browser sends: a result, an error or an
// event.
type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`

	Type    string          `json:"type,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   string          `json:"error,omitempty"`
	Message string          `json:"message,omitempty"`
}

func dial(ctx context.Context, url string, event func(string, json.RawMessage)) (*conn, error) {
	ws, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1) // screenshots
	c := &conn{ws: ws, event: event, waiting: map[int]chan<- message{}}
	go c.read()
	return c, nil
}

// read reads until the connection ends.
func (c *conn) read() {
	for {
		_, text, err := c.ws.Read(context.Background())
		if err != nil {
			c.end(err)
			return
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			c.end(err)
			c.ws.CloseNow()
			return
		}
		if m.Type == "event" {
			c.event(m.Method, m.Params)
			continue
		}
		c.mu.Lock()
		answer := c.waiting[m.ID]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		if answer != nil { // its caller may have given up
			answer <- m
		}
	}
}

func (c *conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = err
	for _, answer := range c.waiting {
		close(answer)
	}
	clear(c.waiting)
}

// call runs a command and decodes its result, unless that is nil.
func (c *conn) call(ctx context.Context, method string, params, result any) error {
	answer := make(chan message, 1)
	id, err := c.expect(answer)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer c.forget(id)
	encoded, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	command, err := json.Marshal(message{ID: id, Method: method, Params: encoded})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	// Not with ctx: a write that is given up ends the connection for all.
	if err := c.ws.Write(context.Background(), websocket.MessageText, command); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return fmt.Errorf("%s: the connection to the browser has ended: %w", method, c.ended)
		case m.Error != "":
			return fmt.Errorf("%s: %s: %s", method, m.Error, m.Message)
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(m.Result, result); err != nil {
			return fmt.Errorf("%s: failed to decode its result: %w", method, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func (c *conn) expect(answer chan<- message) (id int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return 0, fmt.Errorf("the connection to the browser has ended: %w", c.ended)
	}
	c.last++
	c.waiting[c.last] = answer
	return c.last, nil
}

func (c *conn) forget(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}
