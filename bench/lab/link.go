package lab

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Link is a line between the page and servers, with a rate and a delay that
// all connections over it share. It counts the bytes of each direction.
//
// It stands in for DevTools' network emulation, which delays requests, not
// packets: of a WebSocket it delays the handshake alone, and then an echo comes
// back in no time. A connection costs a round trip here as it does on a real
// line. Routers with long queues, slow start and lost packets are not imitated:
// connections share the line fairly.
type Link struct {
	delay    time.Duration // one way
	up, down lane

	mutex     sync.Mutex // protects following
	listeners []net.Listener
	conns     []net.Conn
	closed    bool
}

// NewLink makes a link of so many bytes a second each way, with a round-trip
// time. Zeros mean no limit and no delay.
func NewLink(rate int, roundTrip time.Duration) *Link {
	l := &Link{delay: roundTrip / 2}
	l.up.rate, l.down.rate = rate, rate
	return l
}

// To opens a port whose connections lead over the link to an address.
func (l *Link) To(address string) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("failed to listen: %w", err)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.listeners = append(l.listeners, listener)
	go func() {
		for {
			page, err := listener.Accept()
			if err != nil {
				return
			}
			go l.join(page, address)
		}
	}()
	return listener.Addr().String(), nil
}

// Bytes returns what has been sent to servers and to the page so far.
func (l *Link) Bytes() (up, down int64) { return l.up.bytes.Load(), l.down.bytes.Load() }

// Cut ends the connections that there are. New ones can be made.
func (l *Link) Cut() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
	l.conns = nil
}

// Close ends all connections and ports.
func (l *Link) Close() {
	l.mutex.Lock()
	l.closed = true
	for _, listener := range l.listeners {
		listener.Close()
	}
	l.mutex.Unlock()
	l.Cut()
}

// keep notes a connection for Close, and reports whether that has been called.
func (l *Link) keep(c net.Conn) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.conns = append(l.conns, c)
	return !l.closed
}

func (l *Link) join(page net.Conn, address string) {
	defer page.Close()
	// The browser takes the connection for open at once, though on the real
	// line its first byte could leave a round trip later only.
	ready := time.Now().Add(3 * l.delay)
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	if !l.keep(page) || !l.keep(server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pump(server, page, &l.up, ready) })
	both.Go(func() { l.pump(page, server, &l.down, ready) })
	both.Wait()
}

// chunk is small: it is what a connection sends before others have their turn.
const chunk = 4096

type parcel struct {
	data []byte
	due  time.Time
}

// pump copies until the end of src, and then ends dst.
func (l *Link) pump(dst, src net.Conn, lane *lane, ready time.Time) {
	defer dst.(*net.TCPConn).CloseWrite()
	if lane.rate == 0 && l.delay == 0 {
		buffer := make([]byte, 64<<10)
		io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(lane, dst)}, struct{ io.Reader }{src}, buffer)
		return
	}
	onTheWay := make(chan parcel, 4096) // far more than fits on a line
	var delivered sync.WaitGroup
	delivered.Go(func() {
		for p := range onTheWay {
			time.Sleep(time.Until(p.due))
			if _, err := dst.Write(p.data); err != nil {
				src.Close()
			}
		}
	})
	for {
		data := make([]byte, chunk)
		n, err := src.Read(data)
		if n > 0 {
			lane.Write(data[:n])
			sent := lane.reserve(time.Now(), n)
			time.Sleep(time.Until(sent))
			due := sent.Add(l.delay)
			if due.Before(ready) {
				due = ready
			}
			onTheWay <- parcel{data[:n], due}
		}
		if err != nil {
			break
		}
	}
	close(onTheWay)
	delivered.Wait()
}

// A lane is one direction of a link.
type lane struct {
	rate  int // bytes per second, 0 is no limit
	bytes atomic.Int64

	mutex sync.Mutex // protects following
	free  time.Time  // when all that was reserved has been sent
}

// Write counts.
func (l *lane) Write(p []byte) (int, error) {
	l.bytes.Add(int64(len(p)))
	return len(p), nil
}

// late is how late a sender that was put to sleep may come back without
// losing its turn.
const late = 5 * time.Millisecond

// reserve takes the lane for n bytes and returns when they will have been sent.
func (l *lane) reserve(now time.Time, n int) time.Time {
	if l.rate == 0 {
		return now
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if now.Sub(l.free) > late {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	return l.free
}
