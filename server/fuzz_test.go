package server_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

// FuzzFrame sends any frame, text or binary, in both modes, to a connection on which all
// is well, and then a close; and in sockjax.1 the other frame on a connection
// that resumes the session, before the first one has ended or after. The server
// must answer with frames that are valid, close, and leave nothing behind.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		"ping", "pong", "[]", "[{}]", `[{"key":1,"data":{"a":[1]}},{"cancel":1},{"key":1}]`, `[` + hello + `]`,
		`[{"key":0}]`, `[{"key":1,"error":{}}]`, `{"key":"a","b":{"key":1}}`, `{"key":7,"k\u0065y":"\ud800"}`,
		`{"a":1}`, `{"key":1,"answer":null}`, "\xff", "[{\"key\":1,\"data\":\"\xff\"}]", `{"":"\"}"}`, ` {"key" : -0 } `,
		`[{"key":1},{"ack":1},{"token":"a"},{"key":3}]`, `[{"ack":0}]`, `[{"key":2},{"key":1},{"cancel":2},{"token":{}}]`,
		`[{"key":1,"open":true,"window":10},{"key":1,"from":0,"parts":[1,[2]]},{"key":1,"end":true},{"key":1,"taken":1,"window":3}]`,
		`[{"key":1,"open":true,"data":{"stream":3}},{"key":1,"from":1,"parts":[1]},{"key":1,"end":true},{"cancel":1}]`,
		`[{"key":1,"window":50,"data":{"stream":30}},{"key":1,"taken":2,"window":9},{"key":1,"open":true},{"key":2,"text":5,"open":true}]`,
		"\x00\x00\x00\x5c" + `[{"key":1,"text":2,"open":true,"window":3},{"key":1,"chunk":2},{"key":1,"from":0,"chunk":1}]` + "12a",
		"\x00\x00\x00\x15" + `[{"key":1,"bytes":3}]` + "abc",
		`[{"on":"a"},{"on":"a","since":{}},{"on":"b","since":{"epoch":"x","offset":7}},{"off":"a"},{"on":""}]`,
		`[[1,2,{"answer":[]}],{"cancel":2},[5,"a"],{"key":6}]`, `[[0,1]]`, `[[7]]`, `[[9007199254740991,1,2]]`,
	} {
		for mode := range uint8(8) {
			f.Add([]byte(seed), []byte(`[{"key":1},{"key":2},{"ack":1},{"cancel":3}]`), mode)
		}
	}
	noLeaks(f)
	topics := server.NewTopics(&server.TopicsOptions{MaxSubscriptions: 3})
	publish(f, topics, "a", 1)
	publish(f, topics, "b", "\u2028")
	s := server.New(server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
		var in struct {
			Answer json.RawMessage
			Stream int
		}
		if r.Decode(&in) == nil && in.Answer != nil {
			return in.Answer, nil
		}
		for i := range min(in.Stream, 1000) {
			if err := r.Send(i); err != nil {
				return nil, err
			}
		}
		for {
			part, err := r.NextPart()
			if err == io.EOF {
				break
			}
			if err == nil {
				err = r.Send(part)
			}
			if err != nil {
				return nil, err
			}
		}
		if r.Bytes != nil {
			return server.Bytes(r.Bytes), nil
		}
		return r.Data, nil
	}), &server.Options{
		MaxFrame: protocol.FirstFrame, Logger: slog.New(slog.DiscardHandler), Topics: topics,
		Sessions: server.NewMemoryStore(&server.MemoryStoreOptions{MaxSessions: 10, MaxOutcomes: 3}),
	})
	l := newPipeListener()
	web := newWeb(s)
	go web.Serve(l)
	f.Cleanup(func() { web.Close(); s.Shutdown(context.Background()) })

	open := func(t *testing.T, offer string) net.Conn {
		conn, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(conn, handshake(offer)); err != nil {
			t.Fatal(err)
		}
		readHandshake(t, conn)
		return conn
	}
	end := binary.BigEndian.AppendUint16(nil, 1000)
	f.Fuzz(func(t *testing.T, frame, second []byte, mode uint8) {
		plain, early, op := mode&1 != 0, mode&2 != 0, byte(opText)
		if mode&4 != 0 {
			op = opBinary
		}
		id := uuid.NewString()
		if plain {
			conn := open(t, "")
			go func() {
				conn.Write(rawFrame(op, frame))
				conn.Write(rawFrame(opClose, end))
			}()
			checkFrames(t, conn, plain)
			return
		}
		old := open(t, protocol.Subprotocol)
		heard := make(chan struct{})
		go func() {
			old.Write(rawFrame(opText, []byte("["+strings.Replace(hello, session, id, 1)+"]")))
			old.Write(rawFrame(op, frame))
			close(heard)
			if !early {
				old.Write(rawFrame(opClose, end))
			}
		}()
		conn := open(t, protocol.Subprotocol)
		go func() {
			<-heard
			conn.Write(rawFrame(opText, []byte("["+resume(id, 0)+"]")))
			conn.Write(rawFrame(op, second))
			conn.Write(rawFrame(opClose, end))
		}()
		var both sync.WaitGroup
		both.Go(func() { checkFrames(t, old, plain) })
		both.Go(func() { checkFrames(t, conn, plain) })
		both.Wait()
	})
}

// checkFrames reads to the close, which must come, and checks each frame.
func checkFrames(t *testing.T, conn net.Conn, plain bool) {
	for {
		op, payload, err := readFrame(conn)
		if err != nil {
			t.Errorf("no close came: %v", err)
			return
		}
		switch {
		case op == opClose:
			if len(payload) < 2 || len(payload) > 125 || !utf8.Valid(payload[2:]) {
				t.Errorf("closed with %q", payload)
			}
			return
		case op == opBinary && !plain && protocol.IsBinary(payload):
			r := protocol.NewBinaryReader(payload, true)
			for r.Next() {
			}
			if r.Err() != nil {
				t.Errorf("frame %q: %v", payload, r.Err())
			}
		case op != opText || !utf8.Valid(payload):
			t.Errorf("frame %d %q", op, payload)
		case string(payload) == protocol.Pong, string(payload) == protocol.Ping && !plain:
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
func readFrame(conn net.Conn) (op byte, payload []byte, err error) {
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(conn, head); err != nil {
		return 0, nil, err
	}
	length := uint64(head[1])
	if more := map[uint64]int{126: 2, 127: 8}[length]; more > 0 {
		ext := make([]byte, 8)
		if _, err := io.ReadFull(conn, ext[8-more:]); err != nil {
			return 0, nil, err
		}
		length = binary.BigEndian.Uint64(ext)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(conn, payload)
	return head[0] & 0xf, payload, err
}
