//go:build !js

package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
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

func TestStream(t *testing.T) {
	inStreams(t, server.Options{}, func(s *streams) {
		stream := s.Stream(context.Background(), ask{"ticks", 50_000})
		want := 0
		for part, err := range stream.Parts() {
			if err != nil || string(part) != fmt.Sprint(want) {
				t.Fatalf("part %d: %s, %v", want, part, err)
			}
			want++
		}
		var n int
		if err := stream.Reply(&n); err != nil || n != 50_000 || want != n {
			t.Error(n, want, err)
		}
		if err := stream.Reply(&n); err != nil {
			t.Error(err)
		}
	})
}

// Each part arrives once and in order, and so does each byte of a body, however
// often the connection is lost.
func TestStreamsOverBadLines(t *testing.T) {
	for _, every := range []time.Duration{33 * time.Millisecond, 70 * time.Millisecond, 300 * time.Millisecond} {
		inStreams(t, server.Options{}, func(s *streams) {
			stop := s.cutting(every)
			ctx := context.Background()
			done := make(chan error)
			go func() {
				stream := s.Stream(ctx, ask{"ticks", 30_000})
				want := 0
				for part, err := range stream.Parts() {
					if err != nil || string(part) != fmt.Sprint(want) {
						done <- fmt.Errorf("part %d: %s, %v", want, part, err)
						return
					}
					want++
				}
				done <- stream.Reply(nil)
			}()
			const size = 3_000_000
			go func() {
				stream := s.Stream(ctx, ask{"down", size})
				var got bytes.Buffer
				var reply string
				_, err := io.Copy(&got, stream)
				if err == nil {
					err = stream.Reply(&reply)
				}
				if err == nil && (reply != digest(pattern(size)) || !bytes.Equal(got.Bytes(), pattern(size))) {
					err = errors.New("other bytes have come down")
				}
				done <- err
			}()
			go func() {
				var reply string
				err := s.Request(ctx, ask{API: "up"}, &reply, client.Body(bytes.NewReader(pattern(size))))
				if err == nil && reply != digest(pattern(size)) {
					err = errors.New("other bytes have gone up")
				}
				done <- err
			}()
			go func() {
				stream := s.Stream(ctx, ask{API: "pipe"}, client.BodyParts(func(yield func(any) bool) {
					for i := range 20_000 {
						if !yield(i) {
							return
						}
					}
				}))
				want := 0
				for part, err := range stream.Parts() {
					if err != nil || string(part) != fmt.Sprint(want) {
						done <- fmt.Errorf("piped part %d: %s, %v", want, part, err)
						return
					}
					want++
				}
				var n int
				err := stream.Reply(&n)
				if err == nil && (n != 20_000 || want != n) {
					err = fmt.Errorf("%d of %d parts", want, n)
				}
				done <- err
			}()
			go func() {
				text := strings.Repeat("x", 2_500_000) // there and back in pieces
				var reply struct{ Text string }
				s.Stream(ctx, ask{"ticks", 1}).Reply(nil) // shows that binary frames are read
				err := s.Request(ctx, map[string]string{"api": "echo", "text": text}, &reply)
				if err == nil && reply.Text != text {
					err = errors.New("another large text")
				}
				done <- err
			}()
			for range 5 {
				if err := <-done; err != nil {
					t.Errorf("cut every %v: %v", every, err)
				}
				if every < 100*time.Millisecond { // or the largest would never pass
					every *= 2
				}
			}
			stop()
			t.Logf("%d connections", s.Stats().Opened)
		})
	}
}

func TestBytes(t *testing.T) {
	inStreams(t, server.Options{}, func(s *streams) {
		for _, n := range []int{0, 1, 100_000, 3_000_000} {
			var reply client.Bytes
			if err := s.Request(context.Background(), client.Bytes(pattern(n)), &reply); err != nil || !bytes.Equal(reply, pattern(n)) {
				t.Errorf("%d bytes: %d, %v", n, len(reply), err)
			}
		}
		var raw []byte
		if err := s.Request(context.Background(), client.Bytes("abc"), &raw); err != nil || string(raw) != "abc" {
			t.Errorf("%s, %v", raw, err)
		}
		var text string
		if err := s.Request(context.Background(), client.Bytes("abc"), &text); err == nil {
			t.Error("bytes were decoded into a string")
		}
	})
}

// A handler is slowed down by a slow reader, and stops when the reader leaves.
func TestStreamIsLeft(t *testing.T) {
	inStreams(t, server.Options{}, func(s *streams) {
		stream := s.Stream(context.Background(), ask{"ticks", 1_000_000_000})
		for part := range stream.Parts() {
			if string(part) == "1000" {
				break
			}
		}
		err := stream.Reply(nil)
		if failure := errorAs[*client.Error](err); failure == nil || failure.Code != client.CodeAborted {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if n := s.ended.Load(); n != 1 {
			t.Errorf("%d handlers have ended", n)
		}

		ctx, cancel := context.WithCancel(context.Background())
		stream = s.Stream(ctx, ask{API: "wait"})
		time.Sleep(time.Second)
		cancel()
		if _, err = stream.Next(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if n := s.ended.Load(); n != 2 {
			t.Errorf("%d handlers have ended", n)
		}
	})
}

func TestStreamFails(t *testing.T) {
	inStreams(t, server.Options{}, func(s *streams) {
		stream := s.Stream(context.Background(), ask{API: "fail"})
		var got []string
		for part, err := range stream.Parts() {
			got = append(got, fmt.Sprint(string(part), err))
			if rejection := errorAs[*client.Rejection](err); err != nil && (rejection == nil || rejection.Reason != "out_of_tea") {
				t.Error(err)
			}
		}
		if len(got) != 2 || got[0] != `"first"<nil>` {
			t.Error(got)
		}
		if errorAs[*client.Rejection](stream.Reply(nil)) == nil {
			t.Error("the reply has not failed")
		}

		stream = s.Stream(context.Background(), func() {})
		if failure := errorAs[*client.Error](stream.Reply(nil)); failure == nil || failure.Code != client.CodeInvalid {
			t.Error("a function was sent")
		}
		stream.Close()

		// No progress for as long as the default timeout.
		begin := time.Now()
		err := s.Stream(context.Background(), ask{API: "wait"}).Reply(nil)
		if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took != client.DefaultTimeout {
			t.Error(err, took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Stream(ctx, ask{API: "wait"}).Reply(nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestBodyFails(t *testing.T) {
	broken := errors.New("the disk is broken")
	inStreams(t, server.Options{}, func(s *streams) {
		err := s.Request(context.Background(), ask{API: "up"}, nil, client.Body(failingReader{broken}))
		if failure := errorAs[*client.Error](err); failure == nil || failure.Code != client.CodeAborted || !errors.Is(err, broken) {
			t.Error(err)
		}
		err = s.Request(context.Background(), ask{API: "gather"}, nil, client.BodyParts(slices.Values([]any{1, func() {}})))
		if failure := errorAs[*client.Error](err); failure == nil || failure.Code != client.CodeAborted {
			t.Error(err)
		}
		var reply []any
		err = s.Request(context.Background(), ask{API: "gather"}, &reply, client.BodyParts(slices.Values([]any{1, "a", nil, []int{2}})))
		if got := fmt.Sprint(reply); err != nil || got != "[1 a <nil> [2]]" {
			t.Error(got, err)
		}
		// The handler answers before the body is complete.
		endless := func(yield func(any) bool) {
			for yield("x") {
			}
		}
		if err := s.Request(context.Background(), ask{API: "echo"}, nil, client.BodyParts(endless)); err != nil {
			t.Error(err)
		}
	})
}

func errorAs[E error](err error) (e E) {
	errors.As(err, &e)
	return e
}
