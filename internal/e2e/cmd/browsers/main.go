// Command browsers runs the tests that open pages in one engine after the
// other, and writes what ran where into a page of the manual.
//
//	go run ./internal/e2e/cmd/browsers -o docs/browsers.md . ./test/browser
//	go run ./internal/e2e/cmd/browsers -engines firefox . ./test/browser
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var every []string
	for _, e := range e2e.Engines {
		every = append(every, string(e))
	}
	flags := flag.NewFlagSet("browsers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	engines := flags.String("engines", strings.Join(every, ","), "the engines, as a `list`")
	page := flags.String("o", "", "the `page` that gets the table, if all tests pass in all engines there are")
	match := flags.String("run", "", "run only tests that match this `pattern`, as go test does; no page gets a table of these")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(stderr, "browsers: name the packages")
		return 2
	}
	var results []*result
	failed := false
	for _, engine := range strings.Split(*engines, ",") {
		fmt.Fprintf(stdout, "== %s\n", engine)
		r := newResult(engine, stdout)
		err := r.test(ctx, *match, flags.Args(), stderr)
		results = append(results, r)
		r.summarize()
		if err != nil {
			fmt.Fprintf(stdout, "FAILED in %s: %v\n", engine, err)
			failed = true
		}
	}
	switch {
	case failed:
		return 1
	case *page == "" || *match != "" || len(results) < len(e2e.Engines):
		return 0
	}
	if err := writeTable(*page, table(results, time.Now())); err != nil {
		fmt.Fprintln(stderr, "browsers:", err)
		return 1
	}
	fmt.Fprintf(stdout, "%s has the table\n", *page)
	return 0
}
