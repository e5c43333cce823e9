package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// Requests beyond the rate are refused, each with a time of its own, at which
// it is let in.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 10, Burst: 4})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
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

func TestRateInPlainMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 10, Burst: 5})
		defer stop()
		p := f.dialPipe(t, l)
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

// The promises to a client that never keeps them do not grow.
func TestRateIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 1e-6, Burst: 1})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + `,{"key":1}]`)
		p.next()
		p.next()
		for range 3 {
			p.send(`[{"key":2}]`)
			p.wantAfter(60_000, 60_000, `{"key":2,"refused":{"code":"overloaded","message":"more than 1e-06 requests per second","after":N}}`)
		}
		p.conn.CloseNow()
	})
}

// A client that has died is given up after IdleTimeout, however much it has
// sent before.
func TestRateDoesNotDelayIdleTimeout(t *testing.T) {
	for _, message := range []string{`[{"cancel":1}]`, "ping", "pong", "[]", "[{}]"} {
		synctest.Test(t, func(t *testing.T) {
			const idle = 500 * time.Millisecond
			f, l, stop := pipes(t, echo, server.Options{Rate: 5, Burst: 1, IdleTimeout: idle})
			defer stop()
			conn := f.rawPipe(t, l, protocol.Subprotocol)
			frames := rawFrame(opText, []byte("["+hello+"]"))
			for range 50 {
				frames = append(frames, rawFrame(opText, []byte(message))...)
			}
			start := time.Now()
			go conn.Write(frames)
			for {
				op, payload, err := readFrame(conn)
				if err != nil {
					t.Fatal(err)
				}
				if op != opClose {
					continue
				}
				if code := int(payload[0])<<8 | int(payload[1]); code != int(protocol.CloseHeartbeat) || time.Since(start) != idle {
					t.Errorf("closed with %d after %v in which it sent 50 of %s", code, time.Since(start), message)
				}
				break
			}
			conn.Close()
		})
	}
}

// What a client may owe is bounded, in one frame or many, and nobody waits
// until it has paid.
func TestRateEndsAFlood(t *testing.T) {
	fill := func(message string) string {
		n := (server.DefaultMaxFrame - 2) / (len(message) + 1)
		return "[" + strings.Repeat(message+",", n-1) + message + "]"
	}
	for name, tt := range map[string]struct {
		offer []string
		frame string
	}{
		"a frame of cancels":  {[]string{protocol.Subprotocol}, fill(`{"cancel":1}`)},
		"a frame of nothings": {[]string{protocol.Subprotocol}, fill(`{}`)},
		"a frame of tokens":   {[]string{protocol.Subprotocol}, fill(`{"token":""}`)},
		"cancels":             {[]string{protocol.Subprotocol}, `[{"cancel":1}]`},
		"empty frames":        {[]string{protocol.Subprotocol}, "[]"},
		"pings":               {[]string{protocol.Subprotocol}, "ping"},
		"pongs":               {[]string{protocol.Subprotocol}, "pong"},
		"pings, plain":        {nil, "ping"},
		"no keys, plain":      {nil, "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				f, l, stop := pipes(t, echo, server.Options{Rate: 5, Authenticate: func(context.Context, *http.Request, string) (server.Identity, error) {
					asked++
					return server.Identity{}, nil
				}})
				defer stop()
				p := f.dialPipe(t, l, tt.offer...)
				start := time.Now()
				go func() {
					if tt.offer != nil {
						p.send("[" + hello + "]")
					}
					for p.conn.Write(context.Background(), websocket.MessageText, []byte(tt.frame)) == nil {
					}
				}()
				if reason := p.closed(protocol.ClosePolicy); !strings.Contains(reason, "server.Options.Rate") {
					t.Errorf("reason: %s", reason)
				}
				if d := time.Since(start); d != 0 {
					t.Errorf("closed after %v", d)
				}
				if asked > 20 {
					t.Errorf("Authenticate was called %d times", asked)
				}
			})
		})
	}
}

// A client that keeps to the protocol is never cut, nor kept waiting for a
// pong, however far its page exceeds the rate: here it comes back with all the
// cancels that it may store, and then for ten minutes makes ten times as many
// calls as it may, gives all of them up, acknowledges, and pings as each page
// event has it.
func TestRateLetsHonestClientsLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, l, stop := pipes(t, echo, server.Options{Rate: 10})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		p.next()
		const stored, inFrame = 10_000, 1000
		var outcomes atomic.Int64
		key := 1
		cancels := func(n int) string {
			var frame strings.Builder
			for range n {
				fmt.Fprintf(&frame, `,{"cancel":%d}`, key)
				key++
			}
			return frame.String()
		}
		go func() {
			for range stored / inFrame {
				p.send("[" + cancels(inFrame)[1:] + "]")
			}
			acked := int64(0)
			for range 600 {
				const calls = 100
				p.send(requests(key, calls))
				frame := cancels(calls)
				if n := outcomes.Load(); n > acked {
					acked = n
					frame += fmt.Sprintf(`,{"ack":%d}`, acked)
				}
				p.send("[" + frame[1:] + "]")
				p.send("ping")
				time.Sleep(time.Second)
			}
			p.conn.Close(websocket.StatusNormalClosure, "the end")
		}()
		start, pongs := time.Now(), 0
		for {
			text, err := p.frame()
			if err != nil {
				if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
					t.Error(err)
				}
				break
			}
			outcomes.Add(int64(strings.Count(text, `"data"`)))
			if text != protocol.Pong {
				continue
			}
			if d := time.Since(start); d != time.Duration(pongs)*time.Second {
				t.Fatalf("pong %d came after %v", pongs, d)
			}
			pongs++
		}
		if pongs != 600 {
			t.Errorf("%d pongs", pongs)
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
