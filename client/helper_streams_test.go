//go:build !js

package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
)

// streams is a client and a server, over lines that can be cut.
type streams struct {
	*nodes
	*client.Client
	ended atomic.Int32 // contexts of handlers that have ended early
}

// inStreams runs f in virtual time.
func inStreams(t *testing.T, opts server.Options, f func(s *streams)) {
	synctest.Test(t, func(t *testing.T) {
		s := &streams{nodes: &nodes{}}
		opts.Logger = slog.New(slog.DiscardHandler)
		srv := server.New(s.mux(), &opts)
		stop := s.listen(srv)
		c, err := client.Dial(context.Background(), "http://node/", &client.DialOptions{
			Options:    client.Options{Reconnect: client.Reconnect{Min: time.Millisecond, Max: 10 * time.Millisecond}},
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: s.dial}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Client = c
		f(s)
		if got := c.Stats(); got.Garbage > 0 || got.Pending > 0 {
			t.Errorf("%+v", got)
		}
		c.Close()
		s.cut()
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		stop()
	})
}

func (s *streams) cut() {
	s.nodes.mu.Lock()
	defer s.nodes.mu.Unlock()
	s.line.cut()
}

// cutting cuts the line every d until stopped.
func (s *streams) cutting(d time.Duration) (stop func()) {
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(d):
				s.cut()
			}
		}
	}()
	return func() { close(done) }
}

type ask struct {
	API string `json:"api"`
	N   int    `json:"n"`
}

func (s *streams) mux() server.Handler {
	m := server.NewMux()
	m.Handle("ticks", server.StreamFunc(func(ctx context.Context, in ask, send func(int) error) (int, error) {
		for i := range in.N {
			if err := send(i); err != nil {
				s.ended.Add(1)
				return 0, err
			}
		}
		return in.N, nil
	}))
	m.HandleFunc("down", func(_ context.Context, r *server.Request) (any, error) {
		var in ask
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		data := pattern(in.N)
		for part := range slices.Chunk(data, 100_000) {
			if err := r.Send(server.Bytes(part)); err != nil {
				return nil, err
			}
		}
		return digest(data), nil
	})
	m.HandleFunc("up", func(_ context.Context, r *server.Request) (any, error) {
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			return nil, err
		}
		return fmt.Sprintf("%x", h.Sum(nil)), nil
	})
	m.HandleFunc("gather", func(_ context.Context, r *server.Request) (any, error) {
		var all []json.RawMessage
		for part, err := range r.Parts() {
			if err != nil {
				return nil, err
			}
			all = append(all, part)
		}
		return all, nil
	})
	m.HandleFunc("pipe", func(_ context.Context, r *server.Request) (any, error) {
		n := 0
		for {
			part, err := r.NextPart()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return nil, err
			}
			if err := r.Send(part); err != nil {
				return nil, err
			}
			n++
		}
	})
	m.HandleFunc("fail", func(_ context.Context, r *server.Request) (any, error) {
		if err := r.Send("first"); err != nil {
			return nil, err
		}
		return nil, &server.Error{Code: "out_of_tea", Message: "no tea left"}
	})
	m.HandleFunc("wait", func(ctx context.Context, r *server.Request) (any, error) {
		<-ctx.Done()
		s.ended.Add(1)
		return nil, ctx.Err()
	})
	m.HandleFunc("echo", func(_ context.Context, r *server.Request) (any, error) { return r.Data, nil })
	return server.HandlerFunc(func(ctx context.Context, r *server.Request) (any, error) {
		if r.Bytes != nil {
			return server.Bytes(r.Bytes), nil
		}
		return m.ServeCall(ctx, r)
	})
}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i*31 + 7)
	}
	return data
}

func digest(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

func errorAs[E error](err error) (e E) {
	errors.As(err, &e)
	return e
}
