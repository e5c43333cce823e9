//go:build !js

package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// linger is how long a connection that is being closed may still take.
const linger = time.Second

// socket is a connection of Client: two goroutines, of which one reads and the
// other writes. Its twin in the browser is in ../wasm/socket.go.
type socket struct {
	client *Client
	ws     *websocket.Conn
	line   line            // what ws runs over
	ctx    context.Context // ends when the connection is to be cut off
	cancel context.CancelFunc
	start  sync.Once
	wake   chan struct{}
	done   chan Closed
	unread chan struct{} // closed when nothing more will be read

	reading sync.Mutex // held while the engine takes a frame in; protects following
	closed  bool
}

func (c *Client) open(ctx context.Context) (*socket, error) {
	s := &socket{
		client: c,
		wake:   make(chan struct{}, 1),
		done:   make(chan Closed, 1),
		unread: make(chan struct{}),
	}
	opts := &websocket.DialOptions{HTTPClient: s.line.through(c.opts.HTTPClient), HTTPHeader: c.opts.Header}
	if !c.opts.Plain {
		opts.Subprotocols = []string{protocol.Subprotocol}
		// The pings of WebSocket itself prove the connection alive too. In
		// plain mode they would pass for an answer to ours.
		opts.OnPingReceived = func(context.Context, []byte) bool {
			c.engine.Received(s, 0)
			return true
		}
	}
	ws, resp, err := websocket.Dial(ctx, c.url, opts)
	if err != nil {
		return nil, unopened(resp, err)
	}
	if !c.opts.Plain && ws.Subprotocol() != protocol.Subprotocol {
		ws.CloseNow()
		return nil, &Closed{Code: protocol.CloseVersion, Reason: "the server does not speak " + protocol.Subprotocol + "; for servers that know nothing of it there is plain mode"}
	}
	ws.SetReadLimit(c.opts.ReadLimit)
	s.ws = ws
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// unopened says why there is no connection.
func unopened(resp *http.Response, err error) *Closed {
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		end := &Closed{Reason: fmt.Sprintf("the server answered the handshake with %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
		if line, _ := bufio.NewReader(resp.Body).ReadString('\n'); strings.TrimSpace(line) != "" {
			end.Reason += ": " + protocol.Reason(strings.TrimSpace(line))
		}
		switch resp.StatusCode {
		case http.StatusUnauthorized:
			end.Code = protocol.CloseUnauthorized
		case http.StatusForbidden:
			end.Code = protocol.CloseForbidden
		}
		return end
	}
	if expired(err) {
		return &Closed{Code: protocol.CloseHandshake, Reason: fmt.Sprintf("the server did not answer the handshake within %v", protocol.Handshake)}
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // without the URL, which the caller knows
	}
	return &Closed{Reason: err.Error()}
}

// cut ends the connection without a word.
func (s *socket) cut() {
	s.cancel()
	_ = s.line.body.Close() // an error means that it was closed before
}

// Wake is the engine's. The first one tells that the engine has made the
// connection its own; what was read before would be lost.
func (s *socket) Wake() {
	s.start.Do(func() {
		s.client.sockets.Go(s.read)
		s.client.sockets.Go(s.write)
	})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Done is the engine's.
func (s *socket) Done() <-chan Closed { return s.done }

// Close is the engine's.
func (s *socket) Close(code protocol.CloseCode, reason string) {
	s.reading.Lock()
	closed := s.closed
	s.closed = true
	s.reading.Unlock()
	if closed {
		return
	}
	s.client.sockets.Go(func() {
		defer s.cut()
		defer time.AfterFunc(linger, s.cut).Stop()
		// An error means that the connection is gone already.
		switch code {
		case 0, protocol.CloseAbnormal, protocol.CloseCode(websocket.StatusNoStatusRcvd):
			_ = s.ws.CloseNow()
		default:
			_ = s.ws.Close(websocket.StatusCode(code), protocol.Reason(reason))
		}
	})
}

// end notes the first reason for the end.
func (s *socket) end(why Closed) {
	select {
	case s.done <- why:
	default:
	}
}

// read is the goroutine that reads. After Close it goes on, so that the answer
// to our close is found.
func (s *socket) read() {
	defer close(s.unread)
	for {
		kind, message, err := s.ws.Reader(s.ctx)
		var frame []byte
		if err == nil {
			frame, err = s.frame(message)
		}
		if err != nil {
			s.end(s.reason(err))
			return
		}
		s.take(kind, frame)
	}
}

// take has the engine take a frame in, unless the connection was closed.
func (s *socket) take(kind websocket.MessageType, frame []byte) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.closed {
		return
	}
	s.client.in.Add(1)
	if kind == websocket.MessageText {
		s.client.frames.Text(s, frame)
	} else {
		s.client.frames.Binary(s, frame)
	}
}

// frame reads a message to its end. One that takes long is a sign of life all
// the time. Its memory grows with what has arrived, not with what the peer
// says will.
func (s *socket) frame(message io.Reader) ([]byte, error) {
	text, last := make([]byte, 0, 512), time.Now()
	for {
		n, err := message.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if err == io.EOF {
			return text, nil
		}
		if err != nil {
			return nil, err
		}
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		if now := time.Now(); now.Sub(last) > time.Second {
			last = now
			s.client.engine.Received(s, 0)
		}
	}
}

// reason says why nothing can be read any more.
func (s *socket) reason(err error) Closed {
	var end websocket.CloseError
	switch {
	case errors.As(err, &end):
		return Closed{Code: protocol.CloseCode(end.Code), Reason: end.Reason}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return Closed{Code: protocol.CloseTooLarge, Reason: fmt.Sprintf("the server sent a frame of more than %d bytes: see DialOptions.ReadLimit", s.client.opts.ReadLimit), Local: true}
	}
	return Closed{Code: protocol.CloseAbnormal, Reason: "the connection broke: " + err.Error()}
}

// write is the goroutine that writes.
func (s *socket) write() {
	var batch engine.Batch[*request]
	var frame []byte
	for {
		select {
		case <-s.unread:
			return
		case <-s.wake:
		}
		runtime.Gosched() // whoever else is about to make a call shares the frame
		for s.client.engine.Next(s, &batch) {
			if batch.Note && !s.say(batch.Limit) {
				return
			}
			if batch.Bare() {
				continue
			}
			var binary bool
			frame, binary = engine.AppendFrame(frame[:0], &batch, s.client.opts.Plain, (*request).content, (*request).extra)
			s.client.out.Add(1)
			kind := websocket.MessageText
			if binary {
				kind = websocket.MessageBinary
			}
			if err := s.ws.Write(s.ctx, kind, frame); err != nil {
				s.unwritten(err)
				return
			}
			if cap(frame) > 1<<20 {
				frame = nil // large ones are rare
			}
		}
	}
}

// say tells the server of topics. It returns false if that has failed.
func (s *socket) say(limit int) bool {
	for _, frame := range s.client.topics.say(s, limit) {
		s.client.out.Add(1)
		if err := s.ws.Write(s.ctx, websocket.MessageText, frame); err != nil {
			s.unwritten(err)
			return false
		}
	}
	return true
}

// unwritten ends the connection after a failed write. If that is because the
// peer has closed it, the reader knows the reason.
func (s *socket) unwritten(err error) {
	patience := time.NewTimer(linger)
	defer patience.Stop()
	select {
	case <-s.unread:
	case <-patience.C:
		s.end(Closed{Code: protocol.CloseAbnormal, Reason: "the connection broke: " + err.Error()})
	}
}
