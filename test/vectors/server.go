//go:build !js

package vectors

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// server is a WebSocket server that does nothing but what a script says.
type server struct {
	*httptest.Server
	opened chan *peer
}

func newServer(t *testing.T, plain bool) *server {
	s := &server{opened: make(chan *peer, 100)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		opts := &websocket.AcceptOptions{InsecureSkipVerify: true} // a page comes from another port
		if !plain {
			opts.Subprotocols = []string{protocol.Subprotocol}
		}
		ws, err := websocket.Accept(w, r, opts)
		if err != nil {
			return
		}
		ws.SetReadLimit(-1)
		p := &peer{ws: ws, frames: make(chan string, 10_000)}
		first := !plain
		if plain {
			s.opened <- p
		}
		for {
			_, frame, err := ws.Read(context.Background())
			if err != nil {
				p.frames <- fmt.Sprintf("x%d", max(int(websocket.CloseStatus(err)), 0))
				return
			}
			if first {
				p.session = session(frame)
				s.opened <- p
				first = false
			}
			p.frames <- string(frame)
		}
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// session is the id in a hello.
func session(frame []byte) string {
	for r := protocol.NewReader(frame); r.Next(); {
		if m := r.Message(); m.Kind == protocol.HelloKind {
			h, _ := m.Hello()
			return h.Session
		}
	}
	return ""
}

// peer is the server's end of a connection.
type peer struct {
	ws      *websocket.Conn
	session string
	frames  chan string // that the client has sent; at last "x" and its close code, 0 for none
	over    bool        // the script has ended it
}

// The client may be gone: what that means for a script shows in its next step.

func (p *peer) send(frame string) {
	_ = p.ws.Write(context.Background(), websocket.MessageText, []byte(frame))
}

func (p *peer) sendBinary(frame string) {
	_ = p.ws.Write(context.Background(), websocket.MessageBinary, []byte(frame))
}

func (p *peer) cut() {
	p.over = true
	_ = p.ws.CloseNow()
}

func (p *peer) close(code int, reason string) {
	p.over = true
	_ = p.ws.Close(websocket.StatusCode(code), reason)
}
