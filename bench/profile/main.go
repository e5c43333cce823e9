// Command profile says where a peer's page, or its worker, spends the time of its
// thread under load, by the samples of Chromium's profiler.
//
//	go run ./profile -peer sockjax -window 64
//	go run ./profile -transfer download
//
// A sampled page is slower than another: the shares count, not the times.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sockjax/sockjax/bench/lab"
	"github.com/sockjax/sockjax/bench/peers"
)

var clients = []*peers.Peer{peers.Sockjax, peers.Worker, peers.Shared, peers.Batch, peers.Frames, peers.Bare}

func main() {
	peers.RunAsServer(append(clients, peers.Streams))
	name := flag.String("peer", peers.Sockjax.Name, "whose page: "+names())
	window := flag.Int("window", 64, "calls in flight")
	size := flag.Int("size", 100, "bytes of JSON in each")
	length := flag.Duration("time", 3*time.Second, "how long to look")
	transfer := flag.String("transfer", "", "download or upload: 100 MB by streams in place of calls")
	worker := flag.Bool("worker", false, "of a host in a worker: the worker's thread, not the page's")
	top := flag.Int("top", 40, "functions to print")
	flag.Parse()
	if *transfer != "" {
		if err := runTransfer(*transfer, *top); err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*name, lab.Load{Window: *window, Size: *size}, *length, *worker, *top); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

func names() string {
	var list []string
	for _, p := range clients {
		list = append(list, p.Name)
	}
	return strings.Join(list, ", ")
}

func run(name string, load lab.Load, length time.Duration, worker bool, top int) error {
	var peer *peers.Peer
	for _, p := range clients {
		if p.Name == name {
			peer = p
		}
	}
	if peer == nil {
		return fmt.Errorf("no peer %q: there are %s", name, names())
	}
	ctx, cancel := context.WithTimeout(context.Background(), length+2*time.Minute)
	defer cancel()
	stage, err := lab.NewStage(ctx, []*peers.Peer{peer}, true)
	if err != nil {
		return err
	}
	defer stage.Close()
	if _, err := stage.Run(peer, load, time.Second); err != nil { // warms up
		return err
	}
	tab, err := stage.Tab(peer)
	if err != nil {
		return err
	}
	var sample lab.Sample
	sampled := tab.Profile
	if worker {
		w, err := findWorker(stage, peer)
		if err != nil {
			return err
		}
		sampled = w.Profile
	}
	profile, err := sampled(func() (err error) {
		sample, err = stage.Run(peer, load, length)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d in flight, %d B: %.0f replies/s, %.2f µs of the main thread for each\n\n",
		peer.Name, load.Window, load.Size, sample.Rate, float64(sample.Main.Nanoseconds())/1000)
	printTable(profile, top)
	return nil
}

// transferBytes is how many bytes pass.
const transferBytes = 100 << 20

func runTransfer(way string, top int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	stage, err := lab.NewStage(ctx, []*peers.Peer{peers.Streams}, true)
	if err != nil {
		return err
	}
	defer stage.Close()
	if _, err := stage.Transfer(peers.Streams, nil, way, transferBytes); err != nil { // warms up
		return err
	}
	tab, err := stage.Tab(peers.Streams)
	if err != nil {
		return err
	}
	var ms float64
	profile, err := tab.Profile(func() (err error) {
		ms, err = stage.Transfer(peers.Streams, nil, way, transferBytes)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s of %d MiB in %.0f ms\n\n", way, transferBytes>>20, ms)
	printTable(profile, top)
	return nil
}

func printTable(profile []lab.Function, top int) {
	printSources(profile)
	fmt.Println("| alone | with what it calls | function | from |\n|--:|--:|---|---|")
	for _, f := range profile[:min(top, len(profile))] {
		fmt.Printf("| %.1f %% | %.1f %% | %s | %s |\n", 100*f.Self, 100*f.Total, f.Name, f.From)
	}
}

func findWorker(stage *lab.Stage, peer *peers.Peer) (*lab.Worker, error) {
	if peer == peers.Shared {
		return stage.Browser.SharedWorker(stage.Origin)
	}
	return stage.Browser.Worker(stage.Origin)
}

// printSources adds up the functions of each file.
func printSources(profile []lab.Function) {
	sums := map[string]float64{}
	for _, f := range profile {
		sums[cmp.Or(f.From, "the browser")] += f.Self
	}
	fmt.Println("| alone | from |\n|--:|---|")
	for _, from := range slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Compare(sums[b], sums[a]) }) {
		fmt.Printf("| %.1f %% | %s |\n", 100*sums[from], from)
	}
	fmt.Println()
}
