package main

import (
	"fmt"

	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
	"github.com/sockjax/sockjax/bench/stats"
)

// hostBars are those of socket and wasm out of the page.
func hostBars() []Bar {
	worker, shared := peers.Worker.Name, peers.Shared.Name
	return []Bar{
		{Row: "worker host, requests/s, 64 in flight", Want: "≥ 0.5× the page host", Limit: 0.5, Measure: between("rate.w64", worker, ours)},
		{Row: "worker host, requests/s, 1,000 in flight", Want: "≥ 0.7× the page host", Limit: 0.7, Measure: between("rate.w1000", worker, ours)},
		{Row: "worker host, requests/s, 64 in flight", Want: "≥ 4× socket.io in the page", Limit: 4, Measure: between("rate.w64", worker, all.SocketIO.Name)},
		{Row: "worker host, requests/s, 1,000 in flight", Want: "≥ 4× socket.io in the page", Limit: 4, Measure: between("rate.w1000", worker, all.SocketIO.Name)},
		{Row: "worker host, main-thread CPU per request, 64 in flight", Want: "≤ 1.5× the page host", Limit: 1.5, AtMost: true, Measure: between("main.w64", worker, ours)},
		{Row: "worker host, longest main-thread task at start-up", Want: "≤ 16 ms", Limit: 16, AtMost: true, Measure: longest(worker)},
		{Row: "shared host, longest main-thread task at start-up", Want: "≤ 16 ms", Limit: 16, AtMost: true, Measure: longest(shared)},
		{Row: "shared host, 10 tabs", Want: "1 connection", Limit: 1, AtMost: true, Measure: count("tabs.connections")},
		{Row: "shared host, 10 tabs", Want: "1 session", Limit: 1, AtMost: true, Measure: count("tabs.sessions")},
		{Row: "shared host, 10 tabs", Want: "memory of each later tab ≤ 1/4 of the first's", Limit: 0.25, AtMost: true, Measure: laterTabs},
		{Row: "hidden tab, shared host", Want: "a call each 5 s keeps its rhythm, ± 1 s", Limit: 1, AtMost: true, Measure: worst(shared, "s", "hidden.calls")},
		{Row: "hidden tab, shared host", Want: "a heartbeat each 5 s keeps its rhythm, ± 1 s", Limit: 1, AtMost: true, Measure: worst(shared, "s", "hidden.beats")},
		{Row: "hidden tab, shared host", Want: "keeps its connection", Limit: 1, AtMost: true, Measure: count("hidden.opened")},
	}
}

// between is the ratio of two peers.
func between(row, peer, by string) func(*Results) (float64, string, bool) {
	return func(r *Results) (float64, string, bool) {
		v, ok := r.ratio(row, peer, by)
		return v, fmt.Sprintf("%.3g×", v), ok
	}
}

// worst is the greatest median of a peer's rows.
func worst(peer, unit string, rows ...string) func(*Results) (float64, string, bool) {
	return func(r *Results) (float64, string, bool) {
		most, any := 0.0, false
		for _, row := range rows {
			if v, ok := r.median(row, peer); ok {
				most, any = max(most, v), true
			}
		}
		return most, stats.Number(most) + " " + unit, any
	}
}

// longest also tells how much CPU time a task took at most: the rest of a long
// one is what other threads and processes had the processor for.
func longest(peer string) func(*Results) (float64, string, bool) {
	took, cpu := worst(peer, "ms", "task.cold", "task.warm"), worst(peer, "ms", "taskcpu.cold", "taskcpu.warm")
	return func(r *Results) (float64, string, bool) {
		v, shown, ok := took(r)
		_, most, _ := cpu(r)
		return v, shown + " (of CPU time " + most + ")", ok
	}
}

// count is of the shared host.
func count(row string) func(*Results) (float64, string, bool) {
	return func(r *Results) (float64, string, bool) {
		n, ok := r.median(row, peers.Shared.Name)
		return n, fmt.Sprintf("%.0f", n), ok
	}
}

func laterTabs(r *Results) (float64, string, bool) {
	first, ok1 := r.median("tabs.first", peers.Shared.Name)
	later, ok2 := r.median("tabs.later", peers.Shared.Name)
	return later / first, fmt.Sprintf("%.3g× (%s against %s KiB)", later/first, stats.Number(later), stats.Number(first)), ok1 && ok2
}
