// Command devserver builds sockjax from the checkout, serves it with its demo,
// and rebuilds and reloads the page when a file changes. It needs nothing but
// Go.
//
//	go run ./cmd/devserver [-addr localhost:8282] [-allow-origin https://example.com]
//
// The routes are fixed; anything else is a 404:
//
//	/                      the demo page; a WebSocket here is the same as at /ws
//	/ws                    the WebSocket endpoint with the demo's API
//	/sockjax.js            the client as an ES module
//	/sockjax.global.js     the client as a classic script
//	/sockjax.d.ts          its types
//	/sockjax-<hash>.wasm   the Go program behind both, cacheable for ever
//	/sockjax-worker-<hash>.js   what runs in a worker, cacheable for ever
//	/*.js.map              source maps
//	/demo/<file>           web/demo: html, js, css, svg, png, ico, webmanifest
//	/favicon.ico, /favicon.svg
//	/dev/reload.js, /dev/events   reloading and compile errors in the page
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sockjax/sockjax/internal/build"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second ^C kills at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 2 for wrong usage, 1 for whatever else keeps the
// server from starting, 0 after a signal.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("devserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	a := &app{stdout: stdout, stderr: stderr, quiet: settle}
	flags.StringVar(&a.addr, "addr", "localhost:8282", "listen at this `host:port`; a host other than loopback opens the server to the network")
	flags.Var(&a.origins, "allow-origin", "let pages of this `origin` open WebSockets, such as https://example.com:8443, or *; may be repeated or hold several with commas (loopback is always allowed)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "devserver: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	if err := a.fromCheckout(ctx); err != nil {
		fmt.Fprintln(stderr, "devserver:", err)
		return 1
	}
	return 0
}

// fromCheckout serves the checkout around the working directory.
func (a *app) fromCheckout(ctx context.Context) error {
	root, err := build.FindRoot(".")
	if err != nil {
		return fmt.Errorf("%w; start it inside a clone of the repository", err)
	}
	work, err := os.MkdirTemp("", "sockjax-devserver-")
	if err != nil {
		return fmt.Errorf("failed to make a working directory: %w", err)
	}
	defer os.RemoveAll(work)
	a.root = root
	a.build = func(ctx context.Context) (*build.Result, error) {
		return build.Build(ctx, build.Options{Root: root, Dev: true, WorkDir: work})
	}
	err = a.serve(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // stopped while building
	}
	return err
}
