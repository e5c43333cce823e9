package server_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

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
	// [{"welcome":{"session":"1f0c6a52-9c2f-4f0e-8f0e-3d1a4d1f6b7a","resumed":false,"heartbeat":25000,"limits":{"frame":1048576,"requests":1024,"message":16777216,"window":65536}}}]
	// [{"key":1,"data":"hello, world"}]
	// [{"key":2,"error":{"code":"no_name","message":"who are you?"}}]
}

// For a monitor that reads the package expvar's page.
func ExampleServer_Stats() {
	store := server.NewMemoryStore(nil)
	calls := server.New(server.NewMux(), &server.Options{Sessions: store})
	expvar.Publish("sockjax", expvar.Func(func() any { return calls.Stats() }))
	expvar.Publish("sockjax sessions", expvar.Func(func() any { return store.Stats() }))
	fmt.Println(expvar.Get("sockjax"), expvar.Get("sockjax sessions"))
	// Output: {"Connections":0,"Requests":0,"Buffered":0} {"Sessions":0,"Waiting":0,"Bytes":0}
}

// A server that knows its clients by a token, and one that takes over when it
// is shut down: clients go on there, and each call runs once.
func ExampleOptions() {
	api := server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
		return "hello, " + r.Principal, nil
	})
	options := &server.Options{
		Authenticate: func(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
			name, ok := strings.CutPrefix(token, "token of ") // or ask whoever issues tokens
			if !ok {
				return server.Identity{}, errors.New("log in first")
			}
			return server.Identity{Principal: name, Expires: time.Now().Add(time.Hour)}, nil
		},
		Sessions: server.NewMemoryStore(&server.MemoryStoreOptions{Keep: 5 * time.Minute}),
		Rate:     100,
		Jitter:   5 * time.Second,
	}
	first, second := server.New(api, options), server.New(api, options)
	defer second.Shutdown(context.Background())
	var current atomic.Pointer[server.Server]
	current.Store(first)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current.Load().ServeHTTP(w, r)
	}))
	defer web.Close()

	ctx := context.Background()
	const session = `"session":"1f0c6a52-9c2f-4f0e-8f0e-3d1a4d1f6b7a"`
	for _, hello := range []string{
		`{"hello":{` + session + `,"resume":false,"token":"token of Ann"}}`,
		`{"hello":{` + session + `,"resume":true,"token":"token of Ann"}}`,
	} {
		conn, _, err := websocket.Dial(ctx, web.URL, &websocket.DialOptions{Subprotocols: []string{"sockjax.1"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		conn.Write(ctx, websocket.MessageText, []byte("["+hello+`,{"key":1,"data":"hi"}]`))
		conn.Read(ctx) // the welcome
		_, reply, err := conn.Read(ctx)
		fmt.Println(string(reply), err)
		conn.CloseNow()
		current.Store(second)
		first.Shutdown(ctx)
	}
	// Output:
	// [{"key":1,"data":"hello, Ann"}] <nil>
	// [{"key":1,"data":"hello, Ann"}] <nil>
}
