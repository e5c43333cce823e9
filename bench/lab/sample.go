package lab

import (
	"os"
	"time"

	"github.com/sockjax/sockjax/bench/peers"
)

// A Load is how a page calls: so many calls in flight, of so many bytes of
// JSON each way.
type Load struct{ Window, Size int }

// QuickLoads are those of the commands that take a minute.
var QuickLoads = []Load{{Window: 1, Size: 100}, {Window: 64, Size: 100}, {Window: 1000, Size: 100}, {Window: 64, Size: 10_000}}

// A Sample is what one stretch of load gave. CPU times are per request.
type Sample struct {
	Rate                  float64 // replies per second
	Main, Browser, Server time.Duration
}

// run are the arguments of bench.run in page/load.js.
type run struct {
	Window int   `json:"window"`
	Size   int   `json:"size"`
	MS     int64 `json:"ms"`
}

// flown is what bench.run and bench.calls return.
type flown struct {
	Replies float64 `json:"replies"`
	MS      float64 `json:"ms"`
}

// Run puts a peer under load and checks every reply.
func (s *Stage) Run(p *peers.Peer, l Load, length time.Duration) (Sample, error) {
	tab, err := s.Tab(p)
	if err != nil {
		return Sample{}, err
	}
	return s.sample(p, tab, "bench.run", run{l.Window, l.Size, length.Milliseconds()})
}

// sample runs a function of the page which returns flown.
func (s *Stage) sample(p *peers.Peer, tab *Tab, function string, argument any) (Sample, error) {
	before, err := s.usage(p, tab)
	if err != nil {
		return Sample{}, err
	}
	f, err := Call[flown](tab, function, argument)
	if err != nil {
		return Sample{}, err
	}
	after, err := s.usage(p, tab)
	if err != nil {
		return Sample{}, err
	}
	s.Noise.note(before, after)
	per := func(before, after time.Duration) time.Duration {
		return time.Duration(float64(after-before) / f.Replies)
	}
	return Sample{
		Rate:    f.Replies / f.MS * 1000,
		Main:    per(before.main, after.main),
		Browser: per(before.browser, after.browser),
		Server:  per(before.server, after.server),
	}, nil
}

// Calls makes so many calls through a tab and returns the time for each.
func (t *Tab) Calls(count int, l Load) (time.Duration, error) {
	f, err := Call[flown](t, "bench.calls", struct {
		Count  int `json:"count"`
		Window int `json:"window"`
		Size   int `json:"size"`
	}{count, l.Window, l.Size})
	if err != nil {
		return 0, err
	}
	return time.Duration(f.MS / f.Replies * float64(time.Millisecond)), nil
}

// RunTab puts a tab under load and returns the number of replies.
func (t *Tab) RunTab(l Load, length time.Duration) (float64, error) {
	f, err := Call[flown](t, "bench.run", run{l.Window, l.Size, length.Milliseconds()})
	return f.Replies, err
}

// A Latency sums up one call at a time, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Latency makes one call at a time while others are kept in flight.
func (s *Stage) Latency(p *peers.Peer, others, size int, length time.Duration) (Latency, error) {
	tab, err := s.Tab(p)
	if err != nil {
		return Latency{}, err
	}
	return Call[Latency](tab, "bench.latency", struct {
		Others int   `json:"others"`
		Size   int   `json:"size"`
		MS     int64 `json:"ms"`
	}{others, size, length.Milliseconds()})
}

// usage is the CPU time that has been used up to a moment.
type usage struct {
	at                          time.Time
	main, browser, server, self time.Duration
	busy, stolen                time.Duration
}

func (s *Stage) usage(p *peers.Peer, tab *Tab) (u usage, err error) {
	process, err := s.Server(p)
	if err != nil {
		return u, err
	}
	metrics, err := tab.Metrics()
	if err != nil {
		return u, err
	}
	u.main = metrics.MainThread()
	if u.browser, err = s.Browser.CPU(); err != nil {
		return u, err
	}
	if u.server, err = ProcessCPU(process.PID); err != nil {
		return u, err
	}
	if u.self, err = ProcessCPU(os.Getpid()); err != nil {
		return u, err
	}
	u.busy, u.stolen = Busy()
	u.at = time.Now()
	return u, nil
}

// note keeps the worst. Samples that are too short for the clock of /proc/stat,
// which steps by 10 ms, say nothing.
func (n *Noise) note(before, after usage) {
	took := after.at.Sub(before.at)
	if took < 200*time.Millisecond {
		return
	}
	ours := after.browser - before.browser + after.server - before.server + after.self - before.self
	n.Others = max(n.Others, float64(after.busy-before.busy-ours)/float64(took))
	n.Stolen = max(n.Stolen, float64(after.stolen-before.stolen)/float64(took))
}
