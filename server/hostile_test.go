package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A client that never acknowledges is served like any other; it only can't be
// resumed. What it costs, TestMemoryBoundsOfASession says.
func TestNeverAcknowledges(t *testing.T) {
	f := serve(t, echo, &server.Options{Sessions: server.NewMemoryStore(&server.MemoryStoreOptions{MaxOutcomes: 100})})
	p := f.open(t)
	const n, rounds = 500, 20
	for i := range rounds {
		p.send(requests(1+i*n, n))
		for range n {
			if got := p.next(); !strings.HasSuffix(got, `"data":null}`) {
				t.Fatalf("got %s", got)
			}
		}
	}
	f.cut(p)
	p = f.comeBack(t, 0, false, 0)
	p.send(`[{"key":1}]`)
	for p.mustFrame() == "ping" {
	}
}

func TestAckFlood(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	p.send(`[{"key":1}]`)
	p.next()
	for range 2 {
		p.send("[" + strings.Repeat(`{"ack":1},`, 100_000) + `{}]`)
	}
	p.send(`[{"key":2}]`)
	p.want(`{"key":2,"data":null}`)
	p.send("[" + strings.Repeat(`{"ack":2},`, 50_000) + `{"ack":3}]`)
	p.closed(protocol.CloseBadMessage)
}

// Numbers that no session can have reached.
func TestHugeAcks(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	p.send(`[{"key":1}]`)
	p.next()
	for _, ack := range []string{"2", "9007199254740991", "9007199254740992", "18446744073709551615", "18446744073709551616", "1e300", "-1", "0.5"} {
		p.conn.CloseNow()
		p = f.dial(t, protocol.Subprotocol)
		p.send(strings.Replace("["+resume(session, 0)+"]", `"ack":0`, `"ack":`+ack, 1))
		if frame, err := p.frame(); err == nil && !strings.Contains(frame, `"resumed":false`) {
			t.Errorf("%s: got %s", ack, frame)
		}
	}
}

// Tokens are looked at one after the other; a client that does not read the
// answers is cut off like one that does not read replies.
func TestTokenFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		const limit = 4 << 20
		f, l, stop := pipes(t, echo, server.Options{MaxBuffered: limit,
			Authenticate: func(context.Context, *http.Request, string) (server.Identity, error) {
				asked.Add(1)
				return server.Identity{Expires: time.Now().Add(1e5 * time.Hour)}, nil
			}})
		defer stop()
		conn := f.rawPipe(t, l, protocol.Subprotocol)
		start := time.Now()
		conn.Write(rawFrame(opText, []byte("["+hello+"]")))
		frame := rawFrame(opText, []byte("["+strings.Repeat(`{"token":""},`, 70_000)+`{}]`))
		for {
			if _, err := conn.Write(frame); err != nil {
				break
			}
		}
		if d := time.Since(start); d != server.DefaultWriteTimeout {
			t.Errorf("cut off after %v", d)
		}
		if n := asked.Load(); n > limit/int64(len(`{"token":{"expires":360000000000}},`))+5_000 {
			t.Errorf("%d tokens were looked at", n)
		}
	})
}

// Keys far apart, more of them than a session remembers: all run, once.
func TestManyGaps(t *testing.T) {
	var r runs
	f := serve(t, r.ServeCall, nil)
	p := f.open(t)
	const n = 5000
	for i := range n {
		p.send(fmt.Sprintf(`[{"key":%d,"data":%d}]`, 1+3*i, i))
		p.next()
	}
	f.cut(p)
	f.comeBack(t, n, false, 0)
	for i := range n {
		if r.of(fmt.Sprint(i)) != 1 {
			t.Errorf("%d ran %d times", i, r.of(fmt.Sprint(i)))
		}
	}
}

// Any number of connections that resume one session at once: one has it in the
// end, the handlers are cancelled or go on, and all the rest is gone.
func TestResumeStorm(t *testing.T) {
	const n = 150
	g := newGated()
	f := serve(t, g.ServeCall, nil)
	f.open(t)
	peers := make([]*peer, n)
	for i := range peers {
		peers[i] = f.dial(t, protocol.Subprotocol)
	}
	var all sync.WaitGroup
	for i, p := range peers {
		all.Go(func() {
			p.conn.Write(context.Background(), 1, fmt.Appendf(nil, `[%s,{"key":%d}]`, resume(session, 0), i+1))
		})
	}
	all.Wait()
	for _, p := range peers[:n-1] {
		p.closed(protocol.CloseReplaced)
	}
	last := peers[n-1]
	last.wantWelcome(true, 0)
	last.quiet()
	running := len(g.started)
	last.send("[" + strings.Repeat(`{"cancel":1},`, 1000) + `{}]`)
	f.open(t).quiet() // begins anew: nobody waits for what runs
	for range running {
		if cause := <-g.ended; cause != server.ErrDisconnected && cause != server.ErrCanceled {
			t.Errorf("the cause is %v", cause)
		}
	}
}

// Sessions that are begun and left cost a bounded amount.
func TestManySessions(t *testing.T) {
	const most = 50
	g := newGated()
	f := serve(t, g.ServeCall, &server.Options{Sessions: server.NewMemoryStore(&server.MemoryStoreOptions{MaxSessions: most, MaxSessionsPerPrincipal: most})})
	for i := range 4 * most {
		p := f.openAs(t, sessionID(i))
		p.send(`[{"key":1}]`)
		<-g.started
		p.conn.CloseNow()
	}
	for range 3 * most { // the handlers of those that were forgotten
		if cause := <-g.ended; cause != server.ErrDisconnected {
			t.Errorf("the cause is %v", cause)
		}
	}
	f.wantLog(t, "disconnected", 4*most)
	if n := len(g.ended); n != 0 {
		t.Errorf("%d sessions too many are forgotten", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f.Shutdown(ctx) // ends the rest
}

// Cancels of keys that were never used, with gaps.
func TestCancelFlood(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	var frame strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&frame, `{"cancel":%d},`, 1+2*i)
	}
	p.send("[" + frame.String() + `{"key":1000000}]`)
	p.want(`{"key":1000000,"data":null}`)
}
