// Package sockjax is our own server, with a handler that answers the JSON it
// got. The peers "frames" and "batch" talk to it as well.
package sockjax

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"

	"github.com/sockjax/sockjax/bench/peers/serve"
	"github.com/sockjax/sockjax/server"
)

// MaxRequests lets the growth rows have 100,000 calls in flight.
const MaxRequests = 200_000

// Stats are what the server has at the moment.
type Stats struct {
	Connections int `json:"connections"`
	Sessions    int `json:"sessions"`
}

// Start serves at /ws, and at /stats what is connected: Stats as JSON.
func Start() (string, error) {
	echo := server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
		return r.Data, nil
	})
	sessions := server.NewMemoryStore(nil)
	ws := server.New(echo, &server.Options{
		Sessions:    sessions,
		Origins:     []string{"*"},
		MaxFrame:    serve.MaxMessage,
		MaxBuffered: serve.MaxBuffered,
		MaxRequests: MaxRequests,
		Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	mux := http.NewServeMux()
	mux.Handle("/ws", ws)
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) {
		now := Stats{Connections: ws.Stats().Connections, Sessions: sessions.Stats().Sessions}
		_ = json.NewEncoder(w).Encode(now) // to a benchmark that may have gone
	})
	return serve.HTTP(mux)
}
