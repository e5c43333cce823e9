// Package site serves the pages and scripts of the benchmark from a directory.
package site

import (
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Env names the directory to the peers' servers that serve pages themselves.
const Env = "BENCH_SITE"

// Handler serves the files of a directory as a good server would: scripts and
// wasm compressed beforehand (NAME.br), to be cached for ever; pages never.
func Handler(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		// Isolated pages have a clock that steps by 5 µs, others by 100 µs.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		name := filepath.Join(dir, filepath.FromSlash(path.Clean("/"+r.URL.Path)))
		h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		if path.Ext(name) == ".html" {
			h.Set("Cache-Control", "no-store")
		} else {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if _, err := os.Stat(name + ".br"); err == nil && strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
			h.Set("Content-Encoding", "br")
			h.Set("Vary", "Accept-Encoding")
			name += ".br"
		}
		data, err := os.ReadFile(name)
		if err != nil {
			h.Del("Content-Encoding")
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data) // to a browser that may have gone
	})
}
