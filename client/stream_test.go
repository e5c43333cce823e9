//go:build !js

package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
)

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
	for _, every := range []time.Duration{200 * time.Millisecond, 900 * time.Millisecond, 5 * time.Second} {
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
				if every < 5*time.Second {
					done <- nil // all of it must pass at once
					return
				}
				text := strings.Repeat("x", 1_200_000) // there and back in pieces
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
