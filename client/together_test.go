//go:build !js

package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
	"pgregory.net/rapid"
)

// together is a client and the servers that it may meet, over lines that fall
// silent and break at any moment. The handler keeps a ledger of what it ran.
type together struct {
	*nodes
	client  *client.Client
	store   server.SessionStore
	servers []*server.Server
	stop    []func()
	waiting sync.WaitGroup
	stable  bool // no session is ever lost
	boxed   bool // a middlebox lies on the way

	mu     sync.Mutex // protects following
	runs   map[int]int
	calls  []*job
	cuts   int  // of the line, or its silence
	lost   int  // how often the sessions were lost
	bars   bool // the servers take nobody
	barred bool // they have been so for a time: calls may have failed
}

// job is a call, and what its caller knows of it.
type job struct {
	ID    int    `json:"id"`
	Takes int    `json:"takes"` // milliseconds
	Pad   string `json:"pad"`
	parted

	idempotent bool
	limited    bool // it has a deadline, or was given up
	abort      context.CancelFunc
	ended      bool
	reply      int
	err        error
}

func (w *together) handle(ctx context.Context, r *server.Request) (any, error) {
	var j job
	if err := r.Decode(&j); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.runs[j.ID]++
	w.mu.Unlock()
	if j.Down+j.Up > 0 {
		return w.serveParts(ctx, r, &j)
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(j.Takes) * time.Millisecond):
		return j.ID, nil
	}
}

// authenticate is what the servers think of the client.
func (w *together) authenticate(context.Context, *http.Request, string) (server.Identity, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bars {
		return server.Identity{}, errors.New("go away")
	}
	return server.Identity{}, nil
}

// serve starts another server, on the sessions that the last one has, or with
// new ones: then those are lost.
func (w *together) serve(fresh bool) {
	if fresh {
		w.store = server.NewMemoryStore(&server.MemoryStoreOptions{Keep: 24 * time.Hour})
		w.mu.Lock()
		w.lost++
		w.mu.Unlock()
	}
	s := server.New(server.HandlerFunc(w.handle), &server.Options{Sessions: w.store, Rate: 500, Burst: 64, Authenticate: w.authenticate, Logger: slog.New(slog.DiscardHandler)})
	w.servers = append(w.servers, s)
	if w.boxed {
		l, stop := newNode(s)
		w.stop = append(w.stop, w.listen(middlebox{l}), stop)
	} else {
		w.stop = append(w.stop, w.listen(s))
	}
	w.nodes.mu.Lock()
	w.now = len(w.servers) - 1
	w.nodes.mu.Unlock()
}

// call makes a call, and keeps what becomes of it.
func (w *together) call(takes int, idempotent bool, limit time.Duration, pad string) {
	ctx, abort := context.WithCancel(context.Background())
	if limit > 0 {
		ctx, abort = context.WithTimeout(ctx, limit)
	}
	w.mu.Lock()
	j := &job{ID: len(w.calls) + 1, Takes: takes, Pad: pad, idempotent: idempotent, limited: limit > 0, abort: abort}
	w.calls = append(w.calls, j)
	w.mu.Unlock()
	var opts []client.RequestOption
	if idempotent {
		opts = append(opts, client.Idempotent())
	}
	w.waiting.Go(func() {
		defer abort()
		var reply int
		err := w.client.Request(ctx, j, &reply, opts...)
		w.mu.Lock()
		defer w.mu.Unlock()
		j.ended, j.reply, j.err = true, reply, err
	})
}

// check compares what callers know with what has run.
func (w *together) check(t *rapid.T) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, j := range w.calls {
		if wrong := w.wrong(j); wrong != "" {
			t.Fatalf("call %d, idempotent %v, ran %d times, reply %d, error %v: %s", j.ID, j.idempotent, w.runs[j.ID], j.reply, j.err, wrong)
		}
	}
}

func (w *together) wrong(j *job) string {
	runs := w.runs[j.ID]
	bad := w.boxed && (j.Pad == "poison" || len(j.Pad) > middleboxLimit)
	if bad && runs > 0 {
		return "it can't pass"
	}
	if runs > 1 && !j.idempotent {
		return "it may run once"
	}
	if wrong := j.wrongParts(); wrong != "" {
		return wrong
	}
	if !j.ended {
		return ""
	}
	if j.err == nil {
		if runs == 0 || j.reply != j.ID {
			return "that is no reply to it"
		}
		return ""
	}
	var failure *client.Error
	if !errors.As(j.err, &failure) {
		return "no such failure"
	}
	switch {
	case failure.Fate == client.Unsent && runs > 0:
		return "it ran"
	case failure.Fate == client.Executed && failure.Code != client.CodeLost:
		return "no handler fails"
	case failure.Code == client.CodeClosed && w.barred:
	case bad && (failure.Code == client.CodeLost || failure.Code == client.CodeInvalid):
	case failure.Code == client.CodeLost && w.cuts >= 3 && strings.Contains(failure.Message, "each time"):
		// As often as it was tried.
	case failure.Code == client.CodeLost && w.lost == 0:
		// Once one was, it depends on what the client had heard of that.
		return "no session was lost"
	case failure.Code != client.CodeLost && !j.limited:
		return "it had all the time"
	}
	return ""
}

func (w *together) actions() map[string]func(*rapid.T) {
	atLine := func(do func(*line)) {
		w.mu.Lock()
		w.cuts++
		w.mu.Unlock()
		w.nodes.mu.Lock()
		defer w.nodes.mu.Unlock()
		do(w.line)
	}
	advance := func(t *rapid.T, most int) {
		time.Sleep(time.Duration(rapid.IntRange(1, most).Draw(t, "ms")) * time.Millisecond)
	}
	return map[string]func(*rapid.T){
		"call": func(t *rapid.T) {
			count := rapid.SampledFrom([]int{1, 1, 5, 100}).Draw(t, "calls")
			takes := rapid.SampledFrom([]int{0, 0, 1, 20, 1000, 60_000}).Draw(t, "takes")
			idempotent := rapid.Bool().Draw(t, "idempotent")
			limit := rapid.SampledFrom([]time.Duration{0, 0, 100 * time.Millisecond, 10 * time.Second}).Draw(t, "limit")
			pad := ""
			if w.boxed {
				pad = rapid.SampledFrom([]string{"", "", "", strings.Repeat("x", 1000), strings.Repeat("x", 15_000), strings.Repeat("x", 30_000), "poison"}).Draw(t, "pad")
			}
			for n := range count {
				if n > 0 && pad == "poison" {
					pad = "" // one is bad enough
				}
				w.call(takes, idempotent, limit, pad)
			}
		},
		"abort": func(t *rapid.T) {
			if len(w.calls) == 0 {
				t.Skip("no calls")
			}
			w.mu.Lock()
			j := rapid.SampledFrom(w.calls).Draw(t, "call")
			j.limited = true
			w.mu.Unlock()
			j.abort()
		},
		"parts": func(t *rapid.T) {
			if w.boxed {
				t.Skip("it lets no frames of that size pass")
			}
			w.callParts(t)
		},
		"cut":       func(*rapid.T) { atLine((*line).cut) },
		"cutSoon":   func(t *rapid.T) { advance(t, 20); atLine((*line).cut) },
		"deaf":      func(*rapid.T) { atLine(func(l *line) { l.deaf.Store(true) }) },
		"dumb":      func(*rapid.T) { atLine(func(l *line) { l.dumb.Store(true) }) },
		"reconnect": func(*rapid.T) { w.client.Reconnect() },
		"nudge":     func(*rapid.T) { w.client.Nudge() },
		"advance":   func(t *rapid.T) { advance(t, 10) },
		"wait":      func(t *rapid.T) { advance(t, 30_000) },
		"bar": func(t *rapid.T) {
			bars := rapid.Bool().Draw(t, "bars")
			w.mu.Lock()
			w.bars, w.barred = bars, w.barred || bars
			w.mu.Unlock()
			if !bars {
				w.client.Reconnect()
			}
		},
		"network": func(t *rapid.T) {
			w.nodes.mu.Lock()
			defer w.nodes.mu.Unlock()
			w.down = rapid.Bool().Draw(t, "down")
		},
		// The old one goes on with what it runs, and its clients with it.
		"another": func(*rapid.T) {
			if len(w.servers) < 5 {
				w.serve(false)
			}
		},
		"other": func(t *rapid.T) {
			if w.lost > 0 {
				t.Skip("it has other sessions")
			}
			w.nodes.mu.Lock()
			defer w.nodes.mu.Unlock()
			w.now = rapid.IntRange(0, len(w.servers)-1).Draw(t, "node")
		},
		"crash": func(t *rapid.T) {
			if w.stable || w.lost >= 3 {
				t.Skip("enough")
			}
			atLine((*line).cut)
			w.serve(true)
		},
		"": w.check,
	}
}

// Whatever the network does: what was answered ran once, what is said not to
// have run did not, and a call is lost only with its session.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(virtual{t}, func(t *rapid.T) {
			w := &together{nodes: &nodes{}, runs: map[int]int{}, lost: -1, stable: rapid.Bool().Draw(t, "stable"), boxed: rapid.Bool().Draw(t, "boxed")}
			w.serve(true)
			transport := &http.Transport{DialContext: w.dial}
			c, err := client.Dial(context.Background(), "http://node/", &client.DialOptions{
				Options:    client.Options{Reconnect: client.Reconnect{Min: 10 * time.Millisecond, Max: time.Second}},
				Timeout:    -1,
				HTTPClient: &http.Client{Transport: transport},
			})
			if err != nil {
				t.Fatal(err)
			}
			w.client = c
			defer w.close(t)
			t.Repeat(w.actions())
			w.calm(t)
		})
	})
}

// calm lets everything end on a good network.
func (w *together) calm(t *rapid.T) {
	w.mu.Lock()
	w.bars = false
	w.mu.Unlock()
	w.nodes.mu.Lock()
	w.down = false
	w.line.cut()
	w.nodes.mu.Unlock()
	w.client.Reconnect()
	time.Sleep(2 * time.Minute)
	for n := 0; n < 20 && w.busy(); n++ { // some readers are slow
		time.Sleep(time.Minute)
	}
	w.check(t)
	for _, j := range w.calls {
		if !j.ended {
			t.Fatalf("call %d has not ended: %+v", j.ID, w.client.Stats())
		}
	}
	time.Sleep(2 * time.Second)
	if s := w.client.Stats(); s.Pending+s.Queued+s.InDoubt+s.Unacked > 0 || s.Garbage > 0 {
		t.Fatalf("left: %+v", s)
	}
}

func (w *together) close(t *rapid.T) {
	w.client.Close()
	w.waiting.Wait()
	w.line.cut()
	for _, s := range w.servers {
		ctx, done := context.WithTimeout(context.Background(), 2*time.Minute)
		if err := s.Shutdown(ctx); err != nil && !w.waits() {
			t.Error(err)
		}
		done()
	}
	for _, stop := range w.stop {
		stop()
	}
	synctest.Wait()
}

// virtual hides that it is a *testing.T, whose Deadline is real time.
type virtual struct{ rapid.TB }
