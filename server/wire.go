package server

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// coder/websocket reads and writes through what Hijack returns. This file
// returns buffers much smaller than net/http's, gives the kernel each frame in
// one call, and sets deadlines, all of which bench/wslib has measured.

// readBuffer is what an idle connection holds for reading, in bytes.
const readBuffer = 1024

// hijacker is an http.ResponseWriter whose connection becomes a wire.
type hijacker struct {
	http.ResponseWriter
	options *Options
	wire    *wire // set by Hijack
}

// canHijack looks where http.ResponseController does, which can't be asked
// without hijacking; coder/websocket has answered by the time that it fails.
func canHijack(w http.ResponseWriter) bool {
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
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire = &wire{Conn: conn, idle: h.options.IdleTimeout, helloBy: time.Now().Add(protocol.Handshake)}
	h.wire.writer.wire, h.wire.writer.timeout = h.wire, h.options.WriteTimeout
	r := rw.Reader
	if r.Buffered() == 0 { // else it holds bytes that the client sent early
		r = bufio.NewReaderSize(h.wire, readBuffer)
	}
	w := bufio.NewWriterSize(&h.wire.writer, headerBuffer)
	return h.wire, bufio.NewReadWriter(r, w), nil
}

// wire is a connection that fails to read after too long a silence.
type wire struct {
	net.Conn
	idle    time.Duration
	helloBy time.Time
	greeted atomic.Bool // the hello has come, and helloBy counts no more
	hurried atomic.Bool // what is written has little time
	writer  frameWriter
}

// hurryTime is how long a client may take once nobody is interested any more.
const hurryTime = time.Second

// hurry ends a write soon that the client does not take.
func (w *wire) hurry() {
	w.hurried.Store(true)
	w.Conn.SetWriteDeadline(time.Now().Add(hurryTime))
}

func (w *wire) Read(p []byte) (int, error) {
	deadline := w.helloBy
	if w.greeted.Load() {
		deadline = time.Now().Add(w.idle)
	}
	if err := w.Conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return w.Conn.Read(p)
}

const (
	// headerBuffer holds the longest frame header of a server, 10 bytes, and
	// the start of the payload.
	headerBuffer = 16

	// pieceSize is how much the kernel is given under one deadline, in bytes:
	// a slow client has the timeout for each piece, not for a whole reply.
	pieceSize = softFrame + headerBuffer
)

// frameWriter puts each frame together again, which arrives as its first
// headerBuffer bytes and the rest. It serves websocket.Conn.Write, which ends
// each frame in a flush, and not Conn.Writer, where a piece may span two
// frames.
type frameWriter struct {
	wire    *wire
	timeout time.Duration
	missing int     // bytes of the current frame that have not come yet
	buf     *[]byte // what has come and was not sent; nil if nothing
}

func (w *frameWriter) Write(p []byte) (int, error) {
	if w.missing == 0 {
		w.missing = frameLength(p)
	}
	w.missing -= len(p)
	rest := p
	if w.missing > 0 || w.buf != nil {
		if w.buf == nil {
			w.buf = frames.Get().(*[]byte)
		}
		n := min(len(rest), max(0, pieceSize-len(*w.buf)))
		*w.buf = append(*w.buf, rest[:n]...)
		rest = rest[n:]
		if w.missing > 0 && len(rest) == 0 {
			return len(p), nil
		}
		err := w.send(*w.buf)
		freeFrame(w.buf)
		w.buf = nil
		if err != nil {
			return 0, err
		}
	}
	for len(rest) > 0 {
		n := min(len(rest), pieceSize)
		if err := w.send(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func (w *frameWriter) send(p []byte) error {
	if err := w.wire.Conn.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
		return err
	}
	if w.wire.hurried.Load() {
		w.wire.hurry()
	}
	_, err := w.wire.Conn.Write(p)
	return err
}

// frameLength is the length, header included, of the unmasked frame that
// begins with p. p has the whole header: bufio sends no less than headerBuffer
// bytes unless the frame is shorter.
func frameLength(p []byte) int {
	switch n := int(p[1]); n {
	case 126:
		return 4 + int(binary.BigEndian.Uint16(p[2:]))
	case 127:
		return 10 + int(binary.BigEndian.Uint64(p[2:]))
	default:
		return 2 + n
	}
}
