package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
	"github.com/sockjax/sockjax/bench/stats"
)

// A Bar is a number that sockjax has set itself to reach.
type Bar struct {
	Row    string
	Want   string
	Limit  float64
	AtMost bool // or at least
	// Measure returns what is compared with Limit, how to show it, and
	// whether everything for it was measured.
	Measure func(*Results) (value float64, shown string, ok bool)
}

// A BarResult is a bar and how sockjax stands to it.
type BarResult struct {
	Row      string  `json:"row"`
	Bar      string  `json:"bar"`
	Measured string  `json:"measured"`
	Value    float64 `json:"value"`
	Met      string  `json:"met"` // "yes", "no", or "not measured"
}

func judge(r *Results) (results []BarResult) {
	for _, bar := range bars() {
		v, shown, ok := bar.Measure(r)
		result := BarResult{Row: bar.Row, Bar: bar.Want, Measured: shown, Value: v, Met: "no"}
		switch {
		case !ok:
			result.Met, result.Measured, result.Value = "not measured", "–", 0
		case bar.AtMost && v <= bar.Limit, !bar.AtMost && v >= bar.Limit:
			result.Met = "yes"
		}
		results = append(results, result)
	}
	return results
}

var (
	ours      = peers.Sockjax.Name
	everyHost = []string{ours, peers.Worker.Name, peers.Shared.Name}
)

// bars are all, in the order in which they were set.
func bars() []Bar {
	var list []Bar
	for _, row := range []struct{ id, title string }{{"rate.w64", "requests/s, 64 in flight"}, {"rate.w1000", "requests/s, 1,000 in flight"}} {
		socketIO := 12.0
		if row.id == "rate.w1000" {
			socketIO = 18
		}
		for _, rival := range []struct {
			peer  *peers.Peer
			times float64
		}{{all.SocketIO, socketIO}, {all.FetchHTTP1, 100}, {all.FetchHTTP2, 100}, {all.Batching, 3}, {all.NATS, 3}, {peers.Batch, 1}} {
			list = append(list, atLeast(row.title, row.id, rival.peer, rival.times))
		}
	}
	list = append(list,
		Bar{Row: "10 KB, 64 in flight", Want: "ahead of every peer", Limit: 1, Measure: aheadOfAll("rate.w64-10k")},
		atLeast("10 KB, 64 in flight", "rate.w64-10k", all.SocketIO, 1.2),
		atLeast("one call at a time, calls/s", "rate.w1", peers.Bare, 0.95),
		atMost("one call at a time, latency p50", "p50.alone", peers.Bare, 1.05),
		atMost("main-thread CPU per request, 64 in flight", "main.w64", all.SocketIO, 0.1),
		atMost("main-thread CPU per request, 64 in flight", "main.w64", peers.Batch, 1.2),
		firstReply("first reply, slow line, cold cache", "first.slow.cold"),
		firstReply("first reply, slow line, warm cache", "first.slow.warm"),
		absolute("longest main-thread task at start-up", "< 50 ms", 50, "ms", "task.cold", "task.warm"),
		absolute("download", "≤ 640 KB brotli", 640_000, "B", "size.brotli"),
		Bar{Row: "memory after the last call", Want: "≤ 1.05× that after 1,000", Limit: 1.05, AtMost: true, Measure: memoryGrowth},
		Bar{Row: "growth", Want: "µs per request with 100,000 in flight ≤ 1.5× that with 100", Limit: 1.5, AtMost: true, Measure: windowGrowth},
		atMost("server CPU per request, 64 in flight", "server.w64", all.SocketIO, 1.0/8),
		absolute("server memory per idle connection", "≤ 20 KB", 20_000.0/1024, "KiB", "idle.each"),
	)
	return slices.Concat(list, hostBars(), streamBars())
}

func atLeast(title, row string, rival *peers.Peer, times float64) Bar {
	return Bar{Row: title, Want: fmt.Sprintf("≥ %s× %s", short(times), rival.Name), Limit: times, Measure: between(row, ours, rival.Name)}
}

func atMost(title, row string, rival *peers.Peer, times float64) Bar {
	return Bar{Row: title, Want: fmt.Sprintf("≤ %s× %s", short(times), rival.Name), Limit: times, AtMost: true, Measure: between(row, ours, rival.Name)}
}

// short writes 12, 1.2 and 0.125 as they are.
func short(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.4g", v), ".0") }

// aheadOfAll compares with the best of the others.
func aheadOfAll(row string) func(*Results) (float64, string, bool) {
	return func(r *Results) (float64, string, bool) {
		best, name := 0.0, ""
		for peer := range r.Samples[row] {
			if m, _ := r.median(row, peer); !slices.Contains(everyHost, peer) && m > best {
				best, name = m, peer
			}
		}
		v, ok := r.ratio(row, ours, name)
		return v, fmt.Sprintf("%.3g× %s", v, name), ok
	}
}

// firstReply compares with the faster of socket.io's two ways to start.
func firstReply(title, row string) Bar {
	return Bar{Row: title, Want: "≤ 1× socket.io", Limit: 1, AtMost: true, Measure: func(r *Results) (float64, string, bool) {
		rival := all.SocketIO.Name
		a, ok := r.median(row, all.SocketIO.Name)
		if b, found := r.median(row, pollingFirst); found && (!ok || b < a) {
			rival = pollingFirst
		}
		v, ok := r.ratio(row, ours, rival)
		mine, _ := r.median(row, ours)
		theirs, _ := r.median(row, rival)
		return v, fmt.Sprintf("%.3g× (%s against %s ms)", v, stats.Number(mine), stats.Number(theirs)), ok
	}}
}

func absolute(title, want string, limit float64, unit string, rows ...string) Bar {
	return Bar{Row: title, Want: want, Limit: limit, AtMost: true, Measure: worst(ours, unit, rows...)}
}

// memoryGrowth adds JavaScript's and wasm's memory.
func memoryGrowth(r *Results) (float64, string, bool) {
	sum := func(id string) (float64, bool) {
		heap, ok1 := r.median("heap."+id, ours)
		wasm, ok2 := r.median("wasm."+id, ours)
		return heap + wasm, ok1 && ok2
	}
	early, ok1 := sum("1k")
	late, ok2 := sum("1m")
	return late / early, fmt.Sprintf("%.3g× (%s against %s KiB)", late/early, stats.Number(late), stats.Number(early)), ok1 && ok2
}

func windowGrowth(r *Results) (float64, string, bool) {
	few, many := r.Samples[growthID(windows[0])][ours], r.Samples[growthID(windows[len(windows)-1])][ours]
	ratios := stats.Ratios(many, few)
	v := stats.Median(ratios)
	return v, fmt.Sprintf("%.3g×", v), len(ratios) > 0
}
