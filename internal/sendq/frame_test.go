package sendq

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A recorder is a net.Conn that records what is written, call by call. The test
// writes what is read to peer.
type recorder struct {
	net.Conn
	in   *io.PipeReader
	peer *io.PipeWriter

	mutex  sync.Mutex // protects following
	writes [][]byte
	more   chan bool // has one where there are writes that nobody waited for
}

func newRecorder() *recorder {
	r := &recorder{more: make(chan bool, 1)}
	r.in, r.peer = io.Pipe()
	return r
}

func (r *recorder) Read(p []byte) (int, error)       { return r.in.Read(p) }
func (r *recorder) Close() error                     { return r.in.Close() }
func (r *recorder) SetDeadline(time.Time) error      { return nil }
func (r *recorder) SetReadDeadline(time.Time) error  { return nil }
func (r *recorder) SetWriteDeadline(time.Time) error { return nil }

func (r *recorder) Write(p []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.writes = append(r.writes, bytes.Clone(p))
	select {
	case r.more <- true:
	default:
	}
	return len(p), nil
}

// take returns what has been written.
func (r *recorder) take() [][]byte {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	writes := r.writes
	r.writes = nil
	select {
	case <-r.more:
	default:
	}
	return writes
}

// A handshake is an http.ResponseWriter that is hijacked as a recorder.
type handshake struct {
	http.ResponseWriter
	conn *recorder
}

func (h *handshake) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// accept has coder/websocket make a connection of a recorder, as a Server does.
func accept(t *testing.T) (*websocket.Conn, *Transport, *recorder) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
		r.Header.Set(name, value)
	}
	conn := newRecorder()
	h := NewHijacker(&handshake{httptest.NewRecorder(), conn}, Timeouts{Hello: time.Hour, Idle: time.Hour, Write: time.Hour})
	ws, err := websocket.Accept(h, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	if n := len(conn.take()); n != 0 {
		t.Fatalf("the handshake has come through the Transport, in %d writes", n)
	}
	return ws, h.Transport(), conn
}

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// unmasked is a frame of a server, and maskedFrame one of a client, whose mask
// is 0.
func unmasked(op byte, payload []byte) []byte    { return rawFrame(op, 0, payload, nil) }
func maskedFrame(op byte, payload []byte) []byte { return rawFrame(op, 0x80, payload, make([]byte, 4)) }

func rawFrame(op, mask byte, payload, maskKey []byte) []byte {
	f := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		f = append(f, mask|byte(n))
	case n <= 0xffff:
		f = binary.BigEndian.AppendUint16(append(f, mask|126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, mask|127), uint64(n))
	}
	return append(append(f, maskKey...), payload...)
}

func payload(size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	return p
}

// wantPieces wants frame to have been written in as few pieces as may be.
func wantPieces(t *testing.T, writes [][]byte, frame []byte) {
	t.Helper()
	want := slices.Collect(slices.Chunk(frame, pieceSize))
	if !slices.EqualFunc(writes, want, bytes.Equal) {
		var sizes []int
		for _, w := range writes {
			sizes = append(sizes, len(w))
		}
		t.Errorf("a frame of %d bytes was written in pieces of %v, same content: %t",
			len(frame), sizes, bytes.Equal(slices.Concat(writes...), frame))
	}
}

// frameWriter trusts in how coder/websocket writes. If this test fails after an
// upgrade of the library, nothing is broken, but frames may leave in more
// pieces than they should, each with a system call of its own.
func TestLibraryWritesAsFrameWriterTrusts(t *testing.T) {
	ws, tr, conn := accept(t)
	trusted := func(what string, size int) {
		t.Helper()
		if tr.writer.passing || tr.writer.missing != 0 || tr.writer.buf != nil {
			t.Fatalf("%s of %d bytes: the library writes in another way: %+v", what, size, tr.writer)
		}
	}
	sizes := []int{1 << 20, 1<<20 + 1, 3*pieceSize - 10, 3*pieceSize - 9}
	for _, edge := range []int{0, 125, headerBuffer, 1<<16 - 1, softFrame, pieceSize} {
		for size := edge - 12; size <= edge+2; size++ { // with a header of 2, 4 or 10 bytes
			if size >= 0 {
				sizes = append(sizes, size)
			}
		}
	}
	for _, size := range sizes {
		for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
			if err := ws.Write(context.Background(), kind, payload(size)); err != nil {
				t.Fatal(err)
			}
			wantPieces(t, conn.take(), unmasked(byte(kind), payload(size)))
			trusted("a message", size)
		}
	}
	// Control frames: a pong for each ping, and then the close.
	read := make(chan error)
	go func() {
		_, _, err := ws.Reader(context.Background())
		read <- err
	}()
	for _, size := range []int{0, 1, headerBuffer - 2, headerBuffer - 1, 125} {
		conn.peer.Write(maskedFrame(opPing, payload(size)))
		<-conn.more
		wantPieces(t, conn.take(), unmasked(opPong, payload(size)))
	}
	conn.peer.Write(maskedFrame(opText, []byte("x")))
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	trusted("a pong", 125)
	reason := strings.Repeat("r", 123)
	go func() {
		<-conn.more
		conn.peer.Write(maskedFrame(opClose, []byte{3, 232}))
	}()
	ws.Close(websocket.StatusNormalClosure, reason)
	wantPieces(t, conn.take(), unmasked(opClose, append([]byte{3, 232}, reason...)))
	trusted("a close", 125)
}

// Whatever the library writes arrives: in order, without a panic, and not later
// than the end of its frame.
func TestBytesPassWhereTrustIsBroken(t *testing.T) {
	frame := func(size int) string { return string(unmasked(opText, payload(size))) }
	for name, writes := range map[string][]string{
		"a header byte by byte": {"\x81", "\x03", "abc", frame(3)},
		"half a long header":    {frame(200)[:3], frame(200)[3:], frame(1)},
		"half a longer header":  {frame(1 << 17)[:9], frame(1 << 17)[9:], frame(1)},
		"two frames in a piece": {frame(3) + frame(300), frame(70_000)},
		"the start of the next": {frame(300)[:16], frame(300)[16:] + frame(5)[:3], frame(5)[3:]},
		"more than a piece":     {frame(1 << 20)[:100], frame(1 << 20)[100:] + frame(1<<18), frame(1)},
		"nothing":               {"", frame(3), "", frame(0)},
		"a masked frame":        {string(maskedFrame(opText, payload(3))), frame(3)},
		"a compressed frame":    {"\xc1\x03abc", frame(3)},
		"a handshake":           {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", frame(3)},
		"an endless frame":      {"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xffabc", frame(3)},
	} {
		t.Run(name, func(t *testing.T) {
			conn := newRecorder()
			w := newTransport(conn, Timeouts{Write: time.Hour}).writer
			want := ""
			for _, text := range writes {
				if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
				}
				want += text
			}
			if got := string(slices.Concat(conn.take()...)); got != want {
				t.Errorf("of %d bytes %d have arrived, or others", len(want), len(got))
			}
		})
	}
}

// Frames that are cut anywhere arrive whole.
func TestAnyCutArrives(t *testing.T) {
	for range 500 {
		conn := newRecorder()
		w := newTransport(conn, Timeouts{Write: time.Hour}).writer
		var all []byte
		for range 1 + rand.IntN(4) {
			all = append(all, unmasked(opText, payload(rand.IntN(1<<rand.IntN(18))))...)
		}
		for rest := all; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(1<<rand.IntN(18)))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if got := slices.Concat(conn.take()...); !bytes.Equal(got, all) {
			t.Fatalf("of %d bytes %d have arrived, or others", len(all), len(got))
		}
	}
}
