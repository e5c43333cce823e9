package main

import (
	"net/http"
	"time"

	"github.com/lxzan/gws"
)

// gwsHandler sets what gws offers against memory: a small read buffer, no
// session map and one goroutine per connection. UTF-8 is left unchecked, as in
// coder/websocket.
func gwsHandler(deadline bool) http.Handler {
	upgrader := gws.NewUpgrader(gwsEcho{deadline: deadline}, &gws.ServerOption{
		ReadBufferSize:     readBuffer,
		ReadMaxPayloadSize: maxMessage,
		NewSession:         func() gws.SessionStorage { return nil },
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // Upgrade has answered, unless w could not be hijacked
		}
		go conn.ReadLoop()
	})
}

type gwsEcho struct {
	gws.BuiltinEventHandler
	deadline bool
}

func (e gwsEcho) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	if e.deadline {
		if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return // gws has closed the connection, and so below
		}
	}
	_ = conn.WriteMessage(message.Opcode, message.Bytes())
}
