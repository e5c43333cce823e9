package server_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// drain reads a stream to its outcome, takes parts and acknowledges.
func (p *peer) drain(key, window int) (parts, bytes int) {
	all, acked, took, taken := 0, 0, 0, 0
	for {
		_, frame, err := p.conn.Read(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		r := protocol.NewReader(frame)
		if protocol.IsBinary(frame) {
			r = protocol.NewBinaryReader(frame, true)
		}
		for r.Next() {
			all++
			switch m := r.Message(); m.Kind {
			case protocol.PartsKind:
				for range protocol.Elements(m.Body) {
					parts++
					all++
				}
				all--
				bytes += len(m.Body)
			case protocol.ChunkKind:
				parts++
				bytes += len(m.Body)
			case protocol.DataKind:
				p.send(fmt.Sprintf(`[{"ack":%d}]`, all))
				return parts, bytes
			}
		}
		say := ""
		if bytes-took >= window/2 {
			took, taken = bytes, parts
			say = fmt.Sprintf(`{"key":%d,"taken":%d,"window":%d},`, key, taken, window)
		}
		if all-acked >= 1000 || took == bytes {
			acked = all
			say += fmt.Sprintf(`{"ack":%d},`, all)
		}
		if say != "" {
			p.send("[" + say + "{}]")
		}
	}
}

func BenchmarkStreamParts(b *testing.B) {
	f := serve(b, func(_ context.Context, r *server.Request) (any, error) {
		var n int
		r.Decode(&n)
		part := strings.Repeat("x", 98)
		for range n {
			if err := r.Send(part); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, nil)
	p := f.open(b)
	b.ResetTimer()
	p.send(fmt.Sprintf(`[{"key":1,"data":%d,"window":262144}]`, b.N))
	if parts, _ := p.drain(1, 262144); parts != b.N {
		b.Errorf("%d parts", parts)
	}
}

func BenchmarkDownload(b *testing.B) {
	chunk := server.Bytes(pattern(64 << 10))
	f := serve(b, func(_ context.Context, r *server.Request) (any, error) {
		var n int
		r.Decode(&n)
		for range n {
			if err := r.Send(chunk); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, nil)
	p := f.open(b)
	b.SetBytes(64 << 10)
	b.ResetTimer()
	p.send(fmt.Sprintf(`[{"key":1,"data":%d,"window":1048576}]`, b.N))
	p.drain(1, 1<<20)
}

func BenchmarkUpload(b *testing.B) {
	f := serve(b, func(_ context.Context, r *server.Request) (any, error) { return io.Copy(io.Discard, r.Body) }, nil)
	p := f.open(b)
	b.SetBytes(32 << 10)
	data := string(pattern(32 << 10))
	b.ResetTimer()
	p.send(`[{"key":1,"open":true}]`)
	done := make(chan bool)
	credit := make(chan *said, 1000)
	go func() {
		defer close(done)
		s := &said{}
		for s.reply == "" {
			if p.readInto(1, s); s.taken > 0 {
				credit <- &said{taken: s.taken, window: s.window}
			}
		}
	}()
	taken, window := 0, server.DefaultWindow
	for from := range b.N {
		for (from+1-taken)*len(data) > window {
			s := <-credit
			taken, window = s.taken, s.window
		}
		p.chunk(1, from, data)
		if from%1000 == 999 {
			p.conn.Write(context.Background(), websocket.MessageText, []byte(`[{"ack":1}]`))
		}
	}
	p.send(`[{"key":1,"end":true}]`)
	for {
		select {
		case <-credit:
			continue
		case <-done:
			return
		}
	}
}
