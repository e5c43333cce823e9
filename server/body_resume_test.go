package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A body goes on over the next connection, where the client left off.
func TestBodyResume(t *testing.T) {
	f := serve(t, upload, &server.Options{Window: 1 << 20})
	p := f.open(t)
	data := pattern(300_000)
	part := func(i int) string { return string(data[i*10_000 : (i+1)*10_000]) }
	p.send(`[{"key":1,"open":true}]`)
	p.want(`{"key":1,"got":0}`)
	s := &said{all: 1}
	sent, lastGot := 0, 0
	for round := range 6 {
		for range 4 {
			p.chunk(1, sent, part(sent))
			sent++
		}
		switch round % 3 {
		case 0:
			p.quietFor(1, s)
			f.cut(p)
		case 1:
			p.conn.CloseNow()
		}
		old := p
		p = f.dial(t, protocol.Subprotocol)
		p.send("[" + resume(session, 0) + "]")
		p.welcomed(t)
		p.send(`[{"key":1,"open":true}]`)
		got := -1
		for got < lastGot || got < 0 {
			text := p.next()
			if strings.Contains(text, `"got":`) {
				fmt.Sscanf(text[strings.Index(text, `"got":`):], `"got":%d`, &got)
			}
			if got == 0 {
				got = -1 // that of the first time
			}
		}
		if got > sent {
			t.Fatalf("got %d of %d", got, sent)
		}
		sent, lastGot = got, got
		_ = old
	}
	for ; sent < 30; sent++ {
		p.chunk(1, sent, part(sent))
	}
	p.send(`[{"key":1,"end":true}]`)
	for {
		text := p.next()
		if strings.Contains(text, `"data":`) {
			if text != `{"key":1,"data":`+hashed(data)+`}` {
				t.Errorf("got %s", text)
			}
			break
		}
	}
}

// quietFor is quiet, where the server may say something about a call.
func (p *peer) quietFor(key int, s *said) {
	p.t.Helper()
	p.send("ping")
	for {
		text := p.mustFrame()
		if text == "pong" {
			return
		}
		if err := json.Unmarshal([]byte(text), &p.msgs); err != nil {
			p.t.Fatal(err)
		}
		for len(p.msgs) > 0 {
			p.readInto(key, s)
		}
	}
}
