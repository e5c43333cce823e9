package sendq

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"time"
)

const (
	// headerBuffer holds the longest frame header of a server, 10 bytes, and
	// the start of the payload.
	headerBuffer = 16

	// pieceSize is how much the kernel is given under one deadline, in bytes:
	// a slow client has the timeout for each piece, not for a whole reply.
	pieceSize = softFrame + headerBuffer
)

// HurryTime is how long a write may take once nobody waits for it.
const HurryTime = time.Second

// frameWriter puts each frame together again, which arrives as its first
// headerBuffer bytes and the rest. It serves websocket.Conn.Write, which ends
// each frame in a flush, and not Conn.Writer, where a piece may span two
// frames.
type frameWriter struct {
	conn    net.Conn
	timeout time.Duration
	hurried *atomic.Bool // see Transport.Hurry
	missing int          // bytes of the current frame that have not come yet
	buf     *[]byte      // what has come and was not sent; nil if nothing
}

func (w *frameWriter) Write(p []byte) (int, error) {
	if w.missing == 0 {
		w.missing = frameLength(p)
	}
	w.missing -= len(p)
	rest := p
	if w.missing > 0 || w.buf != nil {
		if w.buf == nil {
			w.buf = newBuffer()
		}
		n := min(len(rest), max(0, pieceSize-len(*w.buf)))
		*w.buf = append(*w.buf, rest[:n]...)
		rest = rest[n:]
		if w.missing > 0 && len(rest) == 0 {
			return len(p), nil
		}
		err := w.send(*w.buf)
		freeBuffer(w.buf)
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
	if err := w.conn.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
		return err
	}
	if w.hurried.Load() { // it may have been set meanwhile
		w.conn.SetWriteDeadline(time.Now().Add(HurryTime))
	}
	_, err := w.conn.Write(p)
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
