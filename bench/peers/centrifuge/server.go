// Package centrifuge is centrifugal's Go server with an RPC handler.
package centrifuge

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/sockjax/sockjax/bench/peers/serve"
)

// Start serves at /connection/websocket.
func Start() (string, error) {
	node, err := centrifuge.New(centrifuge.Config{ClientQueueMaxSize: serve.MaxBuffered})
	if err != nil {
		return "", fmt.Errorf("failed to make a node: %w", err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials: &centrifuge.Credentials{UserID: "bench"},
			// Not 16 replies a frame, but as many as wait.
			MaxMessagesInFrame: -1,
		}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnRPC(func(e centrifuge.RPCEvent, reply centrifuge.RPCCallback) {
			reply(centrifuge.RPCReply{Data: e.Data}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return "", fmt.Errorf("failed to run the node: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin:      func(*http.Request) bool { return true },
		MessageSizeLimit: serve.MaxBuffered, // its batches have no limit of their own
		WriteTimeout:     10 * time.Second,  // as our server's; a second is short for 64 MB
	}))
	return serve.HTTP(mux)
}
