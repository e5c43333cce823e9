package server_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// A frame may ask for what takes the server its time, such as 1,000 tokens. As
// long as it is at that it does not notice that the client is gone.
func TestOneFrameHoldsADeadConnectionNoLongerThanIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const idle, slow = 500 * time.Millisecond, 100 * time.Millisecond
		f, l, stop := pipes(t, echo, server.Options{IdleTimeout: idle, Authenticate: func(context.Context, *http.Request, string) (server.Identity, error) {
			time.Sleep(slow)
			return server.Identity{}, nil
		}})
		defer stop()
		conn := f.rawPipe(t, l, protocol.Subprotocol)
		frame := "[" + hello + strings.Repeat(`,{"token":"x"}`, 1000) + "]"
		start := time.Now()
		go conn.Write(rawFrame(opText, []byte(frame)))
		for {
			op, payload, err := readFrame(conn)
			if err != nil {
				t.Fatal(err)
			}
			if op != opClose {
				continue
			}
			if code := int(payload[0])<<8 | int(payload[1]); code != int(protocol.ClosePolicy) || time.Since(start) > idle+2*slow {
				t.Errorf("closed with %d after %v", code, time.Since(start))
			}
			break
		}
		conn.Close()
	})
}

// All calls of a connection share the request of its handshake. To look into
// its form must not be a race of two of them: that would end the process.
func TestHandlersMayReadTheFormSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var here atomic.Int32
		all := make(chan struct{})
		f, l, stop := pipes(t, server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
			if here.Add(1) == 50 {
				close(all)
			}
			<-all
			_, _, _ = r.HTTP.FormFile("none")
			return r.HTTP.FormValue("room") + r.HTTP.PostFormValue("room"), nil
		}), server.Options{})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send("[" + hello + "]")
		p.next()
		p.send(requests(1, 50))
		for range 50 {
			if got := p.next(); !strings.Contains(got, `"data":""`) && !strings.Contains(got, `,""]`) {
				t.Fatal(got)
			}
		}
		p.conn.CloseNow()
	})
}
