package server_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/server"
)

// A back end, and what goes over the wire when a client calls it. Clients
// usually leave the frames to sockjax; see PROTOCOL.md.
func ExampleServer() {
	type greeting struct {
		Name string `json:"name"`
	}
	api := server.NewMux()
	api.Handle("greet", server.Func(func(_ context.Context, in greeting) (string, error) {
		if in.Name == "" {
			return "", &server.Error{Code: "no_name", Message: "who are you?"}
		}
		return "hello, " + in.Name, nil
	}))
	calls := server.New(api, nil)
	web := httptest.NewServer(calls) // or http.Handle("/ws", calls)
	defer web.Close()
	defer calls.Shutdown(context.Background())

	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, web.URL, &websocket.DialOptions{Subprotocols: []string{"sockjax.1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.CloseNow()
	for _, frame := range []string{
		`[{"hello":{"session":"1f0c6a52-9c2f-4f0e-8f0e-3d1a4d1f6b7a","resume":false}}]`,
		`[{"key":1,"data":{"api":"greet","name":"world"}}]`,
		`[{"key":2,"data":{"api":"greet"}}]`,
	} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
			fmt.Println(err)
			return
		}
		_, reply, err := conn.Read(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(reply))
	}
	// Output:
	// [{"welcome":{"session":"1f0c6a52-9c2f-4f0e-8f0e-3d1a4d1f6b7a","resumed":false,"heartbeat":25000,"limits":{"frame":1048576,"requests":1024}}}]
	// [{"key":1,"data":"hello, world"}]
	// [{"key":2,"error":{"code":"no_name","message":"who are you?"}}]
}
