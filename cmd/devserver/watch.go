package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the files must be quiet: editors and git write several
// at once.
const settle = 100 * time.Millisecond

// watched are the trees whose files matter, see classify. The checkout's top
// directory is watched too, for go.mod, but not what else lies below it.
var watched = []string{"cmd/devserver", "internal", "protocol", "server", "wasm", "web"}

// A watcher reports changed files in batches.
type watcher struct {
	fs    *fsnotify.Watcher
	root  string
	quiet time.Duration
}

// newWatcher watches from its return on; nothing is lost before run.
func newWatcher(root string, quiet time.Duration) (*watcher, error) {
	fw, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("failed to watch the checkout: %w", err)
	}
	w := &watcher{fs: fw, root: root, quiet: quiet}
	err = fw.Add(root)
	for _, dir := range watched {
		if err == nil {
			err = w.addTree(filepath.Join(root, filepath.FromSlash(dir)))
		}
	}
	if err != nil {
		fw.Close()
		return nil, fmt.Errorf("failed to watch the checkout: %w", err)
	}
	return w, nil
}

// addTree adds a directory and all below it: fsnotify knows no recursion. What
// does not exist, or no longer, is no error.
func (w *watcher) addTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			return nil
		}
		if path != dir && ignored(entry.Name()) {
			return fs.SkipDir
		}
		if err := w.fs.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// run sends batches of paths, relative to the checkout with forward slashes,
// until ctx is done; then it closes out. While nobody receives, it collects.
func (w *watcher) run(ctx context.Context, out chan<- []string) {
	defer close(out)
	defer w.fs.Close()
	var batch []string
	quiet := time.NewTimer(w.quiet)
	quiet.Stop()
	var ready chan<- []string // out while a batch has settled, else nil
	for {
		var changed []string
		select {
		case <-ctx.Done():
			return
		case ready <- batch:
			batch, ready = nil, nil
		case <-quiet.C:
			ready = out
		case e := <-w.fs.Events:
			changed = w.paths(e)
		case <-w.fs.Errors:
			// Most likely an overflow: anything may have changed, and go.mod
			// asks for a rebuild in any case.
			changed = []string{"go.mod"}
		}
		if len(changed) > 0 {
			batch, ready = append(batch, changed...), nil
			quiet.Reset(w.quiet)
		}
	}
}

// paths turns an event into the files that it means. A new directory means all
// files in it: they may have come before it was watched.
func (w *watcher) paths(e fsnotify.Event) []string {
	rel, err := filepath.Rel(w.root, e.Name)
	if err != nil || e.Op == fsnotify.Chmod {
		return nil
	}
	rel = filepath.ToSlash(rel)
	if !relevant(rel) {
		return nil
	}
	info, err := os.Lstat(e.Name)
	if err != nil || !info.IsDir() {
		return []string{rel}
	}
	if !e.Has(fsnotify.Create) {
		return nil
	}
	if err := w.addTree(e.Name); err != nil {
		return []string{"go.mod"}
	}
	var files []string
	filepath.WalkDir(e.Name, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if sub, err := filepath.Rel(w.root, path); err == nil {
				files = append(files, filepath.ToSlash(sub))
			}
		}
		return nil
	})
	return files
}

// relevant keeps out what other parts of the checkout do, and what editors
// leave beside a file.
func relevant(rel string) bool {
	if slices.ContainsFunc(strings.Split(rel, "/"), ignored) {
		return false
	}
	if !strings.Contains(rel, "/") {
		return rel == "go.mod" || rel == "go.sum" || slices.Contains(watched, rel)
	}
	return true
}

func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") ||
		strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".tmp") ||
		name == "4913" || // vim tests whether it may create files
		name == "node_modules" || name == "testdata"
}

// classify says what a batch asks for: a new build of what pages load, and
// whether this very process is out of date. server/ and devserver are compiled
// into it, and so is protocol/, which both ends share.
func classify(changed []string) (rebuild bool, stale []string) {
	for _, path := range changed {
		top, _, _ := strings.Cut(path, "/")
		isGo := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		switch {
		case path == "go.mod" || path == "go.sum", top == "web":
			rebuild = true
		case isGo && (top == "wasm" || strings.HasPrefix(path, "internal/engine/")):
			rebuild = true
		case isGo && (top == "protocol" || top == "internal"):
			rebuild = true
			stale = append(stale, path)
		case top == "server" && isGo, strings.HasPrefix(path, "cmd/devserver/") && (isGo || strings.HasPrefix(path, "cmd/devserver/page/")):
			stale = append(stale, path)
		}
	}
	slices.Sort(stale)
	return rebuild, slices.Compact(stale)
}
