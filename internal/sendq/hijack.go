package sendq

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// readBuffer is what an idle connection holds for reading, in bytes:
// bench/wslib has measured it.
const readBuffer = 1024

// A Hijacker is an http.ResponseWriter whose connection becomes a Transport
// when the WebSocket library hijacks it, with buffers much smaller than
// net/http's.
type Hijacker struct {
	http.ResponseWriter
	timeouts  Timeouts
	transport *Transport
}

// NewHijacker wraps the ResponseWriter of a handshake.
func NewHijacker(w http.ResponseWriter, t Timeouts) *Hijacker {
	return &Hijacker{ResponseWriter: w, timeouts: t}
}

// ErrHijack is wrapped by what Hijack returns where CanHijack has said that it
// can.
var ErrHijack = errors.New("the ResponseWriter's own Hijack failed")

// CanHijack looks where http.ResponseController does, which can't be asked
// without hijacking; coder/websocket has answered the request before it fails.
func CanHijack(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// Hijack is found by coder/websocket, which looks for http.Hijacker first.
func (h *Hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrHijack, err)
	}
	t := newTransport(conn, h.timeouts)
	h.transport = t
	r := rw.Reader
	if r.Buffered() == 0 { // else it holds bytes that the client sent early
		r = bufio.NewReaderSize(t, readBuffer)
	}
	w := bufio.NewWriterSize(&t.writer, headerBuffer)
	return t, bufio.NewReadWriter(r, w), nil
}

// Transport is nil before Hijack.
func (h *Hijacker) Transport() *Transport { return h.transport }
