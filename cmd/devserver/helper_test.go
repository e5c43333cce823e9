package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/build"
)

// patience is for what takes milliseconds unless it is broken.
const patience = 20 * time.Second

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkout is a tree with a demo; what it builds to comes from fakeBuild.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                    "module " + build.Module + "\n\ngo 1.26\n",
		"secret.txt":                "secret",
		"web/sockjax.js":            "source",
		"web/demo/index.html":       "<!doctype html><html><head><title>demo</title></HEAD><body></body></html>",
		"web/demo/app.js":           strings.Repeat("let a = 1;\n", 100),
		"web/demo/style.css":        "body { color: red }",
		"web/demo/img/a.svg":        "<svg/>",
		"web/demo/notes.md":         "not served",
		"web/demo/.hidden.js":       "not served",
		"web/demo/.git/a.js":        "not served",
		"web/demo/app.js.orig":      "not served",
		"internal/engine/engine.go": "package engine",
		"wasm/main.go":              "package main",
		"server/server.go":          "package server",
	} {
		write(t, root, name, text)
	}
	if err := os.Symlink(filepath.Join(root, "secret.txt"), filepath.Join(root, "web", "demo", "link.js")); err != nil {
		t.Log("no symbolic links here:", err)
	}
	return root
}

const (
	wasmV1 = "sockjax-0000000000000001.wasm"
	wasmV2 = "sockjax-0000000000000002.wasm"
)

func fakeResult(wasm string) *build.Result {
	files := map[string]build.File{}
	for name, typ := range map[string]string{
		wasm:                "application/wasm",
		"sockjax.js":        "text/javascript; charset=utf-8",
		"sockjax.js.map":    "application/json; charset=utf-8",
		"sockjax.global.js": "text/javascript; charset=utf-8",
		"sockjax.d.ts":      "text/plain; charset=utf-8",
	} {
		files[name] = build.File{Name: name, Type: typ, Data: []byte(strings.Repeat(name+" of "+wasm+"\n", 50))}
	}
	return &build.Result{Files: files, Wasm: wasm}
}

// A fakeBuild answers with what the test puts in.
type fakeBuild struct {
	mu   sync.Mutex // protects following
	wasm string
	err  error
}

func (f *fakeBuild) set(wasm string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wasm, f.err = wasm, err
}

func (f *fakeBuild) build(context.Context) (*build.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	return fakeResult(f.wasm), nil
}

// A buffer is a terminal that may be written and read at once.
type buffer struct {
	mu  sync.Mutex // protects following
	all strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// statuses opens /dev/events as a page does.
func statuses(t *testing.T, url string) <-chan status {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"dev/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	if ct := resp.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Fatalf("events are %q", ct)
	}
	out := make(chan status)
	go func() {
		defer close(out)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var s status
			if err := json.Unmarshal([]byte(data), &s); err != nil {
				t.Errorf("event %q: %v", data, err)
				return
			}
			select {
			case out <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// await passes over statuses until one is as described.
func await(t *testing.T, in <-chan status, what string, ok func(status) bool) status {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case s, open := <-in:
			if !open {
				t.Fatalf("events ended before: %s", what)
			}
			if ok(s) {
				return s
			}
		case <-late:
			t.Fatalf("no event: %s", what)
		}
	}
}
