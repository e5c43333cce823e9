package browser_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/e2e"
)

func TestCrash(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "crash.js")
}

func TestStart(t *testing.T) {
	t.Parallel()
	made := e2e.Artefacts(t)
	wasm := made.Files[made.Wasm]
	serve := func(w http.ResponseWriter, contentType string) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(wasm.Data)
	}
	site := e2e.NewSite(t)
	// Each page's asks and answers, apart by its browser context: the cases
	// run one after the other, and each ends with its gate open.
	var mu sync.Mutex
	gate, found := make(chan struct{}), false
	site.Page("/fresh", `<script src="/sockjax.global.js"></script><script src="/reset"></script>`, nil)
	site.Handle("/reset", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		mu.Lock()
		defer mu.Unlock()
		gate, found = make(chan struct{}), false
	})
	site.Handle("/letgo", func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		close(gate)
	})
	site.Handle("/found", func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		found = true
	})
	site.Handle("/held.wasm", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		gate := gate
		mu.Unlock()
		select {
		case <-gate:
			serve(w, wasm.Type)
		case <-r.Context().Done():
		}
	})
	site.Handle("/missing.wasm", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		found := found
		mu.Unlock()
		if !found {
			http.NotFound(w, r)
			return
		}
		serve(w, wasm.Type)
	})
	for path, name := range map[string]string{
		"/older.wasm":   versionExport(strings.Repeat("0", len(version))),
		"/newer.wasm":   versionExport(strings.Repeat("9", len(version))),
		"/ancient.wasm": strings.ReplaceAll(versionExport(version), abi.VersionPrefix, "was"),
	} {
		other := patched(t, wasm.Data, versionExport(version), name)
		if path == "/newer.wasm" { // it wants what this script does not have
			other = patched(t, other, "\x07sockjax\x04wake", "\x07sockjax\x04stir")
		}
		site.Handle(path, func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			w.Header().Set("Content-Type", wasm.Type)
			if found {
				other = wasm.Data
			}
			_, _ = w.Write(other)
		})
	}
	site.Handle("/plain.wasm", func(w http.ResponseWriter, _ *http.Request) { serve(w, "application/octet-stream") })
	site.Handle("/wrong.wasm", func(w http.ResponseWriter, r *http.Request) {
		ask := r.URL.Query()
		body := []byte(ask.Get("body"))
		switch {
		case ask.Has("to"):
			http.Redirect(w, r, ask.Get("to"), http.StatusFound)
			return
		case ask.Has("cut"):
			body = wasm.Data[:len(wasm.Data)/2]
		}
		w.Header().Set("Content-Type", ask.Get("type"))
		_, _ = w.Write(body)
	})
	site.FreshCases(t, "/fresh", "start.js")
}

var version = strconv.Itoa(abi.Version)

// versionExport is how the export of a version begins in a wasm: the length of
// its name, the name, and the kind of a function.
func versionExport(version string) string {
	name := abi.VersionPrefix + version
	return string(rune(len(name))) + name + "\x00"
}

// patched is a wasm in which one text is another of the same length.
func patched(t *testing.T, wasm []byte, from, to string) []byte {
	t.Helper()
	if n := bytes.Count(wasm, []byte(from)); n != 1 || len(from) != len(to) {
		t.Fatalf("%q stands %d times in the wasm, and is to become %q", from, n, to)
	}
	return bytes.Replace(wasm, []byte(from), []byte(to), 1)
}

// A policy binds what the page runs, and not what DevTools evaluates in it, so
// that here the page's own script does everything.
func TestContentSecurityPolicy(t *testing.T) {
	e2e.Needs(t, e2e.OwnSocket) // TestHostsUnderPolicies is that of workers
	t.Parallel()
	site := e2e.NewSite(t)
	site.Handle("/ws", e2e.NewServer(t).ServeHTTP)
	site.Script("/run.js", `
		const api = sockjax.connect("/ws");
		globalThis.result = Promise.any([
			Promise.all([api.request("hello"), T.engine(api)]).then(([reply]) => reply),
			T.event(api, "error").then(({ message }) => message),
		]);`)
	const scripts = `<script src="/sockjax.global.js"></script><script src="/run.js"></script>`
	const policy = "default-src 'none'; connect-src 'self'; script-src 'self'"
	site.Page("/with", scripts, http.Header{"Content-Security-Policy": {policy + " 'wasm-unsafe-eval'"}})
	site.Page("/without", scripts, http.Header{"Content-Security-Policy": {policy}})

	if got := e2e.Eval[string](t, e2e.Open(t, site.URL+"/with"), "return result"); got != "hello" {
		t.Errorf("with 'wasm-unsafe-eval': %s", got)
	}
	got := e2e.Eval[string](t, e2e.Open(t, site.URL+"/without"), "return result")
	if !strings.Contains(got, "Content-Security-Policy forbids WebAssembly: its script-src needs 'wasm-unsafe-eval'") {
		t.Errorf("without 'wasm-unsafe-eval': %s", got)
	}
}
