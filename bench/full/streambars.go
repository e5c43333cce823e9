package main

import (
	"fmt"

	"github.com/sockjax/sockjax/bench/peers/all"
	"github.com/sockjax/sockjax/bench/stats"
)

// streamBars are those of streams, bodies and topics.
func streamBars() []Bar {
	var list []Bar
	for _, s := range streams {
		row, title := "parts."+s.id, "streamed parts of 100 B, "+s.title
		list = append(list,
			atLeast(title, row, all.SocketIO, 3),
			atLeast(title, row, all.CapnWeb, 3),
			atLeast(title, row, all.Centrifuge, 1))
	}
	return append(list,
		atLeast("download, 100 MB", "download.large", all.FetchHTTP1, 0.7),
		atLeast("upload, 100 MB", "upload.large", all.FetchHTTP1, 0.7),
		atLeast("download, 10 MB at 170 ms and 100 Mbit/s", "download.long", all.FetchHTTP1, 0.8),
		Bar{Row: "small call beside transfers, p99, loopback", Want: "≤ 3× idle", Limit: 3, AtMost: true, Measure: besideFree},
		Bar{Row: "small call beside transfers, p99, 9 Mbit/s", Want: "≤ idle + 30 ms", Limit: 30, AtMost: true, Measure: besideSlow},
		atLeast("fan-out, deliveries/s", "fanout.rate", all.Centrifuge, 1),
		atMost("fan-out, server CPU per delivery", "fanout.server", all.Centrifuge, 1),
		absolute("memory of the page during 100 MB", "≤ 8 MiB above idle", 8, "MiB", "memory.page.download", "memory.page.upload"),
		absolute("memory of the server during 100 MB", "≤ 8 MiB above idle", 8, "MiB", "memory.server.download", "memory.server.upload"),
	)
}

func besideFree(r *Results) (float64, string, bool) {
	idle, ok1 := r.median("beside.idle.free", ours)
	busy, ok2 := r.median("beside.busy.free", ours)
	return busy / idle, fmt.Sprintf("%.3g× (%s against %s ms)", busy/idle, stats.Number(busy), stats.Number(idle)), ok1 && ok2
}

func besideSlow(r *Results) (float64, string, bool) {
	idle, ok1 := r.median("beside.idle.slow", ours)
	busy, ok2 := r.median("beside.busy.slow", ours)
	return busy - idle, fmt.Sprintf("+%s ms (%s against %s)", stats.Number(busy-idle), stats.Number(busy), stats.Number(idle)), ok1 && ok2
}
