package main

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sockjax/sockjax/server"
)

const (
	// afterReply is the time in which the answer to a fault's request leaves
	// before the fault strikes.
	afterReply = 30 * time.Millisecond

	maxFault = time.Minute

	// maxHeld is how many bytes a stalled connection takes from the server
	// before its writes wait, as a kernel's buffer would.
	maxHeld = 1 << 20
)

// handleFaults adds the calls that break things on demand:
//
//	drop          resets the connection on which it came
//	stall {ms}    lets nothing through in either direction, then heals
//	restart {ms}  closes all WebSockets, and accepts none for that time
//
// Each answers {"ok":true} before it strikes.
func handleFaults(m *server.Mux, restart func(down time.Duration)) {
	m.HandleFunc("drop", func(_ context.Context, r *server.Request) (any, error) {
		conn, err := faultConnOf(r)
		if err != nil {
			return nil, err
		}
		time.AfterFunc(afterReply, conn.drop)
		return ok, nil
	})
	m.HandleFunc("stall", func(_ context.Context, r *server.Request) (any, error) {
		conn, err := faultConnOf(r)
		if err != nil {
			return nil, err
		}
		d, err := faultTime(r)
		if err != nil {
			return nil, err
		}
		time.AfterFunc(afterReply, func() { conn.stall(d) })
		return ok, nil
	})
	m.HandleFunc("restart", func(_ context.Context, r *server.Request) (any, error) {
		d, err := faultTime(r)
		if err != nil {
			return nil, err
		}
		time.AfterFunc(afterReply, func() { restart(d) })
		return ok, nil
	})
}

var ok = map[string]bool{"ok": true}

func faultTime(r *server.Request) (time.Duration, error) {
	var in struct {
		MS milliseconds `json:"ms"`
	}
	if err := r.Decode(&in); err != nil {
		return 0, err
	}
	return in.MS.within(maxFault)
}

type faultKey struct{}

// faultContext is the http.Server.ConnContext that lets handlers find their
// connection.
func faultContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, faultKey{}, c)
}

func faultConnOf(r *server.Request) (*faultConn, error) {
	conn, ok := r.HTTP.Context().Value(faultKey{}).(*faultConn)
	if !ok {
		return nil, errors.New("the listener is no faultListener")
	}
	return conn, nil
}

// A faultListener accepts connections that can be broken.
type faultListener struct{ net.Listener }

func (l faultListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &faultConn{Conn: conn, closed: make(chan struct{})}, nil
}

// A faultConn is a connection that can fall silent: what is sent to it stays
// in the network, and so does what it sends, even its end.
type faultConn struct {
	net.Conn
	closed chan struct{} // closed by Close

	mutex   sync.Mutex    // protects following
	healed  chan struct{} // closed when a stall ends; nil if there is none
	held    []byte        // written meanwhile
	isEnded bool          // Close has been called
}

func (c *faultConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for {
		healed := c.stalled()
		if healed == nil || errors.Is(err, os.ErrDeadlineExceeded) && n == 0 && !c.ended() {
			return n, err
		}
		select {
		case <-healed:
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
}

func (c *faultConn) Write(p []byte) (int, error) {
	for {
		c.mutex.Lock()
		healed := c.healed
		if healed == nil {
			c.mutex.Unlock()
			return c.Conn.Write(p)
		}
		if c.isEnded {
			c.mutex.Unlock()
			return 0, net.ErrClosed
		}
		if len(c.held)+len(p) <= maxHeld {
			c.held = append(c.held, p...)
			c.mutex.Unlock()
			return len(p), nil
		}
		c.mutex.Unlock()
		select {
		case <-healed:
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
}

// Close of a stalled connection shows at the other end when it heals.
func (c *faultConn) Close() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.isEnded {
		c.isEnded = true
		close(c.closed)
	}
	if c.healed != nil {
		return c.Conn.SetReadDeadline(time.Now()) // ends a Read
	}
	return c.Conn.Close()
}

func (c *faultConn) stalled() chan struct{} {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.healed
}

func (c *faultConn) ended() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.isEnded
}

// stall lets nothing through for this time. During a stall it does nothing.
func (c *faultConn) stall(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.healed == nil && !c.isEnded {
		c.healed = make(chan struct{})
		time.AfterFunc(d, c.heal)
	}
}

func (c *faultConn) heal() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.held) > 0 {
		// An error shows at the next Read or Write as well.
		c.Conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		c.Conn.Write(c.held)
		c.held = nil
	}
	close(c.healed)
	c.healed = nil
	if c.isEnded {
		c.Conn.Close()
	}
}

// drop ends the connection by a reset, as a crash or a bad proxy does.
func (c *faultConn) drop() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Conn.Close()
}
