// Package centrifuge is centrifugal's Go server with an RPC handler.
package centrifuge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
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
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
			reply(centrifuge.SubscribeReply{}, nil)
		})
		client.OnRPC(func(e centrifuge.RPCEvent, reply centrifuge.RPCCallback) {
			if e.Method == "ticks" {
				go publish(node, e.Data)
			}
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
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		if err := ticks(node, "news", n); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return serve.HTTP(mux)
}

// publish sends a stream of ticks to the channel that the request names.
func publish(node *centrifuge.Node, request []byte) {
	var in struct {
		Channel string
		N       int
	}
	if json.Unmarshal(request, &in) == nil { // it is the benchmark's own
		_ = ticks(node, in.Channel, in.N)
	}
}

// ticks publishes n messages of 100 B.
func ticks(node *centrifuge.Node, channel string, n int) error {
	for i := range n {
		if _, err := node.Publish(channel, serve.Tick(i)); err != nil {
			return err
		}
	}
	return nil
}
