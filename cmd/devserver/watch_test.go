package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func watch(t *testing.T, root string) <-chan []string {
	t.Helper()
	w, err := newWatcher(root, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches := make(chan []string)
	done := make(chan struct{})
	go func() { defer close(done); w.run(ctx, batches) }()
	t.Cleanup(func() { cancel(); <-done })
	return batches
}

// awaitChange reads batches until one names the file, and returns all names.
func awaitChange(t *testing.T, batches <-chan []string, file string) []string {
	t.Helper()
	late := time.After(patience)
	var all []string
	for {
		select {
		case b := <-batches:
			all = append(all, b...)
			if slices.Contains(b, file) {
				return all
			}
		case <-late:
			t.Fatalf("%s was not reported, only %q", file, all)
		}
	}
}

func TestWatch(t *testing.T) {
	root := checkout(t)
	batches := watch(t, root)

	write(t, root, "web/demo/app.js", "changed")
	awaitChange(t, batches, "web/demo/app.js")

	// As many editors save: a new file renamed over the old one.
	write(t, root, "internal/engine/engine.go.tmp", "package engine // new")
	if err := os.Rename(filepath.Join(root, "internal/engine/engine.go.tmp"), filepath.Join(root, "internal/engine/engine.go")); err != nil {
		t.Fatal(err)
	}
	got := awaitChange(t, batches, "internal/engine/engine.go")
	if slices.Contains(got, "internal/engine/engine.go.tmp") {
		t.Errorf("an editor's own file was reported: %q", got)
	}

	// Directories that come later, at the top and below.
	write(t, root, "web/inspector/deep/a.js", "new")
	awaitChange(t, batches, "web/inspector/deep/a.js")
	write(t, root, "protocol/frame.go", "package protocol")
	awaitChange(t, batches, "protocol/frame.go")
	write(t, root, "web/inspector/deep/a.js", "changed")
	awaitChange(t, batches, "web/inspector/deep/a.js")

	// What does not matter is passed over.
	for _, name := range []string{"README.md", "bench/a.go", "web/.x.js.swp", "web/node_modules/p/i.js", "web/a.js~"} {
		write(t, root, name, "x")
	}
	if err := os.Remove(filepath.Join(root, "web/demo/app.js")); err != nil {
		t.Fatal(err)
	}
	got = awaitChange(t, batches, "web/demo/app.js")
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, []string{"web/demo/app.js"}) {
		t.Errorf("reported: %q", got)
	}
}

// Changes that come while nobody receives are one batch.
func TestWatchCollects(t *testing.T) {
	root := checkout(t)
	w, err := newWatcher(root, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	batches := make(chan []string)
	write(t, root, "web/a.js", "a")
	write(t, root, "web/b.js", "b")
	go w.run(ctx, batches)
	awaitChange(t, batches, "web/b.js")
	cancel()
	for range batches { // closed when run ends
	}
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		path           string
		rebuild, stale bool
	}{
		{"web/api/sockjax.js", true, false},
		{"web/demo/style.css", true, false},
		{"wasm/main.go", true, false},
		{"internal/engine/queue.go", true, false},
		{"client/dial.go", false, false},
		{"internal/engine/queue_test.go", false, false},
		{"internal/engine/README.md", false, false},
		{"protocol/frame.go", true, true},
		{"internal/build/build.go", true, true},
		{"server/server.go", false, true},
		{"server/server_test.go", false, false},
		{"cmd/devserver/mux.go", false, true},
		{"cmd/devserver/page/reload.js", false, true},
		{"cmd/devserver/README.md", false, false},
		{"go.mod", true, false},
		{"go.sum", true, false},
	} {
		rebuild, stale := classify([]string{tt.path})
		if rebuild != tt.rebuild || (len(stale) > 0) != tt.stale {
			t.Errorf("%s: rebuild %t, stale %q", tt.path, rebuild, stale)
		}
	}
}
