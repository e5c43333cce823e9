// Command quick compares, within a minute, sockjax with a plain-JavaScript
// client that sends a frame for each request, and with hand-written batching
// JavaScript, in headless Chromium against our own server.
//
//	go run ./quick
//
// Page, browser and server share the machine's cores, and machines are noisy:
// only the ratios, taken within each repetition, say something. ../full
// measures more, and against rivals.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
	"github.com/sockjax/sockjax/bench/stats"
)

var clients = []*peers.Peer{peers.Sockjax, peers.Frames, peers.Batch}

func main() {
	peers.RunAsServer(clients)
	reps := flag.Int("reps", 5, "repetitions")
	sample := flag.Duration("sample", 700*time.Millisecond, "length of one sample")
	flag.Parse()
	if err := run(*reps, *sample); err != nil {
		fmt.Fprintln(os.Stderr, "bench-quick:", err)
		os.Exit(1)
	}
}

func run(reps int, sample time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	stage, err := lab.NewStage(ctx, clients, false)
	if err != nil {
		return err
	}
	defer stage.Close()
	rates := map[lab.Load]map[*peers.Peer][]float64{}
	for rep := -1; rep < reps; rep++ { // the first warms up
		for _, l := range lab.QuickLoads {
			if rates[l] == nil {
				rates[l] = map[*peers.Peer][]float64{}
			}
			for i := range clients {
				p := clients[(i+max(rep, 0))%len(clients)]
				s, err := stage.Run(p, l, sample)
				if err != nil {
					return fmt.Errorf("%s: %w", p.Name, err)
				}
				if rep >= 0 {
					rates[l][p] = append(rates[l][p], s.Rate)
				}
			}
		}
	}
	report(rates)
	return firstReplies(stage, reps)
}

// firstReplies times a page's way to its first reply, each time from an origin
// for which the browser has cached nothing.
func firstReplies(stage *lab.Stage, reps int) error {
	link := lab.NewLink(0, 0)
	defer link.Close()
	var times []float64
	for range reps {
		door, err := stage.Door(lab.Starter{Name: "sockjax", Page: "/sockjax.html", Peer: peers.Sockjax}, link)
		if err != nil {
			return err
		}
		tab, ms, err := stage.Visit(door)
		if err != nil {
			return err
		}
		tab.Close()
		times = append(times, ms)
	}
	fmt.Printf("\nFirst reply %s ms after navigation, nothing cached, from loopback.\n", stats.Summarize(times))
	return nil
}

// report prints medians, and the median of the ratios within repetitions.
func report(rates map[lab.Load]map[*peers.Peer][]float64) {
	fmt.Println("Replies per second, median (min..max); ratios are medians within repetitions.")
	fmt.Println()
	fmt.Println("| in flight, size | sockjax | a frame a request | hand-written batching | sockjax ÷ frames | sockjax ÷ batching |")
	fmt.Println("|---|--:|--:|--:|--:|--:|")
	for _, l := range lab.QuickLoads {
		sockjax, frames, batch := rates[l][peers.Sockjax], rates[l][peers.Frames], rates[l][peers.Batch]
		fmt.Printf("| %d, %d B | %s | %s | %s | %.2f | %.2f |\n", l.Window, l.Size,
			stats.Summarize(sockjax), stats.Summarize(frames), stats.Summarize(batch),
			stats.Median(stats.Ratios(sockjax, frames)), stats.Median(stats.Ratios(sockjax, batch)))
	}
}
