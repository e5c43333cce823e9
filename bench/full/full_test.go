package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
)

func TestTurn(t *testing.T) {
	list := []string{"a", "b", "c"}
	for rep, want := range map[int]string{-1: "abc", 0: "abc", 1: "bca", 2: "cab", 3: "abc"} {
		if got := strings.Join(turn(list, rep), ""); got != want {
			t.Errorf("repetition %d: %s, want %s", rep, got, want)
		}
	}
	if got := strings.Join(list, ""); got != "abc" {
		t.Errorf("turn changed the list to %s", got)
	}
}

// A row is found by its id; a table by the group that measures it.
func TestRowsAreWhole(t *testing.T) {
	ids := map[string]bool{}
	for _, s := range Sections {
		for _, row := range s.Rows {
			if ids[row.ID] {
				t.Errorf("two rows have the id %s", row.ID)
			}
			ids[row.ID] = true
		}
		if !slices.ContainsFunc(groups, func(g group) bool { return g.name == s.Group }) {
			t.Errorf("nothing measures %s", s.Group)
		}
	}
	for _, p := range pictures {
		for _, row := range p.Rows {
			if !ids[row] {
				t.Errorf("%s shows the row %s, which does not exist", p.File, row)
			}
		}
		if len(p.Rows) > 1 && len(p.Rows) != len(p.Series) {
			t.Errorf("%s has %d rows and %d names for them", p.File, len(p.Rows), len(p.Series))
		}
	}
}

// results have the given samples, by row and peer.
func results(samples map[string]map[string][]float64) *Results {
	return &Results{Samples: samples, Settings: settings{Reps: 2}}
}

func met(t *testing.T, r *Results, row, bar string) BarResult {
	t.Helper()
	for _, result := range judge(r) {
		if result.Row == row && strings.Contains(result.Bar, bar) {
			return result
		}
	}
	t.Fatalf("no bar %s of %s", bar, row)
	return BarResult{}
}

func TestBars(t *testing.T) {
	r := results(map[string]map[string][]float64{
		// The machine halves its speed in the second repetition: 12 times in both.
		"rate.w64":     {"sockjax": {1200, 600}, "socket.io": {100, 50}, "hand-written batching": {1201, 601}},
		"rate.w64-10k": {"sockjax": {50, 50}, "socket.io": {40, 40}, "nats-core": {60, 60}},
		"main.w64":     {"sockjax": {4, 4}, "socket.io": {40, 40}, "hand-written batching": {3, 3}},
		"size.brotli":  {"sockjax": {640_001}},
		"task.cold":    {"sockjax": {10, 12}}, "task.warm": {"sockjax": {51, 51}},
		"heap.1k": {"sockjax": {1000}}, "wasm.1k": {"sockjax": {4000}},
		"heap.1m": {"sockjax": {1200}}, "wasm.1m": {"sockjax": {4000}},
		"growth.100": {"sockjax": {2, 4}}, "growth.100000": {"sockjax": {3, 6}},
		"first.slow.cold": {"sockjax": {900, 900}, "socket.io": {1000, 1000}, "socket.io, polling first": {800, 800}},
		"first.slow.warm": {"sockjax": {700, 700}, "socket.io": {700, 700}, "socket.io, polling first": {800, 800}},
	})
	for _, tt := range []struct {
		row, bar, met string
		value         float64
	}{
		{"requests/s, 64 in flight", "socket.io", "yes", 12},
		{"requests/s, 64 in flight", "hand-written", "no", (1200.0/1201 + 600.0/601) / 2},
		{"requests/s, 64 in flight", "nats-core", "not measured", 0},
		{"10 KB, 64 in flight", "every peer", "no", 50.0 / 60},
		{"10 KB, 64 in flight", "socket.io", "yes", 1.25},
		{"main-thread CPU per request, 64 in flight", "socket.io", "yes", 0.1},
		{"main-thread CPU per request, 64 in flight", "hand-written", "no", 4.0 / 3},
		{"download", "640", "no", 640_001},
		{"longest main-thread task at start-up", "50", "no", 51},
		{"memory after the last call", "1.05", "yes", 1.04},
		{"growth", "1.5", "yes", 1.5},
		{"first reply, slow line, cold cache", "socket.io", "no", 900.0 / 800}, // against its faster way
		{"first reply, slow line, warm cache", "socket.io", "yes", 1},
		{"server memory per idle connection", "20", "not measured", 0},
	} {
		got := met(t, r, tt.row, tt.bar)
		if got.Met != tt.met || got.Value != tt.value {
			t.Errorf("%s, %s: %v, %s; want %v, %s", tt.row, got.Bar, got.Value, got.Met, tt.value, tt.met)
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := results(map[string]map[string][]float64{
		"rate.w64":      {"sockjax": {1200, 600}, "socket.io": {100, 50}},
		"tabs.sessions": {"sockjax": {10}},
	})
	r.Failures = []Failure{{"nats-core", "1 in flight", "it broke\n at line 1"}}
	r.Bars = judge(r)
	text := r.markdown([]*peers.Peer{all.SocketIO, all.NATS, peers.Sockjax})
	for _, want := range []string{
		"| sockjax | – | 900 (600..1 200) | – | – | – |\n",
		"| socket.io | – | 75.0 (50.0..100) | – | – | – |\n",
		"| sockjax | – | 12.0 | – | – | – |\n", // the ratio, which is the same twice
		"| sockjax | – | 10 | – | – |\n",       // a count
		"| requests/s, 64 in flight | ≥ 12× socket.io | 12× | yes |\n",
		"| requests/s, 64 in flight | ≥ 3× nats-core | – | not measured |\n",
		"- nats-core, 1 in flight: it broke\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "## Latency") {
		t.Error("the report has a table without numbers")
	}
}

func TestDropKeepsRepetitionsTogether(t *testing.T) {
	r := results(map[string]map[string][]float64{"a": {"x": {1}, "y": {2}}, "b": {"x": {3}}})
	b := &bench{Results: r}
	b.fail("x", "something", []string{"a"}, errors.New("broken"))
	if len(r.Samples["a"]["x"]) != 0 || len(r.Samples["a"]["y"]) != 1 || len(r.Samples["b"]["x"]) != 1 {
		t.Errorf("after x failed at row a: %v", r.Samples)
	}
	if !r.failed("x", "something") || r.failed("x", "something else") || r.failed("y", "something") {
		t.Errorf("failures: %v", r.Failures)
	}
}
