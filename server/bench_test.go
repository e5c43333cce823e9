package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// BenchmarkIdle reports what an idle connection holds, in bytes of heap and
// stacks: one that has made a call and fallen silent, without acknowledging
// the reply. The other end's socket, which lives in the same process, is in it
// with about 1 KB.
func BenchmarkIdle(b *testing.B) {
	const conns = 2000
	f := serve(b, echo, nil)
	sessions := 0
	for b.Loop() {
		open := make([]net.Conn, conns)
		before := memory()
		for i := range open {
			conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
			if err != nil {
				b.Fatal(err)
			}
			io.WriteString(conn, handshake(protocol.Subprotocol))
			readHandshake(b, conn)
			sessions++
			hello := strings.Replace(hello, session, sessionID(sessions), 1)
			conn.Write(rawFrame(opText, []byte("["+hello+`,{"key":1,"data":{"api":"echo"}}]`)))
			for got, buf := "", make([]byte, 512); !strings.Contains(got, `"key":1`); {
				n, err := conn.Read(buf)
				if err != nil {
					b.Fatal(err)
				}
				got += string(buf[:n])
			}
			open[i] = conn
		}
		b.ReportMetric(float64(memory()-before)/conns, "B/conn")
		for _, conn := range open {
			conn.Close()
		}
	}
}

func memory() uint64 {
	runtime.GC()
	runtime.GC() // the first only moves what sync.Pools hold to their victim caches
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkEcho has the server echo frames of so many requests of 100 bytes. It
// reports the server's processor time without the client's, which has a thread
// of its own, and how many frames the replies come in.
func BenchmarkEcho(b *testing.B) {
	for _, n := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkEcho(b, n) })
	}
}

func benchmarkEcho(b *testing.B, n int) {
	f := serve(b, echo, nil)
	p := f.open(b)
	data := json.RawMessage(`{"api":"echo","text":"` + strings.Repeat("x", 76) + `"}`)
	var frame []byte
	frames := 0
	buf := make([]byte, 0, 1<<20)
	b.ResetTimer()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := serverTime()
	for done := 0; done < b.N; done += n {
		frame = frame[:0]
		if done > 0 { // acknowledges what it has, as the client does
			frame = protocol.AppendAck(protocol.Join(frame), uint64(done))
		}
		if frame = protocol.Join(frame); n == 1 {
			frame = protocol.AppendRequest(frame, protocol.Key(done+1), data)
		} else {
			frame = protocol.AppendSeries(frame, protocol.Key(done+1), data)
			for range n - 1 {
				frame = protocol.AppendNext(frame, data)
			}
			frame = append(frame, ']')
		}
		frame = append(frame, ']')
		if err := p.conn.Write(context.Background(), websocket.MessageText, frame); err != nil {
			b.Fatal(err)
		}
		for got := 0; got < n; {
			_, r, err := p.conn.Reader(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			buf = buf[:0]
			for {
				if len(buf) == cap(buf) {
					b.Fatal("too large")
				}
				k, err := r.Read(buf[len(buf):cap(buf)])
				buf = buf[:len(buf)+k]
				if err != nil {
					break
				}
			}
			got += bytes.Count(buf, []byte(`"api"`))
			frames++
		}
	}
	b.ReportMetric(float64(serverTime()-start)/float64(b.N)/1000, "server-µs/req")
	b.ReportMetric(float64(frames)*float64(n)/float64(b.N), "frames/batch")
}
