package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/sockjax/sockjax/server"
)

// Bounds of the streams.
const (
	maxTicks    = 1_000_000
	maxDownload = 1 << 30 // bytes
	maxPrompt   = 10_000  // bytes
	maxGather   = 16 << 20
)

// addStreams adds what streams, and takes bodies:
//
//	ticks {n, ms}     streams {"i": 0} to n-1, ms apart, and answers {"n": n}
//	chat {prompt}     streams the words of an answer, and answers {"words": n}
//	download {bytes}  streams so many bytes, of which byte i is (i*31+7)&255, and
//	                  answers {"bytes": n, "sha256": hex}
//	upload            reads a body of bytes, and answers the same two
//	gather            reads a body of JSON values, and answers {"parts": […]}
//	pipe              streams its body back as it comes, and answers {"parts": n}
func addStreams(m *server.Mux) {
	m.Bytes = server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) { return server.Bytes(r.Bytes), nil })
	m.Handle("ticks", server.StreamFunc(ticks))
	m.Handle("chat", server.StreamFunc(chat))
	m.Handle("download", server.StreamFunc(download))
	m.HandleFunc("upload", upload)
	m.HandleFunc("gather", gather)
	m.HandleFunc("pipe", pipe)
}

type tick struct {
	I int `json:"i"`
}

type tickCount struct {
	N int `json:"n"`
}

func ticks(ctx context.Context, in struct {
	N  int          `json:"n"`
	MS milliseconds `json:"ms"`
}, send func(tick) error) (tickCount, error) {
	if in.N < 0 || in.N > maxTicks {
		return tickCount{}, &server.Error{Code: "bad_request", Message: fmt.Sprintf("n must be from 0 to %d", maxTicks)}
	}
	d, err := in.MS.within(maxSlow)
	if err != nil {
		return tickCount{}, err
	}
	for i := range in.N {
		if i > 0 {
			if err := wait(ctx, d); err != nil {
				return tickCount{}, err
			}
		}
		if err := send(tick{i}); err != nil {
			return tickCount{}, err
		}
	}
	return tickCount{in.N}, nil
}

// chatPace is the time between two words.
const chatPace = 60 * time.Millisecond

type wordCount struct {
	Words int `json:"words"`
}

func chat(ctx context.Context, in struct{ Prompt string }, send func(string) error) (wordCount, error) {
	if len(in.Prompt) > maxPrompt {
		return wordCount{}, &server.Error{Code: "bad_request", Message: fmt.Sprintf("prompt must have at most %d bytes", maxPrompt)}
	}
	words := answer(in.Prompt)
	for i, word := range words {
		if i > 0 {
			if err := wait(ctx, chatPace); err != nil {
				return wordCount{}, err
			}
			word = " " + word
		}
		if err := send(word); err != nil {
			return wordCount{}, err
		}
	}
	return wordCount{len(words)}, nil
}

// answer is what a server without a model has to say.
func answer(prompt string) []string {
	asked := strings.Fields(prompt)
	words := strings.Fields("You said:")
	words = append(words, asked...)
	return append(words, strings.Fields(fmt.Sprintf(
		"— which is %d words. There is no model here, only a server that sends one word at a time. "+
			"Each of them is a part of one reply. Break the connection while they come: the reply goes on where it was, "+
			"because the server keeps what you have not acknowledged, and the page asks for it when it is back. "+
			"Close the tab, and the server stops writing at once.", len(asked)))...)
}

type sum struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func sumOf(n int64, h hash.Hash) sum { return sum{n, hex.EncodeToString(h.Sum(nil))} }

// downloadChunk is so many bytes, a multiple of 256, after which they repeat.
const downloadChunk = 256 << 10

var downloadBytes = func() []byte {
	b := make([]byte, downloadChunk)
	for i := range b {
		b[i] = byte(i*31 + 7)
	}
	return b
}()

func download(_ context.Context, in struct{ Bytes int64 }, send func(server.Bytes) error) (sum, error) {
	if in.Bytes < 0 || in.Bytes > maxDownload {
		return sum{}, &server.Error{Code: "bad_request", Message: fmt.Sprintf("bytes must be from 0 to %d", maxDownload)}
	}
	h := sha256.New()
	for left := in.Bytes; left > 0; {
		chunk := downloadBytes[:min(left, downloadChunk)]
		h.Write(chunk)
		if err := send(chunk); err != nil {
			return sum{}, err
		}
		left -= int64(len(chunk))
	}
	return sumOf(in.Bytes, h), nil
}

func upload(_ context.Context, r *server.Request) (any, error) {
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	if err != nil {
		return nil, err
	}
	return sumOf(n, h), nil
}

func gather(_ context.Context, r *server.Request) (any, error) {
	parts, size := []json.RawMessage{}, 0
	for part, err := range r.Parts() {
		if err != nil {
			return nil, err
		}
		if size += len(part); size > maxGather {
			return nil, &server.Error{Code: "too_many", Message: fmt.Sprintf("the parts have more than %d bytes", maxGather)}
		}
		parts = append(parts, part)
	}
	return map[string]any{"parts": parts}, nil
}

func pipe(_ context.Context, r *server.Request) (any, error) {
	for n := 0; ; n++ {
		part, err := r.NextPart()
		if err == io.EOF {
			return map[string]int{"parts": n}, nil
		}
		if err == nil {
			err = r.Send(part)
		}
		if err != nil {
			return nil, err
		}
	}
}
