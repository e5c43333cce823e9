package main

import (
	"fmt"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers/all"
)

// A Row is one quantity, which is measured of several peers.
type Row struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Unit  string `json:"unit"`
}

// A Section is a table of the report: rows side by side, a line for each peer.
type Section struct {
	Group   string // what -rows names, and what is measured together
	Title   string
	About   string
	Rows    []Row
	RatioTo string // if set, a second table divides all peers by this one
}

// loads are the columns of the first tables.
var loads = []struct {
	lab.Load
	id, title string
}{
	{lab.Load{Window: 1, Size: 100}, "w1", "1 in flight"},
	{lab.Load{Window: 64, Size: 100}, "w64", "64 in flight"},
	{lab.Load{Window: 1000, Size: 100}, "w1000", "1,000 in flight"},
	{lab.Load{Window: 64, Size: 10_000}, "w64-10k", "64 in flight, 10 KB"},
	{lab.Load{Window: 64, Size: 1_000_000}, "w64-1m", "64 in flight, 1 MB"},
}

// windows of the growth row.
var windows = []int{100, 10_000, 100_000}

func loadRows(prefix, unit string) (rows []Row) {
	for _, l := range loads {
		rows = append(rows, Row{prefix + l.id, l.title, unit})
	}
	return rows
}

// Sections are all tables, in the order of the report and of the measuring.
var Sections = []Section{
	{Group: "load", Title: "Requests per second", About: "100 B of JSON each way, where nothing else is said. More is better.",
		Rows: loadRows("rate.", "1/s"), RatioTo: all.SocketIO.Name},
	{Group: "load", Title: "CPU time of the page's main thread, µs per request", About: "Less is better.",
		Rows: loadRows("main.", "µs")},
	{Group: "load", Title: "CPU time of the whole browser, µs per request", About: "All of Chromium's processes. Less is better.",
		Rows: loadRows("browser.", "µs")},
	{Group: "load", Title: "CPU time of the server, µs per request", About: "Less is better.",
		Rows: loadRows("server.", "µs")},
	{Group: "latency", Title: "Latency, ms", About: "100 B; one call at a time, alone and while 64 others are kept in flight. Less is better.",
		Rows: []Row{
			{"p50.alone", "p50, alone", "ms"}, {"p99.alone", "p99, alone", "ms"},
			{"p50.busy", "p50, 64 others", "ms"}, {"p99.busy", "p99, 64 others", "ms"},
		}},
	{Group: "lone", Title: "A lone call, µs of CPU time", About: "100 B, one call at a time: where its time goes. The main thread is split by the shares of a profile; the browser's is what scripts call there, such as send, and what calls them. The rest of the browser are its other threads, workers among them, and processes. Less is better.",
		Rows: []Row{
			{"lone.rate", "calls/s", "1/s"}, {"lone.main", "main thread", "µs"},
			{"lone.client", "of it JavaScript of the client", "µs"}, {"lone.go", "Go", "µs"},
			{"lone.native", "browser", "µs"}, {"lone.bench", "benchmark", "µs"},
			{"lone.browser", "rest of the browser", "µs"}, {"lone.server", "server", "µs"},
		}},
	{Group: "wire", Title: "Bytes on the TCP connection per request", About: "Counted by a proxy; TLS is in the numbers of HTTP/2. Less is better.",
		Rows: []Row{
			{"up.w1", "1 in flight, up", "B"}, {"down.w1", "down", "B"},
			{"up.w64", "64 in flight, up", "B"}, {"down.w64", "down", "B"},
			{"up.w64-10k", "10 KB, up", "B"}, {"down.w64-10k", "down", "B"},
		}},
	{Group: "start", Title: "From navigation to the first reply, ms", About: "Cold: the browser has nothing cached. Warm: the third visit. Slow: 9 Mbit/s and 170 ms round trip for page and WebSocket. Less is better.",
		Rows: []Row{
			{"first.slow.cold", "slow, cold", "ms"}, {"first.slow.warm", "slow, warm", "ms"},
			{"first.free.cold", "loopback, cold", "ms"}, {"first.free.warm", "loopback, warm", "ms"},
			{"task.cold", "longest task, cold", "ms"}, {"task.warm", "longest task, warm", "ms"},
			{"taskcpu.cold", "most CPU time of a task, cold", "ms"}, {"taskcpu.warm", "warm", "ms"},
		}},
	{Group: "size", Title: "What a page downloads, bytes", About: "Minified, for the client alone; fetch and bare WebSockets are the code of the benchmark. Less is better.",
		Rows: []Row{{"size.raw", "raw", "B"}, {"size.brotli", "brotli -11", "B"}}},
	{Group: "memory", Title: "Memory of the page, KiB", About: "JavaScript objects alive, and wasm's linear memory, which holds all of Go.",
		Rows: []Row{
			{"heap.start", "JS, at start", "KiB"}, {"wasm.start", "wasm", "KiB"},
			{"heap.1k", "JS, after 1,000 calls", "KiB"}, {"wasm.1k", "wasm", "KiB"},
			{"heap.1m", "JS, after the last call", "KiB"}, {"wasm.1m", "wasm", "KiB"},
		}},
	{Group: "tabs", Title: "Ten tabs of one visitor", About: "In one profile, each after 1,000 calls. Memory is JavaScript objects alive and wasm's linear memory. What a shared worker holds counts with the first tab, and what it holds more for the others with those. Less is better.",
		Rows: []Row{
			{"tabs.connections", "connections at the server", ""}, {"tabs.sessions", "sessions", ""},
			{"tabs.first", "KiB of the first tab", "KiB"}, {"tabs.later", "of each of the others", "KiB"},
		}},
	{Group: "hidden", Title: "Rhythm in a hidden tab, seconds", About: "What should happen each 5 s: how far from that the worst pause was. The page's own timer shows how the browser slows hidden pages down: to a beat a minute. Calls are made when a worker of the application's ticks, and count when the reply has come. Heartbeats are those of a silent client, as they leave the browser. Less is better.",
		Rows: []Row{
			{"hidden.timer", "a timer of the page", "s"}, {"hidden.calls", "calls", "s"},
			{"hidden.beats", "heartbeats", "s"}, {"hidden.opened", "connections of both clients, at most", ""},
		}},
	{Group: "growth", Title: "Growth: µs per request", About: "Elapsed time of 200,000 calls, by how many are in flight. Less is better.",
		Rows: growthRows()},
	{Group: "parts", Title: "Streamed parts per second", About: "100 B of JSON each, one stream of 10,000 parts and 64 of 250, again and again: streams of sockjax, events of socket.io, a ReadableStream of capnweb, publications of centrifuge to a channel of the page's own. More is better.",
		Rows: []Row{{"parts.s1", "one stream", "1/s"}, {"parts.s64", "64 streams", "1/s"}}, RatioTo: all.SocketIO.Name},
	{Group: "parts", Title: "CPU time, µs per part", About: "Less is better.",
		Rows: []Row{
			{"parts.main.s1", "main thread, one stream", "µs"}, {"parts.main.s64", "64 streams", "µs"},
			{"parts.server.s1", "server, one stream", "µs"}, {"parts.server.s64", "64 streams", "µs"},
		}},
	{Group: "transfer", Title: "Transfers, MB/s", About: "100 MB over loopback, and 10 MB over a line of 100 Mbit/s and 170 ms round trip, connections open. fetch is HTTP/1.1. More is better.",
		Rows: []Row{
			{"download.large", "download, 100 MB", "MB/s"}, {"upload.large", "upload, 100 MB", "MB/s"},
			{"download.long", "download, 10 MB, long line", "MB/s"},
		}, RatioTo: all.FetchHTTP1.Name},
	{Group: "transfer", Title: "Memory of transfers, MiB", About: "The most that page and server had above what they had idle while 100 MB passed, after collections. Less is better.",
		Rows: []Row{
			{"memory.page.download", "page, download", "MiB"}, {"memory.page.upload", "upload", "MiB"},
			{"memory.server.download", "server, download", "MiB"}, {"memory.server.upload", "upload", "MiB"},
		}},
	{Group: "beside", Title: "A small call beside transfers, p99, ms", About: "100 B, one at a time, alone and while downloads and uploads pass at the same time. Slow: 9 Mbit/s and 170 ms round trip. Less is better.",
		Rows: []Row{
			{"beside.idle.free", "loopback, alone", "ms"}, {"beside.busy.free", "beside", "ms"},
			{"beside.idle.slow", "slow, alone", "ms"}, {"beside.busy.slow", "beside", "ms"},
		}},
	{Group: "fanout", Title: "Fan-out", About: "One publisher and 1,000 subscribers, native clients in a process of their own, 100 B a message.",
		Rows: []Row{{"fanout.rate", "deliveries per second, more is better", "1/s"}, {"fanout.server", "CPU time of the server for each, less is better", "µs"}}, RatioTo: all.Centrifuge.Name},
	{Group: "idle", Title: "Memory of the server", About: "Connections that have made one call each and then fallen silent; what the kernel holds for them is not in it. Less is better.",
		Rows: []Row{{"idle.each", "KiB per connection", "KiB"}, {"idle.all", "MiB of the process with all of them", "MiB"}}},
}

func growthRows() (rows []Row) {
	for _, w := range windows {
		rows = append(rows, Row{growthID(w), fmt.Sprintf("%d in flight", w), "µs"})
	}
	return rows
}

func growthID(window int) string { return fmt.Sprintf("growth.%d", window) }
