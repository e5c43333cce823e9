package e2e

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/fault"
	"github.com/sockjax/sockjax/protocol"
)

// Script says how a Server behaves. Pages change it with server.set({...});
// members that they do not name stay as they were.
type Script struct {
	Refuse  bool   `json:"refuse"`  // answer the handshake with 503
	Silent  bool   `json:"silent"`  // answer no request
	NoPong  bool   `json:"noPong"`  // answer no ping
	Welcome string `json:"welcome"` // this frame instead of a welcome; "none" for nothing
	Resumed bool   `json:"resumed"` // claim to know the session
	Times   int    `json:"times"`   // how often to answer each request; 0 is once
	Frame   int    `json:"frame"`   // limits.frame; 0 is 1 MiB
	Calls   int    `json:"calls"`   // limits.requests; 0 is 1024
	Beat    int64  `json:"beat"`    // heartbeat in ms; 0 is 25,000
	Hangup  int    `json:"hangup"`  // close each connection with this code once it is open
	Pusher  string `json:"pusher"`  // send this frame to each connection once it is open
}

// Seen is what a Server has seen, for server.seen() in a page.
type Seen struct {
	Refused  int               `json:"refused"`  // handshakes
	Opened   int               `json:"opened"`   // connections
	Live     int               `json:"live"`     // of these, still open
	Pings    int               `json:"pings"`    // received
	Pongs    int               `json:"pongs"`    // received
	Frames   int               `json:"frames"`   // received, words too
	Binary   int               `json:"binary"`   // of Frames, binary ones
	Longest  int               `json:"longest"`  // bytes of the longest frame received
	Batch    string            `json:"batch"`    // the last frame of requests, if it is short
	Hellos   []protocol.Hello  `json:"hellos"`   // in order
	Requests []json.RawMessage `json:"requests"` // their data, in order
	Cancels  []protocol.Key    `json:"cancels"`  // in order
	Closes   []int             `json:"closes"`   // codes that clients sent; -1 for an end without one
}

// shortBatch is what no test needs more of, in bytes.
const shortBatch = 1000

// Server speaks sockjax.1, and plain mode to clients that offer no
// subprotocol. It echoes data, unless its Script or the data say otherwise:
// see answer.
type Server struct {
	http  *httptest.Server
	proxy *fault.Proxy
	ended sync.WaitGroup

	mu     sync.Mutex // protects following
	script Script
	seen   Seen
	conns  []*conn // live, oldest first
	came   sync.Cond
	held   []func()
}

// NewServer starts a server that the test's end stops.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{seen: Seen{ // pages want arrays, not null
		Hellos: []protocol.Hello{}, Requests: []json.RawMessage{}, Cancels: []protocol.Key{}, Closes: []int{},
	}}
	s.came.L = &s.mu
	s.http = httptest.NewUnstartedServer(s.routes())
	s.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, tcpKey{}, c)
	}
	s.http.Start()
	proxy, err := fault.New(s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.proxy = proxy
	t.Cleanup(func() {
		s.proxy.Close()
		s.http.CloseClientConnections()
		s.each(func(c *conn) { c.end(true) })
		s.http.Close()
		s.ended.Wait()
	})
	return s
}

// ServeHTTP is the server without its own listener, for a page whose policy
// allows none but its own origin.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes().ServeHTTP(w, r) }

// URL is http://host:port.
func (s *Server) URL() string { return s.http.URL }

// ProxyURL is the same server behind the proxy.
func (s *Server) ProxyURL() string { return "http://" + s.proxy.Addr() }

// disconnect has the proxy hold back everything and refuse what comes, or heals
// it.
func (s *Server) disconnect(is bool) {
	s.proxy.Change(func(c *fault.Conditions) {
		*c = fault.Conditions{}
		if is {
			c.Stalled, c.Admit = fault.Both, fault.Refuse
		}
	})
}

// Seen returns a copy.
func (s *Server) Seen() Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	seen.Live = len(s.conns)
	seen.Hellos = slices.Clone(seen.Hellos)
	seen.Requests = slices.Clone(seen.Requests)
	seen.Cancels = slices.Clone(seen.Cancels)
	seen.Closes = slices.Clone(seen.Closes)
	return seen
}

func (s *Server) saw(note func(*Seen)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note(&s.seen)
}

func (s *Server) scripted() Script {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.script
}

// await returns when there is a connection. A page in plain mode holds one for
// open before the server has noted it.
func (s *Server) await() {
	late := false
	timer := time.AfterFunc(10*time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.came.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.conns) == 0 {
		if late {
			panic("nobody is connected")
		}
		s.came.Wait()
	}
}

func (s *Server) each(do func(*conn)) {
	s.mu.Lock()
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, c := range conns {
		do(c)
	}
}

type tcpKey struct{}

// conn is one WebSocket.
type conn struct {
	server *Server
	ws     *websocket.Conn
	tcp    *net.TCPConn
	plain  bool
}

func (s *Server) serveWS(w http.ResponseWriter, r *http.Request) {
	if s.scripted().Refuse {
		s.saw(func(n *Seen) { n.Refused++ })
		http.Error(w, "refused", http.StatusServiceUnavailable)
		return
	}
	s.ended.Add(1)
	defer s.ended.Done()
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{protocol.Subprotocol}, InsecureSkipVerify: true,
	})
	if err != nil {
		return // the page has gone, or the test checks handshakes
	}
	defer ws.CloseNow()
	ws.SetReadLimit(64 << 20)
	c := &conn{server: s, ws: ws, plain: ws.Subprotocol() == ""}
	c.tcp, _ = r.Context().Value(tcpKey{}).(*net.TCPConn)
	s.mu.Lock()
	s.seen.Opened++
	s.conns = append(s.conns, c)
	s.came.Broadcast()
	script := s.script
	s.mu.Unlock()
	if script.Pusher != "" {
		c.send(script.Pusher)
	}
	if script.Hangup != 0 {
		_ = ws.Close(websocket.StatusCode(script.Hangup), "as the script says")
	}
	code := c.read()
	s.mu.Lock()
	s.seen.Closes = append(s.seen.Closes, code)
	s.conns = slices.DeleteFunc(s.conns, func(other *conn) bool { return other == c })
	s.mu.Unlock()
}

// read reads until the connection ends, and returns its close code.
func (c *conn) read() int {
	for {
		kind, frame, err := c.ws.Read(context.Background())
		if err != nil {
			return int(websocket.CloseStatus(err))
		}
		c.server.saw(func(n *Seen) {
			n.Frames++
			if kind == websocket.MessageBinary {
				n.Binary++
			}
			n.Longest = max(n.Longest, len(frame))
		})
		switch {
		case string(frame) == protocol.Ping:
			c.server.saw(func(n *Seen) { n.Pings++ })
			if !c.server.scripted().NoPong {
				c.send(protocol.Pong)
			}
		case string(frame) == protocol.Pong:
			c.server.saw(func(n *Seen) { n.Pongs++ })
		case c.plain:
			c.readPlain(frame)
		default:
			c.readBatch(frame)
		}
	}
}

func (c *conn) readPlain(frame []byte) {
	var message struct{ Key json.RawMessage }
	if err := json.Unmarshal(frame, &message); err != nil {
		return // the tests look at what arrived
	}
	c.request(string(message.Key), frame)
}

func (c *conn) readBatch(frame []byte) {
	for r := protocol.NewReader(frame); r.Next(); {
		switch m := r.Message(); m.Kind {
		case protocol.HelloKind:
			hello, err := m.Hello()
			if err != nil {
				_ = c.ws.Close(websocket.StatusCode(protocol.CloseBadMessage), "bad hello")
				return
			}
			c.server.saw(func(n *Seen) { n.Hellos = append(n.Hellos, hello) })
			c.welcome(hello)
		case protocol.CancelKind:
			c.server.saw(func(n *Seen) { n.Cancels = append(n.Cancels, m.Key) })
		case protocol.DataKind:
			if len(frame) < shortBatch {
				c.server.saw(func(n *Seen) { n.Batch = string(frame) })
			}
			key, _ := json.Marshal(m.Key)
			c.request(string(key), m.Body)
		}
	}
}

func (c *conn) welcome(h protocol.Hello) {
	script := c.server.scripted()
	switch script.Welcome {
	case "none":
		return
	case "":
	default:
		c.send(script.Welcome)
		return
	}
	w := protocol.Welcome{Session: h.Session, Resumed: script.Resumed, Heartbeat: script.Beat}
	w.Limits = protocol.Limits{Frame: script.Frame, Requests: script.Calls}
	if w.Heartbeat == 0 {
		w.Heartbeat = 25_000
	}
	if w.Limits.Frame == 0 {
		w.Limits.Frame = 1 << 20
	}
	if w.Limits.Requests == 0 {
		w.Limits.Requests = 1024
	}
	c.send(string(append(protocol.AppendWelcome(protocol.Join(nil), w), ']')))
}

// send fails only where the connection has ended, which read notices.
func (c *conn) send(text string) {
	_ = c.ws.Write(context.Background(), websocket.MessageText, []byte(text))
}

func (c *conn) sendBinary(data []byte) {
	_ = c.ws.Write(context.Background(), websocket.MessageBinary, data)
}

// end ends the TCP connection without a WebSocket close.
func (c *conn) end(reset bool) {
	switch {
	case c.tcp == nil: // on another's listener
		_ = c.ws.CloseNow()
	case reset:
		_ = c.tcp.SetLinger(0) // if it fails, the page sees a FIN
		c.tcp.Close()
	default:
		c.tcp.Close()
	}
}
