// Command compare says what a change to the page's side has brought: it runs
// sockjax as built from this checkout and from another one against the same
// server, by turns, in one Chromium.
//
//	git worktree add ../../before HEAD~1
//	go run ./compare -with ../../before
//
// A ratio above 1 means that this checkout is faster, or takes less time of
// the main thread. Two runs of the same page differ by some percent.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/stats"
)

var both = []*peers.Peer{peers.Sockjax, peers.Other}

func main() {
	peers.RunAsServer(both)
	with := flag.String("with", "", "the `directory` of the other checkout")
	reps := flag.Int("reps", 15, "repetitions")
	sample := flag.Duration("sample", 500*time.Millisecond, "length of one sample")
	flag.Parse()
	if *with == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*with, *reps, *sample); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(with string, reps int, sample time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute+time.Duration(reps)*time.Duration(2*len(lab.QuickLoads))*2*sample)
	defer cancel()
	stage, err := lab.NewStage(ctx, both, false)
	if err != nil {
		return err
	}
	defer stage.Close()
	// By its own command: how a page is built may be what has changed.
	dist := exec.CommandContext(ctx, "go", "run", "./internal/build/cmd/dist", "-o", filepath.Join(stage.Site.Dir, "other"))
	dist.Dir, dist.Stderr = with, os.Stderr
	if err := dist.Run(); err != nil {
		return fmt.Errorf("failed to build the page in %s: %w", with, err)
	}
	fmt.Println("| in flight, size | replies/s | other | ratio | main thread, µs | other | ratio |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	for _, l := range lab.QuickLoads {
		if err := compare(stage, l, reps, sample); err != nil {
			return err
		}
	}
	return nil
}

// compare prints a row. The first repetition warms up.
func compare(stage *lab.Stage, l lab.Load, reps int, sample time.Duration) error {
	var rates, mains [2][]float64
	for rep := -1; rep < reps; rep++ {
		for i := range both {
			i = (i + max(rep, 0)) % len(both)
			s, err := stage.Run(both[i], l, sample)
			if err != nil {
				return fmt.Errorf("%s: %w", both[i].Name, err)
			}
			if rep >= 0 {
				rates[i] = append(rates[i], s.Rate)
				mains[i] = append(mains[i], float64(s.Main.Nanoseconds())/1000)
			}
		}
	}
	fmt.Printf("| %d, %d B | %s | %s | %.3f | %s | %s | %.3f |\n", l.Window, l.Size,
		stats.Summarize(rates[0]), stats.Summarize(rates[1]), stats.Median(stats.Ratios(rates[0], rates[1])),
		stats.Summarize(mains[0]), stats.Summarize(mains[1]), stats.Median(stats.Ratios(mains[1], mains[0])))
	return nil
}
