package sendq

import (
	"net"
	"sync/atomic"
	"time"
)

// Timeouts are those of a Transport.
type Timeouts struct {
	Hello time.Duration // until Greeted is called, from the start
	Idle  time.Duration // of silence, after that
	Write time.Duration // that the peer may take to accept 64 KiB
}

// A Transport is the connection below a WebSocket. It fails to read after too
// long a silence.
type Transport struct {
	net.Conn
	idle    time.Duration
	helloBy time.Time
	greeted atomic.Bool
	hurried atomic.Bool // see Hurry
	writer  frameWriter
}

func newTransport(conn net.Conn, o Timeouts) *Transport {
	t := &Transport{Conn: conn, idle: o.Idle, helloBy: time.Now().Add(o.Hello)}
	t.writer = frameWriter{conn: conn, timeout: o.Write, hurried: &t.hurried}
	return t
}

// Greeted tells that the hello has come: from now on silence counts.
func (t *Transport) Greeted() { t.greeted.Store(true) }

// IsGreeted tells whether Greeted has been called.
func (t *Transport) IsGreeted() bool { return t.greeted.Load() }

// Hurry lets writes wait for the peer no longer than a second, after the
// session has moved to another connection.
func (t *Transport) Hurry() {
	t.hurried.Store(true)
	t.Conn.SetWriteDeadline(time.Now().Add(HurryTime))
}

func (t *Transport) Read(p []byte) (int, error) {
	deadline := t.helloBy
	if t.greeted.Load() {
		deadline = time.Now().Add(t.idle)
	}
	if err := t.Conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return t.Conn.Read(p)
}
