package server_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"
)

// handshake is a client's, in bytes.
func handshake(offer string) string {
	text := "GET / HTTP/1.1\r\nHost: pipe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	if offer != "" {
		text += "Sec-WebSocket-Protocol: " + offer + "\r\n"
	}
	return text + "\r\n"
}

// readHandshake reads the server's, byte by byte so as not to read on.
func readHandshake(t testing.TB, conn net.Conn) {
	t.Helper()
	var head []byte
	for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); {
		n, err := conn.Read(one)
		if err != nil {
			t.Fatalf("the handshake was %q: %v", head, err)
		}
		head = append(head, one[:n]...)
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		t.Fatalf("the handshake was %q", head)
	}
}

// opcodes of RFC 6455, 5.2.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
)

// rawFrame is one masked frame; the mask is 0, which changes nothing.
func rawFrame(op byte, payload []byte) []byte {
	frame := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, 0x80|byte(n))
	case n <= 0xffff:
		frame = append(frame, 0x80|126)
		frame = binary.BigEndian.AppendUint16(frame, uint16(n))
	default:
		frame = append(frame, 0x80|127)
		frame = binary.BigEndian.AppendUint64(frame, uint64(n))
	}
	frame = append(frame, 0, 0, 0, 0)
	return append(frame, payload...)
}
