package main

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// tunedHandler is coderHandler with buffers of our own. coder/websocket reads
// and writes through whatever bufio.ReadWriter Hijack returns, so a wrapped
// ResponseWriter decides what a connection holds.
func tunedHandler(deadline bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(smallBuffers{w, deadline}, r, nil)
		if err != nil {
			return // Accept has answered
		}
		conn.SetReadLimit(maxMessage)
		go coderEcho(conn, false) // wholeFrames has the deadline
	})
}

type smallBuffers struct {
	http.ResponseWriter
	deadline bool
}

// headerBuffer holds the longest frame header of a server, 10 bytes, and the
// start of the payload.
const headerBuffer = 16

// Hijack is found by coder/websocket, which looks for http.Hijacker first.
func (s smallBuffers) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	r := rw.Reader
	if r.Buffered() == 0 { // else it holds bytes that the client sent early
		r = bufio.NewReaderSize(conn, readBuffer)
	}
	w := bufio.NewWriterSize(&wholeFrames{conn: conn, deadline: s.deadline}, headerBuffer)
	return conn, bufio.NewReadWriter(r, w), nil
}

// frames lends the memory in which a frame is put together.
var frames = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// wholeFrames gives the kernel each frame in one call. bufio hands on a frame
// as its first 16 bytes and the rest; net/http's 4 KB buffer as 4 KB and the
// rest. It serves Conn.Write, where each frame ends in a flush, and not
// Conn.Writer, where a piece may span two frames.
type wholeFrames struct {
	conn     net.Conn
	deadline bool
	missing  int     // bytes of the current frame that have not come yet
	buf      *[]byte // what has come; nil between frames
}

func (w *wholeFrames) Write(p []byte) (int, error) {
	if w.buf == nil {
		if w.missing = frameLength(p); w.missing == len(p) {
			return w.flush(p)
		}
		w.buf = frames.Get().(*[]byte)
	}
	*w.buf = append(*w.buf, p...)
	if w.missing -= len(p); w.missing > 0 {
		return len(p), nil
	}
	_, err := w.flush(*w.buf)
	*w.buf = (*w.buf)[:0]
	frames.Put(w.buf)
	w.buf = nil
	return len(p), err
}

func (w *wholeFrames) flush(p []byte) (int, error) {
	if w.deadline {
		if err := w.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return 0, err
		}
	}
	return w.conn.Write(p)
}

// frameLength is the length, header included, of the unmasked frame that
// begins with p. p has the whole header: bufio sends no less than its 16 bytes
// unless the frame is shorter.
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
