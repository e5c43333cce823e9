//go:build !js

package client_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/protocol"
)

// middlebox lies between the lines and a server: it closes with 1009 what is
// larger than its limit, and cuts the connection at the word "poison".
type middlebox struct {
	server *node
}

const middleboxLimit = 20_000

func (m middlebox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	near, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}})
	if err != nil {
		return
	}
	defer near.CloseNow()
	near.SetReadLimit(middleboxLimit)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	transport := &http.Transport{DialContext: m.dial}
	far, _, err := websocket.Dial(ctx, "ws://server/", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, Subprotocols: []string{protocol.Subprotocol},
	})
	if err != nil {
		return
	}
	defer far.CloseNow()
	far.SetReadLimit(-1)
	go func() {
		defer cancel()
		for {
			kind, frame, err := far.Read(ctx)
			if err != nil {
				// The client should see why, such as 1012 and 4401.
				var end websocket.CloseError
				if errors.As(err, &end) {
					_ = near.Close(end.Code, end.Reason)
				}
				return
			}
			if near.Write(ctx, kind, frame) != nil {
				return
			}
		}
	}()
	for {
		kind, frame, err := near.Read(ctx)
		if errors.Is(err, websocket.ErrMessageTooBig) {
			_ = near.Close(websocket.StatusMessageTooBig, "")
			return
		}
		if err != nil || bytes.Contains(frame, []byte("poison")) || far.Write(ctx, kind, frame) != nil {
			return
		}
	}
}

func (m middlebox) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case m.server.conns <- far:
		return near, nil
	case <-m.server.closed:
		return nil, net.ErrClosed
	}
}
