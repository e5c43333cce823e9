package main

import "testing"

func TestHostBars(t *testing.T) {
	r := results(map[string]map[string][]float64{
		"rate.w64":         {"sockjax": {100, 50}, "sockjax in a worker": {60, 30}, "sockjax in a shared worker": {1, 1}, "socket.io": {20, 10}},
		"rate.w1000":       {"sockjax": {100, 50}, "sockjax in a worker": {60, 30}},
		"rate.w64-10k":     {"sockjax": {50, 50}, "sockjax in a worker": {70, 70}, "socket.io": {40, 40}},
		"main.w64":         {"sockjax": {4, 4}, "sockjax in a worker": {8, 6}},
		"task.cold":        {"sockjax in a worker": {10, 12}, "sockjax in a shared worker": {10, 10}},
		"task.warm":        {"sockjax in a worker": {17, 18}, "sockjax in a shared worker": {15, 16}},
		"tabs.connections": {"sockjax": {10}, "sockjax in a shared worker": {1}},
		"tabs.sessions":    {"sockjax in a shared worker": {2}},
		"tabs.first":       {"sockjax in a shared worker": {8000}},
		"tabs.later":       {"sockjax in a shared worker": {2000}},
		"hidden.calls":     {"sockjax": {50}, "sockjax in a shared worker": {0.5}},
		"hidden.opened":    {"sockjax in a shared worker": {2}},
	})
	for _, tt := range []struct {
		row, bar, met string
		value         float64
	}{
		{"worker host, requests/s, 64 in flight", "the page host", "yes", 0.6},
		{"worker host, requests/s, 64 in flight", "socket.io", "no", 3},
		{"worker host, requests/s, 1,000 in flight", "the page host", "no", 0.6},
		{"worker host, requests/s, 1,000 in flight", "socket.io", "not measured", 0},
		{"worker host, main-thread CPU per request, 64 in flight", "the page host", "no", 1.75},
		{"worker host, longest main-thread task at start-up", "16", "no", 17.5},
		{"shared host, longest main-thread task at start-up", "16", "yes", 15.5},
		{"shared host, 10 tabs", "connection", "yes", 1},
		{"shared host, 10 tabs", "session", "no", 2},
		{"shared host, 10 tabs", "memory", "yes", 0.25},
		{"hidden tab, shared host", "a call", "yes", 0.5},
		{"hidden tab, shared host", "heartbeat", "not measured", 0},
		{"hidden tab, shared host", "connection", "no", 2},
		{"10 KB, 64 in flight", "every peer", "yes", 1.25}, // its own other hosts are none
	} {
		got := met(t, r, tt.row, tt.bar)
		if got.Met != tt.met || got.Value != tt.value {
			t.Errorf("%s, %s: %v, %s; want %v, %s", tt.row, got.Bar, got.Value, got.Met, tt.value, tt.met)
		}
	}
}

func TestOffBeat(t *testing.T) {
	for _, tt := range []struct {
		name    string
		moments []float64
		want    float64
	}{
		{"in time", []float64{0, 3000, 8000, 13_000, 14_000}, 0},
		{"late, then early", []float64{0, 5000, 10_500, 15_000, 20_000, 21_000}, 0.5},
		{"too often", []float64{0, 5000, 7000, 12_000}, 3},
		{"once a minute", []float64{0, 5000, 65_000, 66_000}, 55},
		{"not at all", []float64{0, 180_000}, 175},
		{"late at first", []float64{0, 7000, 12_000}, 2},
		{"no more", []float64{0, 5000, 25_000}, 15},
	} {
		if got := offBeat(tt.moments); got != tt.want {
			t.Errorf("%s: %v s, want %v", tt.name, got, tt.want)
		}
	}
}
