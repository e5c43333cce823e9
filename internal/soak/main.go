//go:build unix

// Command soak holds many connections on one machine: native clients in this
// process, a server in a child. It prints what an idle connection costs, how
// long calls take on all of them, and how the clients come back when half of
// the connections are cut at once. It fails if a call does.
//
//	go run ./internal/soak -conns 10000
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
	"time"
)

// plan is what the flags say.
type plan struct {
	conns  int
	rate   int
	calls  time.Duration
	jitter time.Duration
	limit  time.Duration
}

func main() {
	var p plan
	flag.IntVar(&p.conns, "conns", 10_000, "connections")
	flag.IntVar(&p.rate, "rate", 2_000, "calls a second, on all connections together")
	flag.DurationVar(&p.calls, "calls", 20*time.Second, "how long to make calls, before the cut and after it")
	flag.DurationVar(&p.jitter, "jitter", 5*time.Second, "the window that the server announces for reconnecting")
	flag.DurationVar(&p.limit, "limit", 3*time.Minute, "give up after this time")
	child := flag.Bool("serve", false, "be the server: for this command itself")
	flag.Parse()

	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(interrupted, p.limit)
	defer cancel()
	run := p.run
	if *child {
		run = p.serve
	}
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// spareFiles is what a process has open besides its connections.
const spareFiles = 200

// enoughFiles checks the limit, which Go has raised as far as it may already.
func enoughFiles(conns int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("failed to get the limit of open files: %w", err)
	}
	need := uint64(conns + spareFiles)
	if most := uint64(limit.Max); most < need { // FreeBSD counts in int64
		return fmt.Errorf("%d connections need %d open files in each of two processes, and the limit is %d: "+
			"raise it as root (ulimit -Hn %d), or take fewer with -conns", conns, need, most, need)
	}
	return nil
}

// run is the whole of it, as seen by the clients' process.
func (p plan) run(ctx context.Context, out io.Writer) error {
	if err := enoughFiles(p.conns); err != nil {
		return err
	}
	server, err := start(ctx, p)
	if err != nil {
		return err
	}
	defer server.stop()
	before, err := both(server)
	if err != nil {
		return err
	}

	began := time.Now()
	f := &fleet{url: server.calls}
	defer f.close()
	if err := f.connect(ctx, p.conns); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d connections in %v\n", p.conns, time.Since(began).Round(time.Millisecond))
	idle, err := both(server)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nper idle connection: %12s %12s %12s %12s\n", "memory (RSS)", "heap", "stacks", "goroutines")
	fmt.Fprintln(out, "  server            ", idle.server.per(before.server, p.conns))
	fmt.Fprintln(out, "  client            ", idle.client.per(before.client, p.conns))

	calm := f.calls(ctx, p)
	fmt.Fprintf(out, "\ncalls, all well:       %v\n", calm)
	busy, err := both(server)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "  server then       ", busy.server.per(before.server, p.conns))

	arrivals := make(chan []time.Duration, 1)
	failed := make(chan error, 1)
	go func() {
		came, err := server.cut(ctx, p.conns/2)
		arrivals <- came
		failed <- err
	}()
	stormy := f.calls(ctx, p)
	came := <-arrivals
	if err := <-failed; err != nil {
		return err
	}
	fmt.Fprintf(out, "\ncalls, half of them cut: %v\n", stormy)
	fmt.Fprintf(out, "\n%d connections cut at once; they came back after\n", p.conns/2)
	histogram(out, came)
	if ctx.Err() != nil {
		return fmt.Errorf("it took too long: %w", context.Cause(ctx))
	}
	if open := f.open(); open != p.conns {
		return fmt.Errorf("%d of %d clients are open", open, p.conns)
	}
	return errors.Join(calm.err(), stormy.err())
}
