// Package bare echoes each frame, unread, with the library that our server
// stands on.
package bare

import (
	"bytes"
	"context"
	"net/http"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/bench/peers/serve"
)

// Start serves at every path.
func Start() (string, error) {
	return serve.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return // Accept has answered
		}
		defer ws.CloseNow()
		ws.SetReadLimit(serve.MaxMessage)
		echo(r.Context(), ws)
	}))
}

func echo(ctx context.Context, ws *websocket.Conn) {
	var frame bytes.Buffer
	for {
		kind, reader, err := ws.Reader(ctx)
		if err != nil {
			return
		}
		frame.Reset()
		if _, err := frame.ReadFrom(reader); err != nil {
			return
		}
		if err := ws.Write(ctx, kind, frame.Bytes()); err != nil {
			return
		}
	}
}
