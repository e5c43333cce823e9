package sockjax

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/sockjax/sockjax/bench/peers/serve"
	"github.com/sockjax/sockjax/server"
)

// StartStreams serves at /ws what page/streams.js asks for: ticks of 100 B,
// downloads and uploads. Everything else is echoed. POST /publish?n=1000
// publishes so many messages of 100 B to the topic "news".
func StartStreams() (string, error) {
	api := server.NewMux()
	api.Handle("ticks", server.StreamFunc(ticks))
	api.Handle("download", server.StreamFunc(download))
	api.HandleFunc("upload", func(_ context.Context, r *server.Request) (any, error) {
		n, err := io.Copy(io.Discard, r.Body)
		return map[string]int64{"bytes": n}, err
	})
	handler := server.HandlerFunc(func(ctx context.Context, r *server.Request) (any, error) {
		var in struct{ API string }
		if err := r.Decode(&in); err != nil || in.API == "" {
			return r.Data, nil
		}
		return api.ServeCall(ctx, r)
	})
	topics := server.NewTopics(nil)
	mux := http.NewServeMux()
	mux.Handle("/ws", server.New(handler, &server.Options{
		Origins: []string{"*"}, Topics: topics,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}))
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		for i := range n {
			if _, err := topics.Publish(r.Context(), "news", json.RawMessage(serve.Tick(i))); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
	})
	return serve.HTTP(mux)
}

func ticks(_ context.Context, in struct{ N int }, send func(json.RawMessage) error) (any, error) {
	for i := range in.N {
		if err := send(serve.Tick(i)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// chunk is a part of a download.
var chunk = make(server.Bytes, 256<<10)

func download(_ context.Context, in struct{ Bytes int }, send func(server.Bytes) error) (any, error) {
	for left := in.Bytes; left > 0; left -= len(chunk) {
		if err := send(chunk[:min(left, len(chunk))]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
