package server_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// Requests beyond the rate are refused, each with a time of its own, at which
// it is let in.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 10, Burst: 5})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]") // takes one
		p.next()
		p.send(requests(1, 8))
		var ran int
		after := map[int]time.Duration{}
		for range 8 {
			var m struct {
				Key     int
				Refused *protocol.Error
			}
			text := p.next()
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				t.Fatal(err)
			}
			if m.Refused == nil {
				ran++
				continue
			}
			if m.Refused.Code != protocol.Overloaded || !strings.Contains(m.Refused.Message, "10 requests per second") {
				t.Errorf("got %s", text)
			}
			after[m.Key] = time.Duration(m.Refused.After) * time.Millisecond
		}
		if want := fmt.Sprint(map[int]time.Duration{5: 100 * time.Millisecond, 6: 200 * time.Millisecond, 7: 300 * time.Millisecond, 8: 400 * time.Millisecond}); ran != 4 || fmt.Sprint(after) != want {
			t.Fatalf("%d ran, the others come again after %v, want %v", ran, after, want)
		}
		start := time.Now()
		for key := 5; key <= 8; key++ {
			time.Sleep(time.Until(start.Add(after[key])))
			p.send(fmt.Sprintf(`[{"key":%d,"data":%d}]`, key, key))
			p.want(fmt.Sprintf(`{"key":%d,"data":%d}`, key, key))
		}
		p.conn.CloseNow()
	})
}

// Whatever is no request waits, and what comes behind it.
func TestRateOfOtherMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 10, Burst: 5})
		defer stop()
		for _, frame := range []string{"ping", "pong", "[]", "[{}]", `[{"cancel":1}]`, `[{"token":""}]`} {
			p := f.dialPipe(t, l, protocol.Subprotocol)
			p.send("[" + strings.Replace(hello, session, sessionID(1), 1) + "]")
			p.next()
			start := time.Now()
			go func() {
				for range 104 {
					p.send(frame)
				}
				p.send(`[{"key":1}]`)
			}()
			for text := ""; !strings.Contains(text, `"key"`); {
				text = p.mustFrame()
			}
			if d := time.Since(start); d != 10*time.Second {
				t.Errorf("100 of %s took %v", frame, d)
			}
			p.conn.CloseNow()
		}
		p := f.dialPipe(t, l) // plain mode
		for i := range 6 {
			p.send(fmt.Sprintf(`{"key":%d}`, i+1))
			got := p.mustFrame()
			if refused := `{"key":6,"refused":{"code":"overloaded","message":"more than 10 requests per second","after":100}}`; (got == refused) != (i == 5) {
				t.Errorf("got %s", got)
			}
		}
		p.conn.CloseNow()
	})
}

// A connection that waits for its turn is no obstacle to Shutdown, and the
// promises to a client that never keeps them do not grow.
func TestRateIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 1e-6, Burst: 1})
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		p.next()
		for range 3 {
			p.send(`[{"key":1}]`)
			p.wantAfter(60_000, 60_000, `{"key":1,"refused":{"code":"overloaded","message":"more than 1e-06 requests per second","after":N}}`)
		}
		p.send("ping")
		synctest.Wait()
		start := time.Now()
		go p.closed(protocol.CloseRestart)
		stop()
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("Shutdown took %v", d)
		}
	})
}

func TestJitter(t *testing.T) {
	f := serve(t, echo, &server.Options{Jitter: 5 * time.Second})
	p := f.dial(t, protocol.Subprotocol)
	p.send("[" + hello + "]")
	if got := p.next(); !strings.Contains(got, `"jitter":5000,`) {
		t.Errorf("got %s", got)
	}
}

func TestRatesThatCannotWork(t *testing.T) {
	for _, opts := range []server.Options{{Rate: -1}, {Rate: math.NaN()}, {Burst: -1}, {Jitter: -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken", opts)
				}
			}()
			server.New(server.HandlerFunc(echo), &opts)
		}()
	}
	server.New(server.HandlerFunc(echo), &server.Options{Rate: math.Inf(1)})
}
