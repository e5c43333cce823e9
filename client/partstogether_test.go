//go:build !js

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
	"pgregory.net/rapid"
)

// What TestTogether does with streams and bodies: parts are numbers, each padded
// to its size, in order.

// parted are what a job has of parts.
type parted struct {
	Down int `json:"down"` // parts of the reply
	Up   int `json:"up"`   // parts of the body
	Size int `json:"size"` // of each part

	got   int  // parts of the reply
	ahead int  // parts of the body that were asked for
	wrong bool // a part came twice, or out of its order
}

func (p *parted) part(n int) string { return fmt.Sprintf("%d %s", n, strings.Repeat("x", p.Size)) }

// serveParts is what the handler of a job does with them.
func (w *together) serveParts(ctx context.Context, r *server.Request, j *job) (any, error) {
	pause := time.Duration(j.Takes) * time.Millisecond
	up := 0
	for part, err := range r.Parts() {
		if err != nil {
			return nil, err
		}
		if want := strconv.Quote(j.part(up)); string(part) != want {
			return nil, &server.Error{Code: "wrong", Message: fmt.Sprintf("part %.20s of %d", part, up)}
		}
		up++
		time.Sleep(pause)
	}
	if up != j.Up {
		return nil, &server.Error{Code: "wrong", Message: fmt.Sprintf("%d of %d parts", up, j.Up)}
	}
	for n := range j.Down {
		if err := r.Send(j.part(n)); err != nil {
			return nil, err
		}
		time.Sleep(pause)
	}
	return j.ID, ctx.Err()
}

// body yields the parts of a body, and counts them.
func (w *together) body(j *job) client.RequestOption {
	return client.BodyParts(func(yield func(any) bool) {
		for n := range j.Up {
			w.mu.Lock()
			j.ahead = n + 1
			w.mu.Unlock()
			if !yield(j.part(n)) {
				return
			}
		}
	})
}

// read reads a stream, each part slowly.
func (w *together) read(ctx context.Context, j *job, pause time.Duration, opts []client.RequestOption) (reply int, err error) {
	s := w.client.Stream(ctx, j, opts...)
	for {
		part, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		w.mu.Lock()
		text, _ := part.(json.RawMessage)
		j.wrong = j.wrong || string(text) != strconv.Quote(j.part(j.got))
		j.got++
		w.mu.Unlock()
		time.Sleep(pause)
	}
	return reply, s.Reply(&reply)
}

// callParts makes a call with parts.
func (w *together) callParts(t *rapid.T) {
	p := parted{Size: rapid.SampledFrom([]int{1, 100, 5000, 70_000}).Draw(t, "size")}
	most := 2_000_000 / (p.Size + 1000)
	p.Down = rapid.IntRange(0, most).Draw(t, "down")
	p.Up = rapid.IntRange(0, most).Draw(t, "up")
	pause := time.Duration(rapid.SampledFrom([]int{0, 0, 1, 100}).Draw(t, "pause")) * time.Millisecond
	ctx, abort := context.WithCancel(context.Background())
	w.mu.Lock()
	j := &job{ID: len(w.calls) + 1, Takes: rapid.SampledFrom([]int{0, 0, 1, 100}).Draw(t, "takes"), parted: p,
		idempotent: rapid.Bool().Draw(t, "idempotent"), abort: abort}
	w.calls = append(w.calls, j)
	w.mu.Unlock()
	var opts []client.RequestOption
	if j.idempotent {
		opts = append(opts, client.Idempotent())
	}
	if p.Up > 0 {
		opts = append(opts, w.body(j))
	}
	w.waiting.Go(func() {
		defer abort()
		reply, err := w.read(ctx, j, pause, opts)
		w.mu.Lock()
		defer w.mu.Unlock()
		j.ended, j.reply, j.err = true, reply, err
	})
}

// busy reports whether a call has not ended, or its reader not read all.
func (w *together) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.calls, func(j *job) bool { return !j.ended })
}

// waits reports whether there were calls with parts. A handler may wait for them,
// or for them to be read, as long as the session is kept whose client is gone.
func (w *together) waits() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.calls, func(j *job) bool { return j.Down+j.Up > 0 })
}

// wrongParts is what is wrong with those of a job.
func (j *job) wrongParts() string {
	var failure *client.Error
	switch {
	case j.wrong:
		return "a part is not the next one"
	case j.ended && j.err == nil && j.got != j.Down:
		return "not all parts have come"
	case errors.As(j.err, &failure) && failure.Code == client.CodeLost && (failure.Fate == client.Executed) != (j.got > 0):
		return "that is not its fate"
	}
	return ""
}
