// Package nats is an embedded nats-server with its WebSocket port, and a
// responder beside it in the same process.
package nats

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sockjax/sockjax/bench/peers/serve"
)

// Start serves at every path.
func Start() (string, error) {
	broker, err := server.NewServer(&server.Options{
		DontListen: true, // the responder needs no port
		NoSigs:     true,
		NoLog:      true,
		MaxPayload: serve.MaxMessage,
		MaxPending: serve.MaxBuffered,
		Websocket:  server.WebsocketOpts{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoTLS: true},
	})
	if err != nil {
		return "", fmt.Errorf("failed to make the server: %w", err)
	}
	go broker.Start()
	if !broker.ReadyForConnections(10 * time.Second) {
		return "", errors.New("the server was not ready in 10 s")
	}
	if err := respond(broker); err != nil {
		return "", err
	}
	address, err := url.Parse(broker.WebsocketURL())
	if err != nil {
		return "", fmt.Errorf("failed to parse the server's address: %w", err)
	}
	return address.Host, nil
}

func respond(broker *server.Server) error {
	conn, err := nats.Connect("", nats.InProcessServer(broker))
	if err != nil {
		return fmt.Errorf("failed to connect the responder: %w", err)
	}
	if _, err := conn.Subscribe("echo", func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
		return fmt.Errorf("failed to subscribe the responder: %w", err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("failed to subscribe the responder: %w", err)
	}
	return nil
}
