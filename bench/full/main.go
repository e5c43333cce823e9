// Command full measures sockjax against its rivals, all in one headless
// Chromium, interleaved, and writes tables, charts and all samples.
//
//	go run ./full                            everything: twenty minutes
//	go run ./full -rows load,wire -reps 2    some tables, quickly
//	go run ./full -peers sockjax,socket.io   some peers
//
// ../README.md says how it measures, and what misleads.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/peers/all"
)

// settings are what a user may change.
type settings struct {
	Reps   int           `json:"reps"`
	Sample time.Duration `json:"sample"` // length of one sample
	Calls  int           `json:"calls"`  // of the memory rows
	Idle   int           `json:"idle"`   // connections of the idle row
	Hidden time.Duration `json:"hidden"` // how long the hidden row looks
	Peers  string        `json:"peers"`
	Rows   string        `json:"rows"`
	Out    string        `json:"-"`
}

func main() {
	peers.RunAsServer(slices.Concat(all.Peers, all.Streamers))
	if runSubscribers() {
		return
	}
	var s settings
	flag.IntVar(&s.Reps, "reps", 5, "repetitions")
	flag.DurationVar(&s.Sample, "sample", 500*time.Millisecond, "length of one sample")
	flag.IntVar(&s.Calls, "calls", 1_000_000, "calls of the memory rows, 1,000 at least")
	flag.IntVar(&s.Idle, "idle", 10_000, "connections of the idle rows")
	flag.DurationVar(&s.Hidden, "hidden", 3*time.Minute, "how long the row of hidden tabs looks, 10 s at least")
	flag.StringVar(&s.Peers, "peers", "", "names of peers, or parts of them, with commas between; default all")
	flag.StringVar(&s.Rows, "rows", "", "groups of rows, with commas between: "+strings.Join(groupNames(), ", ")+"; default all")
	flag.StringVar(&s.Out, "o", "", "the `directory` for the results; default results/ of this module")
	flag.Parse()
	if flag.NArg() > 0 || s.Reps < 1 || s.Sample <= 0 || s.Calls < 1000 || s.Idle < 1 || s.Hidden < 10*time.Second {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is one run.
type bench struct {
	settings
	*Results
	ctx   context.Context
	stage *lab.Stage
	peers []*peers.Peer
}

// A group is what is measured together. An error ends the run; what befalls a
// peer is noted as its failure.
type group struct {
	name    string
	measure func(*bench) error
}

var groups = []group{
	{"load", (*bench).load},
	{"latency", (*bench).latency},
	{"lone", (*bench).lone},
	{"wire", (*bench).wire},
	{"start", (*bench).start},
	{"size", (*bench).size},
	{"memory", (*bench).memory},
	{"tabs", (*bench).tabs},
	{"hidden", (*bench).hidden},
	{"growth", (*bench).growth},
	{"parts", (*bench).parts},
	{"transfer", (*bench).transfer},
	{"beside", (*bench).beside},
	{"fanout", (*bench).fanout},
	{"idle", (*bench).idle},
}

func groupNames() (names []string) {
	for _, s := range Sections {
		if !slices.Contains(names, s.Group) {
			names = append(names, s.Group)
		}
	}
	return names
}

func run(ctx context.Context, s settings) error {
	chosen, err := all.Select(s.Peers)
	if err != nil {
		return err
	}
	wanted := strings.Split(s.Rows, ",")
	for _, name := range wanted {
		if name != "" && !slices.Contains(groupNames(), name) {
			return fmt.Errorf("no group of rows is called %q: there are %s", name, strings.Join(groupNames(), ", "))
		}
	}
	stage, err := lab.NewStage(ctx, slices.Concat(chosen, all.Streamers), false)
	if err != nil {
		return err
	}
	defer stage.Close()
	b := &bench{settings: s, ctx: ctx, stage: stage, peers: chosen, Results: &Results{
		Machine: lab.ThisMachine(stage.Browser), Started: time.Now().UTC().Truncate(time.Second),
		Settings: s, Samples: map[string]map[string][]float64{},
	}}
	for _, g := range groups {
		if s.Rows != "" && !slices.Contains(wanted, g.name) {
			continue
		}
		begin := time.Now()
		if err := g.measure(b); err != nil {
			return fmt.Errorf("failed to measure %s: %w", g.name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %.0f s\n", g.name, time.Since(begin).Seconds())
	}
	return b.finish()
}

// finish judges the results and writes them.
func (b *bench) finish() error {
	var uses []string
	for _, p := range b.peers {
		uses = append(uses, p.Uses...)
	}
	var err error
	if b.Versions, err = lab.Versions(b.stage.Site.Bench, uses); err != nil {
		return err
	}
	b.Noise = b.stage.Noise
	b.Seconds = time.Since(b.Started).Round(time.Second).Seconds()
	b.Bars = judge(b.Results)
	out := b.Out
	if out == "" {
		out = filepath.Join(b.stage.Site.Bench, "results")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("failed to make the directory of the results: %w", err)
	}
	report := b.markdown(b.peers)
	fmt.Print(report)
	if err := os.WriteFile(filepath.Join(out, "README.md"), []byte(report), 0o644); err != nil {
		return fmt.Errorf("failed to write the report: %w", err)
	}
	if err := b.writeJSON(filepath.Join(out, "results.json")); err != nil {
		return err
	}
	return b.writeCharts(out)
}

// try measures something of a peer, unless it has failed at that before. A
// failure costs it the rows, and its tab, in which nothing can be relied on.
func (b *bench) try(p *peers.Peer, what string, rows []string, measure func() error) error {
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	if b.failed(p.Name, what) {
		return nil
	}
	if err := measure(); err != nil {
		b.fail(p.Name, what, rows, err)
		b.stage.Drop(p)
	}
	return b.ctx.Err()
}

func (b *bench) fail(peer, what string, rows []string, err error) {
	fmt.Fprintf(os.Stderr, "bench: %s: %s: %s\n", peer, what, firstLine(err.Error()))
	b.Failures = append(b.Failures, Failure{peer, what, err.Error()})
	b.drop(peer, rows...)
}

// turn is the order of a repetition: each peer comes first once, so that a
// machine that grows slower harms all of them alike.
func turn[T any](list []T, rep int) []T {
	n := max(rep, 0) % max(1, len(list))
	return slices.Concat(list[n:], list[:n])
}
