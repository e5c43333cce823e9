package e2e

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/fault"
)

// answer does what the data of a request asks for in "do":
//
//	(nothing)  echo the data
//	silent     no answer
//	hold       echo after server.release()
//	fin, rst   end the TCP connection, with no WebSocket close
//	close      close with "code" and "reason"
//	say        send the frame "text", then echo
//	fail       an error "code", "message", and "data" if there is one
//	refuse     a refusal with "code"
type instruction struct {
	Do      string          `json:"do"`
	Code    json.RawMessage `json:"code"`
	Message string          `json:"message"`
	Reason  string          `json:"reason"`
	Text    string          `json:"text"`
	Data    json.RawMessage `json:"data"`
}

func (c *conn) request(key string, data []byte) {
	c.server.saw(func(n *Seen) { n.Requests = append(n.Requests, json.RawMessage(data)) })
	script := c.server.scripted()
	if script.Silent {
		return
	}
	echo := func() {
		for range max(1, script.Times) {
			c.reply(key, string(data))
		}
	}
	var in instruction
	_ = json.Unmarshal(data, &in) // data of any other shape asks for nothing
	switch in.Do {
	case "silent":
	case "hold":
		c.server.mu.Lock()
		c.server.held = append(c.server.held, echo)
		c.server.mu.Unlock()
	case "fin":
		c.end(false)
	case "rst":
		c.end(true)
	case "close":
		var code int
		_ = json.Unmarshal(in.Code, &code)
		_ = c.ws.Close(websocket.StatusCode(code), in.Reason)
	case "say":
		c.send(in.Text)
		echo()
	case "fail", "refuse":
		body := map[string]any{"code": in.Code, "message": in.Message}
		if in.Data != nil {
			body["data"] = in.Data
		}
		member := map[string]string{"fail": "error", "refuse": "refused"}[in.Do]
		text, _ := json.Marshal(map[string]any{"key": json.RawMessage(key), member: body})
		c.batch(string(text))
	default:
		echo()
	}
}

func (c *conn) reply(key, data string) {
	if c.plain {
		c.send(data) // it has the key in it
		return
	}
	c.batch(`{"key":` + key + `,"data":` + data + `}`)
}

func (c *conn) batch(message string) {
	if !c.plain {
		message = "[" + message + "]"
	}
	c.send(message)
}

// routes are the WebSocket, and what the class Server in page.js calls.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", s.serveWS)
	control := func(path string, do func(body []byte)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			do(body)
			w.Header().Set("Access-Control-Allow-Origin", "*")
			_ = json.NewEncoder(w).Encode(s.Seen())
		})
	}
	control("/seen", func([]byte) {})
	control("/set", func(body []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := json.Unmarshal(body, &s.script); err != nil {
			panic(err)
		}
	})
	control("/release", func([]byte) {
		s.mu.Lock()
		held := s.held
		s.held = nil
		s.mu.Unlock()
		for _, answer := range held {
			answer()
		}
	})
	control("/push", func(body []byte) { s.await(); s.each(func(c *conn) { c.send(string(body)) }) })
	control("/pushBinary", func(body []byte) { s.await(); s.each(func(c *conn) { c.sendBinary(body) }) })
	control("/fin", func([]byte) { s.each(func(c *conn) { c.end(false) }) })
	control("/rst", func([]byte) { s.each(func(c *conn) { c.end(true) }) })
	control("/close", func(body []byte) {
		var in struct {
			Code   int
			Reason string
		}
		if err := json.Unmarshal(body, &in); err != nil {
			panic(err)
		}
		s.each(func(c *conn) { go func() { _ = c.ws.Close(websocket.StatusCode(in.Code), in.Reason) }() })
	})
	control("/stall", func([]byte) { s.proxy.Change(func(c *fault.Conditions) { c.Stalled = fault.Both }) })
	control("/heal", func([]byte) { s.proxy.Heal() })
	control("/block", func([]byte) { s.proxy.Change(func(c *fault.Conditions) { c.Admit = fault.Refuse }) })
	control("/cut", func(body []byte) { s.proxy.Cut(fault.End(string(body) == "rst")) })
	return mux
}
