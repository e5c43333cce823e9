package fault

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// link is one connection and its continuation: two pipes.
type link struct {
	proxy *Proxy
	ends  [2]net.Conn   // who connected, and the upstream; nil if there is none
	once  sync.Once     // ends it
	over  chan struct{} // closed when it has ended

	mu   sync.Mutex // protects following
	lost Direction  // swallowed
}

// chunk is what one read has brought.
type chunk struct {
	data []byte
	err  error // that of the read; it comes after the data
	at   time.Time
}

// window is how many chunks may be under way: a slow network does not take in
// what it can't deliver.
const window = 16

const chunkSize = 32 << 10

// run returns when the link has ended.
func (l *link) run() {
	var pipes sync.WaitGroup
	for i, d := range []Direction{Up, Down} {
		src, dst := l.ends[i], l.ends[1-i]
		chunks := make(chan chunk, window)
		pipes.Go(func() { l.read(src, chunks) })
		pipes.Go(func() { l.write(dst, d, chunks) })
	}
	pipes.Wait()
}

func (l *link) read(src net.Conn, chunks chan<- chunk) {
	defer close(chunks)
	for {
		buf := make([]byte, chunkSize)
		n, err := src.Read(buf)
		select {
		case chunks <- chunk{buf[:n], err, time.Now()}:
		case <-l.over:
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *link) write(dst net.Conn, d Direction, chunks <-chan chunk) {
	for c := range chunks {
		for len(c.data) > 0 {
			now, changed, ok := l.pass(d, c.at)
			if !ok {
				return
			}
			n := len(c.data)
			if now.Slice > 0 {
				n = min(n, now.Slice)
			}
			if !l.swallows(d) {
				if _, err := dst.Write(c.data[:n]); err != nil {
					// Nobody is there to take it. The end comes by the other
					// pipe, behind what is still under way there.
					l.swallow(d)
				}
			}
			c.data = c.data[n:]
			if now.Rate > 0 && !l.wait(time.Duration(n)*time.Second/time.Duration(now.Rate), changed) {
				return
			}
		}
		if c.err == nil {
			continue
		}
		if _, _, ok := l.pass(d, c.at); ok {
			l.broken(d, c.err)
		}
	}
}

// broken passes an end on that goes this way, unless it is swallowed too: then
// the other side never hears of it.
func (l *link) broken(d Direction, err error) {
	switch {
	case l.swallows(d):
	case errors.Is(err, io.EOF):
		l.end(FIN)
	default:
		l.end(RST)
	}
}

// pass waits until the network lets through what came at a time. It returns
// the conditions of then, what is closed when they change, and false if the
// link has ended meanwhile.
func (l *link) pass(d Direction, came time.Time) (Conditions, <-chan struct{}, bool) {
	for {
		now, changed := l.proxy.conditions()
		late := time.Until(came.Add(now.Latency))
		switch {
		case now.Stalled&d != 0:
			late = 1 << 62 // until they change
		case late <= 0:
			select {
			case <-l.over:
				return now, changed, false
			default:
				return now, changed, true
			}
		}
		if !l.wait(late, changed) {
			return now, changed, false
		}
	}
}

// wait waits for that long, or until conditions change. It returns false when
// the link has ended.
func (l *link) wait(d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-l.over:
		return false
	}
	return true
}

func (l *link) swallow(d Direction) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost |= d
}

func (l *link) swallows(d Direction) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost&d != 0
}

// end closes both sides, once.
func (l *link) end(how End) {
	l.once.Do(func() {
		close(l.over)
		for _, c := range l.ends {
			if c != nil {
				end(c, how)
			}
		}
	})
}

// end closes a connection.
func end(c net.Conn, how End) {
	if tcp, ok := c.(*net.TCPConn); ok && how == RST {
		_ = tcp.SetLinger(0) // if it fails, the other side sees a FIN
	}
	c.Close()
}
