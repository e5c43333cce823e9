// Command compare says what a change has brought: it runs sockjax as built from
// this checkout and from another one by turns in one Chromium, against the same
// server, or with -server each against its own.
//
//	git worktree add ../../before HEAD~1
//	go run ./compare -with ../../before
//	go run ./compare -with ../../before -server -client "a frame a request"
//
// A ratio above 1 means that this checkout is faster, or takes less time of
// the main thread. Behind it stands its 95 % interval: a page compared with
// itself gives 0.95 to 1.02 in 9 repetitions, so take 40 where percents count.
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

func main() {
	peers.RunAsServer([]*peers.Peer{peers.Sockjax})
	var c comparison
	flag.StringVar(&c.with, "with", "", "the `directory` of the other checkout")
	flag.BoolVar(&c.servers, "server", false, "each against its own server")
	flag.StringVar(&c.client, "client", peers.Sockjax.Name, "sockjax, or with -server a hand-written `client`, which is the same for both")
	flag.IntVar(&c.reps, "reps", 15, "repetitions")
	flag.DurationVar(&c.sample, "sample", 500*time.Millisecond, "length of one sample")
	flag.Parse()
	if c.with == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

type comparison struct {
	with    string
	servers bool
	client  string
	reps    int
	sample  time.Duration

	both [2]*peers.Peer // of this checkout, of the other
}

func (c *comparison) run() error {
	samples := 2 * (c.reps + 1) * len(lab.QuickLoads)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute+time.Duration(samples)*2*c.sample)
	defer cancel()
	if err := c.choose(); err != nil {
		return err
	}
	stage, err := lab.NewStage(ctx, c.both[:], false)
	if err != nil {
		return err
	}
	defer stage.Close()
	if err := c.build(ctx, stage.Site.Dir); err != nil {
		return err
	}
	fmt.Println("| in flight, size | replies/s | other | ratio | main thread, µs | other | ratio |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	for _, l := range lab.QuickLoads {
		if err := c.row(stage, l); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) choose() error {
	for _, p := range []*peers.Peer{peers.Sockjax, peers.Batch, peers.Frames} {
		if p.Name != c.client {
			continue
		}
		other := *p
		if p == peers.Sockjax {
			other = *peers.Other
		} else if !c.servers {
			return fmt.Errorf("the client %q is the same in both checkouts: compare the servers with -server", p.Name)
		}
		c.both = [2]*peers.Peer{p, &other}
		return nil
	}
	return fmt.Errorf("no client %q here", c.client)
}

// build builds the other checkout by its own commands: how a page is built may
// be what has changed.
func (c *comparison) build(ctx context.Context, site string) error {
	in := func(dir string, args ...string) error {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("failed to build what is in %s: %w", dir, err)
		}
		return nil
	}
	if err := in(c.with, "run", "./internal/build/cmd/dist", "-o", filepath.Join(site, "other")); err != nil {
		return err
	}
	if !c.servers {
		return nil
	}
	server := *c.both[1].Server
	server.In = filepath.Join(site, "other-server")
	c.both[1].Server = &server
	return in(filepath.Join(c.with, "bench"), "build", "-o", server.In, "./compare")
}

// row compares under one load. The first repetition warms up.
func (c *comparison) row(stage *lab.Stage, l lab.Load) error {
	var rates, mains [2][]float64
	for rep := -1; rep < c.reps; rep++ {
		for i := range c.both {
			i = (i + max(rep, 0)) % len(c.both)
			s, err := stage.Run(c.both[i], l, c.sample)
			if err != nil {
				return fmt.Errorf("%s: %w", c.both[i].Name, err)
			}
			if rep >= 0 {
				rates[i] = append(rates[i], s.Rate)
				mains[i] = append(mains[i], float64(s.Main.Nanoseconds())/1000)
			}
		}
	}
	fmt.Printf("| %d, %d B | %s | %s | %s | %s | %s | %s |\n", l.Window, l.Size,
		stats.Summarize(rates[0]), stats.Summarize(rates[1]), ratio(stats.Ratios(rates[0], rates[1])),
		stats.Summarize(mains[0]), stats.Summarize(mains[1]), ratio(stats.Ratios(mains[1], mains[0])))
	return nil
}

func ratio(samples []float64) string {
	low, high := stats.Interval(samples)
	return fmt.Sprintf("%.3f (%.3f..%.3f)", stats.Median(samples), low, high)
}
