package main

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// payloads lends a buffer for the time of one message, so that an idle
// connection holds none. Conn.Read would allocate and grow one per message.
var payloads = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// coderHandler leaves coder/websocket the two 4 KB buffers of net/http.
func coderHandler(deadline bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // Accept has answered
		}
		conn.SetReadLimit(maxMessage)
		// The handler returns, so that net/http can free its own state.
		go coderEcho(conn, deadline)
	})
}

func coderEcho(conn *websocket.Conn, deadline bool) {
	defer conn.CloseNow()
	for {
		kind, r, err := conn.Reader(context.Background())
		if err != nil {
			return
		}
		if err := coderReply(conn, kind, r, deadline); err != nil {
			return
		}
	}
}

func coderReply(conn *websocket.Conn, kind websocket.MessageType, r io.Reader, deadline bool) error {
	buf := payloads.Get().(*[]byte)
	defer payloads.Put(buf)
	var err error
	if *buf, err = appendAll((*buf)[:0], r); err != nil {
		return err
	}
	ctx := context.Background()
	if deadline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, writeTimeout)
		defer cancel()
	}
	return conn.Write(ctx, kind, *buf)
}

// appendAll is io.ReadAll into a buffer that is already there.
func appendAll(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}
