// Package sockjax is our own server, with a handler that answers the JSON it
// got. The peers "frames" and "batch" talk to it as well.
package sockjax

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/sockjax/sockjax/bench/peers/serve"
	"github.com/sockjax/sockjax/server"
)

// MaxRequests lets the growth rows have 100,000 calls in flight.
const MaxRequests = 200_000

// Start serves at /ws.
func Start() (string, error) {
	echo := server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
		return r.Data, nil
	})
	mux := http.NewServeMux()
	mux.Handle("/ws", server.New(echo, &server.Options{
		Origins:     []string{"*"},
		MaxFrame:    serve.MaxMessage,
		MaxBuffered: serve.MaxBuffered,
		MaxRequests: MaxRequests,
		Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	}))
	return serve.HTTP(mux)
}
