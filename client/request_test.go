//go:build !js

package client

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

type api struct {
	API  string `json:"api"`
	Text string `json:"text,omitempty"`
}

// dialDemo connects to a demo.
func dialDemo(t testing.TB, opts *DialOptions) *Client {
	t.Helper()
	c, err := Dial(t.Context(), demo(t).URL, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRequestEcho(t *testing.T) {
	c := dialDemo(t, nil)
	var got api
	if err := c.Request(t.Context(), api{Text: "hi"}, &got); err != nil || got.Text != "hi" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := c.Request(t.Context(), "dropped", nil); err != nil {
		t.Error(err)
	}
	var raw json.RawMessage
	if err := c.Request(t.Context(), nil, &raw); err != nil || string(raw) != "null" {
		t.Errorf("%s, %v", raw, err)
	}
	if s := c.Stats(); s.Pending != 0 || s.Opened != 1 || s.FramesOut < 4 || s.FramesIn < 4 || s.Unmatched+s.Garbage != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRequestsAtOnceGetTheirOwnReplies(t *testing.T) {
	c := dialDemo(t, nil)
	var all sync.WaitGroup
	for i := range 2000 {
		all.Go(func() {
			var got int
			if err := c.Request(t.Context(), i, &got); err != nil || got != i {
				t.Errorf("%d for %d: %v", got, i, err)
			}
		})
	}
	all.Wait()
	t.Logf("2000 requests in %d frames, replies in %d", c.Stats().FramesOut, c.Stats().FramesIn)
	if out := c.Stats().FramesOut; out > 2000 {
		t.Errorf("%d frames for 2000 requests: they did not share any", out)
	}
}

// failed checks what an error says.
func failed(t *testing.T, err error, code Code, fate Fate) {
	t.Helper()
	if e := errorAs[*Error](err); e == nil || e.Code != code || e.Fate != fate {
		t.Errorf("%v: not %s, %s", err, code, fate)
	}
	if err != nil && !strings.HasPrefix(err.Error(), "failed to request: ") {
		t.Errorf("it says %q", err)
	}
}

func TestRequestRejected(t *testing.T) {
	c := dialDemo(t, nil)
	err := c.Request(t.Context(), api{API: "fail"}, nil)
	failed(t, err, CodeRejected, Executed)
	r := errorAs[*Rejection](err)
	if r == nil || r.Reason != "out_of_tea" || r.Message != "no tea left" || string(r.Data) != `{"pots":0}` {
		t.Errorf("%+v", r)
	}
	failed(t, c.Request(t.Context(), api{API: "refuse"}, nil), CodeOverloaded, Unsent)
}

func TestRequestThatIsNoJSON(t *testing.T) {
	c := dialDemo(t, nil)
	err := c.Request(t.Context(), make(chan int), nil)
	failed(t, err, CodeInvalid, Unsent)
	if errorAs[*json.UnsupportedTypeError](err) == nil {
		t.Errorf("%v hides its cause", err)
	}
}

func TestReplyThatDoesNotFit(t *testing.T) {
	c := dialDemo(t, nil)
	var n int
	err := c.Request(t.Context(), "text", &n)
	if errorAs[*json.UnmarshalTypeError](err) == nil || errorAs[*Error](err) != nil {
		t.Errorf("%v", err)
	}
}

func TestRequestContext(t *testing.T) {
	c := dialDemo(t, nil)
	never := api{API: "never"}

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for s := c.Stats(); s.Pending == 0 || s.Queued > 0; s = c.Stats() {
			runtime.Gosched()
		}
		cancel()
	}()
	err := c.Request(ctx, never, nil)
	failed(t, err, CodeAborted, Unknown)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not Canceled", err)
	}
	failed(t, c.Request(ctx, never, nil), CodeAborted, Unsent) // never begun

	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = c.Request(ctx, never, nil)
	failed(t, err, CodeTimeout, Unknown)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not DeadlineExceeded", err)
	}
	failed(t, c.Request(ctx, never, nil), CodeTimeout, Unsent)

	quick := dialDemo(t, &DialOptions{Timeout: 100 * time.Millisecond})
	err = quick.Request(t.Context(), never, nil)
	failed(t, err, CodeTimeout, Unknown)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not DeadlineExceeded", err)
	}
}

func TestRequestAfterClose(t *testing.T) {
	c := dialDemo(t, nil)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	failed(t, c.Request(t.Context(), 1, nil), CodeClosed, Unsent)
	if c.State() != StateClosed {
		t.Errorf("it is %s", c.State())
	}
}

// encoding/json lets it through, and a server closes on such a frame: with it
// would go the calls of others.
func TestRequestThatIsNotUTF8HurtsNobody(t *testing.T) {
	c := dialDemo(t, nil)
	failed(t, c.Request(t.Context(), json.RawMessage("\"\xff\""), nil), CodeInvalid, Unsent)
	if opened := c.Stats().Opened; opened != 1 {
		t.Errorf("%d connections", opened)
	}
}

func TestRequestPlain(t *testing.T) {
	l := listen(t, true)
	go func() {
		p := (<-l.opened).(*socketPeer)
		for frame := range p.sent {
			p.Send(frame)
		}
	}()
	c, err := Dial(t.Context(), l.URL, &DialOptions{Options: Options{Plain: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for data, want := range map[string]string{
		`{"key":"a","n":1}`: `{"key":"a","n":1}`,
		`{"key":7}`:         `{"key":7}`,
		`{"key":"ä\""}`:     `{"key":"ä\""}`,
		`{}`:                `{"key":"*"}`,
		`{"n":1}`:           `{"key":"*","n":1}`,
		`{"n":1,"key":""}`:  `{"key":"*","n":1}`,
		`{"key":null}`:      `{"key":"*"}`,
		`{"Key":1}`:         `{"key":"*","Key":1}`,
	} {
		var got json.RawMessage
		if err := c.Request(t.Context(), json.RawMessage(data), &got); err != nil {
			t.Errorf("%s: %v", data, err)
			continue
		}
		if star := string(got); strings.Contains(want, "*") {
			i := strings.Index(star, `"key":"`) + len(`"key":"`)
			got = json.RawMessage(star[:i] + "*" + star[i+36:])
		}
		if string(got) != want {
			t.Errorf("%s: %s", data, got)
		}
	}
	for _, data := range []any{1, nil, "x", []int{1}} {
		failed(t, c.Request(t.Context(), data, nil), CodeInvalid, Unsent)
	}
}

func BenchmarkRequest(b *testing.B) {
	c := dialDemo(b, nil)
	b.SetParallelism(32) // 64 in flight on two cores
	data := json.RawMessage(`"` + strings.Repeat("x", 98) + `"`)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var got json.RawMessage
		for pb.Next() {
			if err := c.Request(b.Context(), data, &got); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/float64(c.Stats().FramesOut), "requests/frame")
}
