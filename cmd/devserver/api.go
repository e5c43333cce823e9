package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/sockjax/sockjax/server"
)

// Bounds of the demo API.
const (
	maxCounts  = 1000 // names
	maxCounter = 100  // bytes of a name
)

// newAPI is the demo's API, which dispatches on data.api:
//
//	echo                        answers the data it got; bytes alone are echoed too
//	time                        {"now": RFC 3339, "unix": milliseconds}
//	slow {ms}                   waits, then answers the data it got
//	fail {code, message, data?} fails with these
//	count {name}                adds one to a counter: {name, value}
//	counts                      all counters: {name: value, …}
//
// and the streams of streams_api.go, the faults of faults.go, and of ws.go:
//
//	socket                      {"number": of the socket on which it came, "open": how many are}
//
// and of topics.go, where demo/clock ticks every second:
//
//	publish {topic, data}       to a topic that begins with demo/: {"offset": of the message}
func newAPI() *server.Mux {
	counters := &counters{values: make(map[string]int64)}
	m := server.NewMux()
	m.HandleFunc("echo", func(_ context.Context, r *server.Request) (any, error) { return r.Data, nil })
	m.HandleFunc("time", func(context.Context, *server.Request) (any, error) { return now(), nil })
	m.HandleFunc("slow", slow)
	m.Handle("fail", server.Func(fail))
	m.Handle("count", server.Func(counters.count))
	m.HandleFunc("counts", counters.all)
	addStreams(m)
	return m
}

// now is the time, as the demo tells it.
func now() any {
	now := time.Now()
	return map[string]any{"now": now.Format(time.RFC3339Nano), "unix": now.UnixMilli()}
}

func slow(ctx context.Context, r *server.Request) (any, error) {
	var in struct {
		MS milliseconds `json:"ms"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	d, err := in.MS.within(maxSlow)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return r.Data, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func fail(_ context.Context, in struct {
	Code, Message string
	Data          json.RawMessage
}) (any, error) {
	e := &server.Error{Code: in.Code, Message: in.Message}
	if in.Data != nil {
		e.Data = in.Data
	}
	return nil, e
}

// counters count for as long as the process lives.
type counters struct {
	mutex  sync.Mutex // protects following
	values map[string]int64
}

type counter struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

func (c *counters) count(_ context.Context, in struct{ Name string }) (counter, error) {
	if in.Name == "" || len(in.Name) > maxCounter {
		return counter{}, &server.Error{Code: "bad_request", Message: fmt.Sprintf("name must be a string of 1 to %d bytes", maxCounter)}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.values[in.Name]; !ok && len(c.values) >= maxCounts {
		return counter{}, &server.Error{Code: "too_many", Message: fmt.Sprintf("there are %d counters already: use one of them, or start the server again", maxCounts)}
	}
	c.values[in.Name]++
	return counter{in.Name, c.values[in.Name]}, nil
}

func (c *counters) all(context.Context, *server.Request) (any, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	text, err := json.Marshal(c.values)
	return json.RawMessage(text), err
}
