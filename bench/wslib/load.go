package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is one way to keep a server busy with text frames of size bytes.
type load struct {
	name            string
	size            int
	conns, inFlight int // inFlight frames in all, spread over the connections
}

var loads = []load{
	{"100 B, 1 in flight, 1 connection", 100, 1, 1},
	{"100 B, 64 in flight, 1 connection", 100, 1, 64},
	{"100 B, 64 in flight, 50 connections", 100, 50, 64},
	{"8 KB (64 requests), 4 in flight, 1 connection", 8 << 10, 1, 4},
	{"10 KB, 64 in flight, 1 connection", 10 << 10, 1, 64},
}

// rate is the outcome of one load on one server.
type rate struct {
	framesPerSecond float64
	serverCPU       float64 // µs per frame
	clientCPU       float64 // µs per frame, to see whether the client is the limit
}

// The patience of every client connection: nothing here takes so long.
const clientTimeout = 20 * time.Second

func measureLoad(library string, l load, s settings) (_ rate, err error) {
	p, err := start(library, s, os.Stderr)
	if err != nil {
		return rate{}, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	var done atomic.Int64
	failed := make(chan error, 2*l.conns)
	var running sync.WaitGroup
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
		running.Wait()
	}()
	for i := range l.conns {
		c, err := dial(p.addr)
		if err != nil {
			return rate{}, err
		}
		conns = append(conns, c)
		share := l.inFlight / l.conns
		if i < l.inFlight%l.conns {
			share++
		}
		pump(c, l.size, share, &done, &running, failed)
	}

	time.Sleep(s.window / 5) // warm-up
	before, err := snapshot(p, &done)
	if err != nil {
		return rate{}, err
	}
	select {
	case err := <-failed:
		return rate{}, err
	case <-time.After(s.window):
	}
	after, err := snapshot(p, &done)
	if err != nil {
		return rate{}, err
	}
	n := float64(after.frames - before.frames)
	if n == 0 {
		return rate{}, errors.New("no frame came back")
	}
	return rate{
		framesPerSecond: n / after.at.Sub(before.at).Seconds(),
		serverCPU:       float64((after.server - before.server).Nanoseconds()) / 1e3 / n,
		clientCPU:       float64((after.client - before.client).Nanoseconds()) / 1e3 / n,
	}, nil
}

type moment struct {
	at             time.Time
	frames         int64
	server, client time.Duration
}

func snapshot(p *process, done *atomic.Int64) (moment, error) {
	s, err := p.ask("cpu")
	if err != nil {
		return moment{}, err
	}
	client, err := cpuTime()
	return moment{time.Now(), done.Load(), s.CPU, client}, err
}

// pump keeps inFlight frames under way on c until c is closed. Reading and
// writing are two goroutines: one that did both could deadlock with an echo
// server once both directions' buffers are full.
func pump(c net.Conn, size, inFlight int, done *atomic.Int64, running *sync.WaitGroup, failed chan<- error) {
	request, reply := textFrame(size)
	batch := bytes.Repeat(request, inFlight)
	credit := make(chan int, inFlight)
	credit <- inFlight
	running.Go(func() {
		for n := range credit {
			for more := true; more && len(credit) > 0; {
				n += <-credit
			}
			if _, err := c.Write(batch[:n*len(request)]); err != nil {
				report(failed, err)
				return
			}
		}
	})
	running.Go(func() {
		defer close(credit)
		r := bufio.NewReaderSize(c, 64<<10)
		got := make([]byte, len(reply))
		for n := 0; ; {
			if _, err := io.ReadFull(r, got); err != nil {
				report(failed, err)
				return
			}
			if !bytes.Equal(got, reply) {
				report(failed, errors.New("the server sent back something else"))
				return
			}
			// Frames that came together are answered together.
			if n++; r.Buffered() < len(reply) {
				done.Add(int64(n))
				credit <- n
				n = 0
			}
		}
	})
}

func report(failed chan<- error, err error) {
	if !errors.Is(err, net.ErrClosed) {
		failed <- fmt.Errorf("failed to echo: %w", err)
	}
}

// dial upgrades by hand and leaves the connection without a buffer.
func dial(addr string) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", addr, clientTimeout)
	if err != nil {
		return nil, fmt.Errorf("failed to dial: %w", err)
	}
	// A reset on close: 5,000 connections in TIME_WAIT would harm the next run.
	c.(*net.TCPConn).SetLinger(0)
	c.SetDeadline(time.Now().Add(clientTimeout))
	const request = "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := fmt.Fprintf(c, request, addr); err != nil {
		c.Close()
		return nil, fmt.Errorf("failed to send the handshake: %w", err)
	}
	// The server sends nothing after its handshake until it is sent a frame.
	var answer []byte
	for buf := make([]byte, 1024); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); {
		n, err := c.Read(buf)
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("failed to read the handshake: %w", err)
		}
		answer = append(answer, buf[:n]...)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 101 ") {
		c.Close()
		return nil, fmt.Errorf("the server refused the handshake: %q", answer)
	}
	return c, nil
}

// textFrame returns a masked frame with size bytes of text and its unmasked
// echo.
func textFrame(size int) (masked, plain []byte) {
	const fin, text, mask = 0x80, 0x1, 0x80
	length := []byte{byte(size)}
	if size > 125 {
		length = binary.BigEndian.AppendUint16([]byte{126}, uint16(size))
	}
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	plain = append([]byte{fin | text}, length...)
	masked = bytes.Clone(plain)
	masked[1] |= mask
	masked = append(masked, key[:]...)
	for i := range size {
		b := byte('a' + i%26)
		plain = append(plain, b)
		masked = append(masked, b^key[i%4])
	}
	return masked, plain
}
