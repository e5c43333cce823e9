package sendq

import (
	"encoding/binary"
	"math"
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
// headerBuffer bytes and the rest.
//
// It trusts in how websocket.Conn.Write writes: each frame begins with a Write
// that holds the whole header, and ends with one that holds nothing of the
// next. TestLibraryWritesAsFrameWriterTrusts fails where another version of the
// library does otherwise. At run time the bytes then just pass, in order and at
// once, as they would without a frameWriter.
type frameWriter struct {
	conn    net.Conn
	timeout time.Duration
	hurried *atomic.Bool // see Transport.Hurry
	missing int          // bytes of the current frame that have not come yet
	passing bool         // the trust was broken
	buf     *[]byte      // what has come and was not sent; nil if nothing
}

func (w *frameWriter) Write(p []byte) (int, error) {
	if w.missing == 0 && !w.passing {
		w.missing = frameLength(p)
	}
	if w.missing < len(p) {
		w.passing, w.missing = true, 0
	} else {
		w.missing -= len(p)
	}
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

// The bits of a frame's first two bytes that a server never sets while it
// compresses nothing: RFC 6455, 5.2.
const (
	reserved = 0x70
	masked   = 0x80
)

// frameLength is the length, header included, of the frame that begins with p.
// It is 0 if p does not begin with the whole header of an unmasked frame.
func frameLength(p []byte) int {
	if len(p) < 2 || p[0]&reserved != 0 || p[1]&masked != 0 {
		return 0
	}
	switch n := int(p[1]); {
	case n < 126:
		return 2 + n
	case n == 126 && len(p) >= 4:
		return 4 + int(binary.BigEndian.Uint16(p[2:]))
	case n == 127 && len(p) >= 10:
		if size := binary.BigEndian.Uint64(p[2:]); size <= math.MaxInt-10 {
			return 10 + int(size)
		}
	}
	return 0
}
