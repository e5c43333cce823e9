// Command quick compares, within a minute, sockjax with a plain-JavaScript
// client that sends a frame for each request, and with hand-written batching
// JavaScript, in one page of headless Chromium against our own server.
//
//	go run ./quick
//
// Page, browser and server share the machine's cores, and machines are noisy:
// only the ratios, taken within each repetition, say something.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/sockjax/sockjax/internal/build"
	"github.com/sockjax/sockjax/server"
)

//go:embed page.js
var page []byte

var clients = []string{"sockjax", "frames", "batch"}

type load struct{ window, size int }

var loads = []load{{1, 100}, {64, 100}, {1000, 100}, {64, 10_000}}

func main() {
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
	url, err := serve(ctx)
	if err != nil {
		return err
	}
	tab, done := chromedp.NewContext(ctx)
	defer done()
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("failed to open Chromium: %w", err)
	}
	// With the Network domain on, Chromium reports each frame to the driver,
	// which costs a client with many frames two thirds of its speed.
	if _, err := chromedp.Call(tab, network.Disable, cdp.Empty{}); err != nil {
		return fmt.Errorf("failed to switch the Network domain off: %w", err)
	}
	if _, err := eval[bool](tab, `import("/page.js").then(async (m) => { globalThis.bench = m; await m.prepare(); return true })`); err != nil {
		return err
	}
	results := map[load]map[string][]float64{}
	for rep := -1; rep < reps; rep++ { // the first warms up
		for _, l := range loads {
			if results[l] == nil {
				results[l] = map[string][]float64{}
			}
			for i := range clients {
				name := clients[(i+max(rep, 0))%len(clients)]
				rate, err := eval[float64](tab, fmt.Sprintf("bench.run(%q, %d, %d, %d)", name, l.window, sample.Milliseconds(), l.size))
				if err != nil {
					return err
				}
				if rep >= 0 {
					results[l][name] = append(results[l][name], rate)
				}
			}
		}
	}
	report(results)
	return firstReplies(tab, url, reps)
}

// firstReplies times a page's way from the script to its first reply, each
// time in a browser context that has cached nothing.
func firstReplies(browser context.Context, url string, reps int) error {
	var times []float64
	for range reps {
		tab, done := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
		err := chromedp.Do(tab, chromedp.Navigate(url))
		if err != nil {
			done()
			return fmt.Errorf("failed to open a page: %w", err)
		}
		ms, err := eval[float64](tab, `import("/page.js").then((m) => m.firstReply())`)
		done()
		if err != nil {
			return err
		}
		times = append(times, ms)
	}
	fmt.Printf("\nFirst reply %.0f ms (%.0f..%.0f) after the page asks for the script, nothing cached, from loopback.\n",
		median(times), slices.Min(times), slices.Max(times))
	return nil
}

func eval[T any](ctx context.Context, js string) (T, error) {
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("failed to run %s: %w", js, err)
	}
	return v, nil
}

// serve serves the built package and an echo server on loopback.
func serve(ctx context.Context) (string, error) {
	root, err := build.FindRoot(".")
	if err != nil {
		return "", err
	}
	built, err := build.Build(ctx, build.Options{Root: root})
	if err != nil {
		return "", err
	}
	echo := server.New(server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) {
		return r.Data, nil
	}), &server.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	mux := http.NewServeMux()
	mux.Handle("/ws", echo)
	mux.HandleFunc("/page.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(page)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if f, ok := built.Files[strings.TrimPrefix(r.URL.Path, "/")]; ok {
			w.Header().Set("Content-Type", f.Type)
			_, _ = w.Write(f.Data)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>bench</title>")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = http.Serve(listener, mux) }()
	return "http://" + listener.Addr().String() + "/", nil
}

// report prints medians, and the median of the ratios within repetitions.
func report(results map[load]map[string][]float64) {
	fmt.Println("Replies per second, median (min..max); ratios are medians within repetitions.")
	fmt.Println()
	fmt.Println("| in flight, size | sockjax | a frame a request | hand-written batching | sockjax ÷ frames | sockjax ÷ batching |")
	fmt.Println("|---|--:|--:|--:|--:|--:|")
	for _, l := range loads {
		r := results[l]
		fmt.Printf("| %d, %d B | %s | %s | %s | %.2f | %.2f |\n", l.window, l.size,
			spread(r["sockjax"]), spread(r["frames"]), spread(r["batch"]),
			ratio(r["sockjax"], r["frames"]), ratio(r["sockjax"], r["batch"]))
	}
}

func spread(v []float64) string {
	return fmt.Sprintf("%.0f (%.0f..%.0f)", median(v), slices.Min(v), slices.Max(v))
}

func ratio(a, b []float64) float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return median(ratios)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
