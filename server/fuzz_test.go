package server_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// FuzzFrame sends any text frame, in both modes, to a connection on which all
// is well, and then a close. The server must answer with frames that are valid,
// close, and leave nothing behind.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		"ping", "pong", "[]", "[{}]", `[{"key":1,"data":{"a":[1]}},{"cancel":1},{"key":1}]`, `[` + hello + `]`,
		`[{"key":0}]`, `[{"key":1,"error":{}}]`, `{"key":"a","b":{"key":1}}`, `{"key":7,"k\u0065y":"\ud800"}`,
		`{"a":1}`, `{"key":1,"answer":null}`, "\xff", "[{\"key\":1,\"data\":\"\xff\"}]", `{"":"\"}"}`, ` {"key" : -0 } `,
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	noLeaks(f)
	s := server.New(server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
		var in struct{ Answer json.RawMessage }
		if r.Decode(&in) == nil && in.Answer != nil {
			return in.Answer, nil
		}
		return r.Data, nil
	}), &server.Options{MaxFrame: protocol.FirstFrame, Logger: slog.New(slog.DiscardHandler)})
	l := newPipeListener()
	web := newWeb(s)
	go web.Serve(l)
	f.Cleanup(func() { web.Close(); s.Shutdown(context.Background()) })

	f.Fuzz(func(t *testing.T, frame []byte, plain bool) {
		conn, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		offer := protocol.Subprotocol
		if plain {
			offer = ""
		}
		if _, err := io.WriteString(conn, handshake(offer)); err != nil {
			t.Fatal(err)
		}
		readHandshake(t, conn)
		go func() {
			if !plain {
				conn.Write(rawFrame(opText, []byte("["+hello+"]")))
			}
			conn.Write(rawFrame(opText, frame))
			conn.Write(rawFrame(opClose, binary.BigEndian.AppendUint16(nil, 1000)))
		}()
		checkFrames(t, conn, plain)
	})
}

// checkFrames reads to the close, which must come, and checks each frame.
func checkFrames(t *testing.T, conn net.Conn, plain bool) {
	for {
		op, payload := readFrame(t, conn)
		switch {
		case op == opClose:
			if len(payload) < 2 || len(payload) > 125 || !utf8.Valid(payload[2:]) {
				t.Errorf("closed with %q", payload)
			}
			return
		case op != opText || !utf8.Valid(payload):
			t.Errorf("frame %d %q", op, payload)
		case string(payload) == protocol.Pong:
		case plain:
			if !json.Valid(payload) || payload[0] != '{' {
				t.Errorf("frame %q", payload)
			}
		default:
			r := protocol.NewReader(payload)
			for r.Next() {
			}
			if r.Err() != nil {
				t.Errorf("frame %q: %v", payload, r.Err())
			}
		}
	}
}

// readFrame reads one unmasked frame.
func readFrame(t *testing.T, conn net.Conn) (op byte, payload []byte) {
	t.Helper()
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatalf("no close came: %v", err)
	}
	length := uint64(head[1])
	if more := map[uint64]int{126: 2, 127: 8}[length]; more > 0 {
		ext := make([]byte, 8)
		if _, err := io.ReadFull(conn, ext[8-more:]); err != nil {
			t.Fatal(err)
		}
		length = binary.BigEndian.Uint64(ext)
	}
	payload = make([]byte, length)
	if _, err := io.ReadFull(conn, payload); err != nil {
		t.Fatal(err)
	}
	return head[0] & 0xf, payload
}
