package server_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// sendBytes sends a binary frame of messages and what stands behind them.
func (p *peer) sendBytes(messages, tail string) {
	p.t.Helper()
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(messages)))
	frame = append(append(frame, messages...), tail...)
	if err := p.conn.Write(context.Background(), websocket.MessageBinary, frame); err != nil {
		p.t.Fatal(err)
	}
}

// chunk sends a part of the body of a call.
func (p *peer) chunk(key, from int, data string) {
	p.t.Helper()
	p.sendBytes(fmt.Sprintf(`[{"key":%d,"from":%d,"chunk":%d}]`, key, from, len(data)), data)
}

// A said is what a server has said about the parts of one call.
type said struct {
	parts  []string // of JSON; "+5" for 5 bytes
	bytes  []byte   // of all chunks
	taken  int      // and the window: the last ones
	window int
	reply  string // the message of the outcome, "" before that
	all    int    // how much of it counts as outcomes
}

// collect reads until the call has its outcome or done is true.
func (p *peer) collect(key int, done func(*said) bool) *said {
	p.t.Helper()
	s := &said{}
	for s.reply == "" && (done == nil || !done(s)) {
		p.readInto(key, s)
	}
	return s
}

// readInto takes the next message, which must be about the call.
func (p *peer) readInto(key int, s *said) {
	p.t.Helper()
	text := p.next()
	r := protocol.NewReader([]byte("[" + text + "]"))
	if !r.Next() {
		p.t.Fatalf("got %s: %v", text, r.Err())
	}
	switch m := r.Message(); m.Kind {
	case protocol.PartsKind:
		for part := range protocol.Elements(m.Body) {
			s.parts = append(s.parts, string(part))
			s.all++
		}
	case protocol.ChunkKind: // whose key is 0 here: the bytes are elsewhere
		var n int
		fmt.Sscanf(text[strings.Index(text, `"chunk":`):], `"chunk":%d}`, &n)
		s.parts = append(s.parts, fmt.Sprint("+", n))
		s.bytes = append(s.bytes, p.tail[:n]...)
		p.tail = p.tail[n:]
		s.all++
	case protocol.TakenKind:
		if int(m.Count) < s.taken || m.Window < s.window {
			p.t.Errorf("got %s after %d, %d", text, s.taken, s.window)
		}
		s.taken, s.window = int(m.Count), m.Window
		s.all++
	case protocol.GotKind:
		s.all++
	default:
		s.reply = text
		s.all++
	}
}

// take tells the server what was taken of a stream.
func (p *peer) take(key, n, window int) {
	p.t.Helper()
	p.send(fmt.Sprintf(`[{"key":%d,"taken":%d,"window":%d}]`, key, n, window))
}

// streamer is a handler that streams what its test says.
func streamer(parts ...any) server.HandlerFunc {
	return func(_ context.Context, r *server.Request) (any, error) {
		for _, part := range parts {
			if err := r.Send(part); err != nil {
				return nil, err
			}
		}
		return len(parts), nil
	}
}

// pattern is so many bytes that differ.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*31 + 7)
	}
	return b
}

// wantSaid compares.
func wantSaid(t *testing.T, s *said, reply string, parts ...string) {
	t.Helper()
	if s.reply != reply || strings.Join(s.parts, " ") != strings.Join(parts, " ") {
		t.Errorf("got %s, %.300q; want %s, %.300q", s.reply, s.parts, reply, parts)
	}
}
