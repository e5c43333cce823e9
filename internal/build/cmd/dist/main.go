// Command dist builds what a page needs and writes it to a directory, as an npm
// package, or says what it weighs.
//
//	go run ./internal/build/cmd/dist -o dist
//	go run ./internal/build/cmd/dist -size
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/sockjax/sockjax/internal/build"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("o", "", "write the files, with their .br and .gz, to this `directory`")
	size := flags.Bool("size", false, "print the size of each file, and what each package of the wasm adds")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 || (*out == "" && !*size) {
		fmt.Fprintln(stderr, "dist: say -o DIR, -size or both")
		return 2
	}
	if err := dist(ctx, *out, *size, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "dist:", err)
		return 1
	}
	return 0
}

func dist(ctx context.Context, out string, size bool, stdout, stderr io.Writer) error {
	root, err := build.FindRoot(".")
	if err != nil {
		return err
	}
	version, err := build.PackageVersion(root)
	if err != nil {
		return err
	}
	res, err := build.Build(ctx, build.Options{Root: root, Version: version})
	if err != nil {
		return err
	}
	for _, w := range res.Warnings {
		fmt.Fprintln(stderr, w)
	}
	if out != "" {
		if err := res.Pack(root); err != nil {
			return err
		}
		if err := res.WriteDir(out); err != nil {
			return err
		}
	}
	if !size {
		return nil
	}
	if err := build.PrintSizes(stdout, res.Sizes()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nA page with the ES module downloads %d of the %d bytes of its budget.\n\n", res.Download(), build.Budget)
	weights, err := build.Weigh(ctx, root)
	if err != nil {
		return err
	}
	return build.PrintWeights(stdout, weights)
}
