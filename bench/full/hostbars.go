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
		{Row: "worker host, longest main-thread task at start-up", Want: "≤ 16 ms", Limit: 16, AtMost: true, Measure: worst(worker, "ms", "task.cold", "task.warm")},
		{Row: "shared host, longest main-thread task at start-up", Want: "≤ 16 ms", Limit: 16, AtMost: true, Measure: worst(shared, "ms", "task.cold", "task.warm")},
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
