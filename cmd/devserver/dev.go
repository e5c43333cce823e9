package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/sockjax/sockjax/internal/build"
)

// buildFunc is build.Build with its options bound; tests have their own.
type buildFunc func(ctx context.Context) (*build.Result, error)

// A dev keeps the last good build and replaces it when files change.
type dev struct {
	root  string
	build buildFunc
	board *board
	log   io.Writer // the terminal

	last atomic.Pointer[site]
}

func (d *dev) site() *site { return d.last.Load() }

// rebuild puts a new site in place, or leaves the old one where it is.
func (d *dev) rebuild(ctx context.Context) error {
	res, err := d.build(ctx)
	if err != nil {
		return err
	}
	next, err := newSite(d.root, res, d.site())
	if err != nil {
		return err
	}
	for _, w := range res.Warnings {
		fmt.Fprintln(d.log, w)
	}
	d.last.Store(next)
	go next.compressAll()
	d.board.update(func(s *status) { s.Build, s.CSS, s.Error = next.build, next.css, "" })
	return nil
}

// follow acts on batches of changed files until the channel closes.
func (d *dev) follow(ctx context.Context, batches <-chan []string) {
	for changed := range batches {
		rebuild, stale := classify(changed)
		if len(stale) > 0 {
			d.reportStale(stale)
		}
		if rebuild {
			d.tryRebuild(ctx)
		}
	}
}

func (d *dev) reportStale(files []string) {
	text := files[0] + " changed: this server still runs the old code; stop it and start it again"
	fmt.Fprintln(d.log, text)
	d.board.update(func(s *status) { s.Stale = text })
}

func (d *dev) tryRebuild(ctx context.Context) {
	start, before := time.Now(), d.site()
	err := d.rebuild(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		fmt.Fprintln(d.log, err)
		d.board.update(func(s *status) { s.Error = overlayText(err) })
		return
	}
	what := "built"
	if d.site().equalTo(before) {
		what = "built, nothing new"
	}
	fmt.Fprintf(d.log, "%s in %d ms\n", what, time.Since(start).Milliseconds())
}

// overlayText is the compiler's own text below what was being built.
func overlayText(err error) string {
	var src *build.SourceError
	if errors.As(err, &src) {
		return src.What + "\n\n" + src.Text
	}
	return err.Error()
}
