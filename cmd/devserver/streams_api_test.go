package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// openSocket is a client that has been welcomed.
func openSocket(t *testing.T) *client {
	t.Helper()
	url, _ := startSocket(t)
	c := connect(t, url, false)
	c.conn.SetReadLimit(-1)
	c.send(`[{"hello":{"session":"0c2d4c36-9d56-4a3b-9a43-52b3d2f4c0ff","resume":false}}]`)
	if _, err := c.read(); err != nil {
		t.Fatal(err)
	}
	return c
}

// sendBytes sends a binary frame.
func (c *client) sendBytes(messages string, tail []byte) {
	c.t.Helper()
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(messages))), messages...)
	if err := c.conn.Write(context.Background(), websocket.MessageBinary, append(frame, tail...)); err != nil {
		c.t.Fatal(err)
	}
}

// stream reads a reply to its outcome. It takes all parts, and grants a window.
func (c *client) stream(key, window int) (parts []string, bytes []byte, outcome string) {
	c.t.Helper()
	for {
		_, frame, err := c.conn.Read(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		r := protocol.NewReader(frame)
		if protocol.IsBinary(frame) {
			r = protocol.NewBinaryReader(frame, false)
		}
		for r.Next() {
			switch m := r.Message(); m.Kind {
			case protocol.PartsKind:
				for part := range protocol.Elements(m.Body) {
					parts = append(parts, string(part))
				}
			case protocol.ChunkKind:
				parts = append(parts, "bytes")
				bytes = append(bytes, m.Body...)
			case protocol.DataKind, protocol.ErrorKind:
				if m.Bytes {
					return parts, append(bytes, m.Body...), "bytes"
				}
				return parts, bytes, string(m.Body)
			}
		}
		c.send(fmt.Sprintf(`[{"key":%d,"taken":%d,"window":%d}]`, key, len(parts), window))
	}
}

func TestTicks(t *testing.T) {
	c := openSocket(t)
	c.send(`[{"key":1,"data":{"api":"ticks","n":20000},"window":10000}]`)
	parts, _, outcome := c.stream(1, 10000)
	if len(parts) != 20000 || parts[19999] != `{"i":19999}` || outcome != `{"n":20000}` {
		t.Errorf("%d parts, %s", len(parts), outcome)
	}
	for _, in := range []string{`"n":-1`, `"n":1000001`, `"n":1,"ms":-1`, `"n":"a"`} {
		c.send(`[{"key":2,"data":{"api":"ticks",` + in + `},"window":10000}]`)
		if _, _, outcome := c.stream(2, 10000); !strings.Contains(outcome, "bad_request") {
			t.Errorf("%s: %s", in, outcome)
		}
		c.send(`[{"cancel":2}]`)
		c = openSocket(t)
	}
}

func TestChat(t *testing.T) {
	c := openSocket(t)
	c.send(`[{"key":1,"data":{"api":"chat","prompt":"how are you"},"window":1000}]`)
	c.read() // only the first words: the rest takes seconds
	c.send(`[{"cancel":1}]`)
	words := answer("how  are\nyou")
	if text := strings.Join(words, " "); !strings.HasPrefix(text, "You said: how are you — which is 3 words.") {
		t.Error(text)
	}
}

func TestDownloadAndUpload(t *testing.T) {
	c := openSocket(t)
	const size = 3<<20 + 5
	want := make([]byte, size)
	for i := range want {
		want[i] = byte((i*31 + 7) & 255)
	}
	hash := sha256.Sum256(want)
	sums := fmt.Sprintf(`{"bytes":%d,"sha256":"%s"}`, size, hex.EncodeToString(hash[:]))
	c.send(fmt.Sprintf(`[{"key":1,"data":{"api":"download","bytes":%d},"window":300000}]`, size))
	_, bytes, outcome := c.stream(1, 300000)
	if !reflect.DeepEqual(bytes, want) || outcome != sums {
		t.Errorf("%d bytes, %s, want %s", len(bytes), outcome, sums)
	}

	c.send(`[{"key":2,"data":{"api":"upload"},"open":true}]`)
	const part = 60_000
	taken, window := 0, 65536
	for from := 0; from*part < size; from++ {
		for (from+1-taken)*part > window {
			message, err := c.read()
			if err != nil {
				t.Fatal(err)
			}
			m := message.(map[string]any)
			if n, ok := m["taken"].(float64); ok {
				taken, window = int(n), int(m["window"].(float64))
			}
		}
		data := want[from*part : min((from+1)*part, size)]
		c.sendBytes(fmt.Sprintf(`[{"key":2,"from":%d,"chunk":%d}]`, from, len(data)), data)
	}
	c.send(`[{"key":2,"end":true}]`)
	for {
		message, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := message.(map[string]any)["data"]; ok {
			text, _ := json.Marshal(data)
			if string(text) != sums {
				t.Errorf("got %s, want %s", text, sums)
			}
			return
		}
	}
}

func TestPipeAndEcho(t *testing.T) {
	c := openSocket(t)
	c.send(`[{"key":1,"data":{"api":"pipe"},"open":true,"window":1000},{"key":1,"from":0,"parts":[1,{"a":[]}]}]`)
	c.sendBytes(`[{"key":1,"from":2,"chunk":3},{"key":1,"from":3,"parts":[null]},{"key":1,"end":true}]`, []byte{0, 255, '['})
	parts, bytes, outcome := c.stream(1, 1000)
	if strings.Join(parts, " ") != `1 {"a":[]} bytes null` || string(bytes) != "\x00\xff[" || outcome != `{"parts":4}` {
		t.Errorf("%s, %q, %s", parts, bytes, outcome)
	}
	c.sendBytes(`[{"key":2,"bytes":3}]`, []byte{1, 2, 3})
	if _, bytes, outcome := c.stream(2, 0); string(bytes) != "\x01\x02\x03" || outcome != "bytes" {
		t.Errorf("%q, %s", bytes, outcome)
	}
}
