package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func testMux(t *testing.T) (http.Handler, *site) {
	t.Helper()
	s, err := newSite(checkout(t), fakeResult(wasmV1), nil)
	if err != nil {
		t.Fatal(err)
	}
	ws := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "socket") })
	return newMux(config{site: func() *site { return s }, board: newBoard(), socket: ws}), s
}

func do(h http.Handler, method, path string, fields ...string) *http.Response {
	r := httptest.NewRequest(method, "http://localhost:8282/", nil)
	r.URL.Path = path // as it is: the client must not clean it
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestRoutes(t *testing.T) {
	mux, _ := testMux(t)
	const js, html = "text/javascript; charset=utf-8", "text/html; charset=utf-8"
	for _, tt := range []struct {
		path, contentType, cache string
		shared                   bool // with pages of other origins
	}{
		{"/", html, "no-cache", false},
		{"/sockjax.js", js, "no-cache", true},
		{"/sockjax.js.map", "application/json; charset=utf-8", "no-cache", true},
		{"/sockjax.global.js", js, "no-cache", true},
		{"/sockjax.d.ts", "text/plain; charset=utf-8", "no-cache", true},
		{"/" + wasmV1, "application/wasm", "public, max-age=31536000, immutable", true},
		{"/demo/index.html", html, "no-cache", false},
		{"/demo/app.js", js, "no-cache", false},
		{"/demo/style.css", "text/css; charset=utf-8", "no-cache", false},
		{"/demo/img/a.svg", "image/svg+xml", "no-cache", false},
		{"/favicon.ico", "image/svg+xml", "no-cache", false},
		{"/favicon.svg", "image/svg+xml", "no-cache", false},
		{"/dev/reload.js", js, "no-cache", false},
	} {
		t.Run(tt.path, func(t *testing.T) {
			resp := do(mux, "GET", tt.path)
			body, _ := io.ReadAll(resp.Body)
			h := resp.Header
			if resp.StatusCode != 200 || len(body) == 0 {
				t.Fatalf("status %d, %d bytes", resp.StatusCode, len(body))
			}
			if h.Get("Content-Type") != tt.contentType || h.Get("Cache-Control") != tt.cache {
				t.Errorf("%s, %s; want %s, %s", h.Get("Content-Type"), h.Get("Cache-Control"), tt.contentType, tt.cache)
			}
			if got := h.Get("Access-Control-Allow-Origin") == "*" && h.Get("Cross-Origin-Resource-Policy") == "cross-origin"; got != tt.shared {
				t.Errorf("shared with other origins: %t, want %t", got, tt.shared)
			}
			if h.Get("Vary") != "Accept-Encoding" || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("header: %v", h)
			}
			if tag := h.Get("ETag"); do(mux, "GET", tt.path, "If-None-Match", `"other", W/`+tag).StatusCode != 304 {
				t.Errorf("no 304 for %s", tag)
			}
			head := do(mux, "HEAD", tt.path)
			if n, _ := io.Copy(io.Discard, head.Body); head.StatusCode != 200 || n != 0 || head.Header.Get("Content-Length") != h.Get("Content-Length") {
				t.Errorf("HEAD: status %d, %d bytes, length %s", head.StatusCode, n, head.Header.Get("Content-Length"))
			}
			post := do(mux, "POST", tt.path)
			if post.StatusCode != 405 || post.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("POST: status %d, Allow %q", post.StatusCode, post.Header.Get("Allow"))
			}
		})
	}
}

func TestNothingElse(t *testing.T) {
	mux, _ := testMux(t)
	for _, path := range []string{
		"", "/index.html", "/demo", "/demo/", "/demo/img", "/demo/img/", "/dev", "/dev/", "/ws/", "/sockjax.wasm", "/" + wasmV2,
		"/demo/notes.md", "/demo/.hidden.js", "/demo/.git/a.js", "/demo/app.js.orig", "/demo/link.js", "/demo/app.js/", "//demo/app.js",
		"/go.mod", "/secret.txt", "/web/sockjax.js", "/../secret.txt", "/demo/../../../secret.txt", "/demo/..%2f..%2fsecret.txt",
		"/demo/img/../app.js", "/./sockjax.js", `/demo\app.js`, "/demo/app.js\x00", "/DEMO/app.js", "/etc/passwd",
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			if resp := do(mux, method, path); resp.StatusCode != 404 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %q: status %d, header %v", method, path, resp.StatusCode, resp.Header)
			}
		}
	}
}

// The request line of a real client goes through net/http's own cleaning.
func TestTraversalOverTheWire(t *testing.T) {
	mux, _ := testMux(t)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for _, path := range []string{"/%2e%2e/secret.txt", "/demo/%2e%2e/%2e%2e/%2e%2e/secret.txt", "/demo/..%2f..%2f..%2fsecret.txt", "/demo/%00"} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 404 || bytes.Contains(body, []byte("secret\n")) {
			t.Errorf("%s: status %d, %q", path, resp.StatusCode, body)
		}
	}
}

func TestCodings(t *testing.T) {
	mux, s := testMux(t)
	want := s.assets["/"+wasmV1].body
	for _, tt := range []struct{ accept, coding string }{
		{"", ""}, {"identity", ""}, {"deflate, zstd", ""},
		{"gzip, deflate, br, zstd", "br"}, {"gzip, deflate", "gzip"}, {"br", "br"}, {"GZIP", "gzip"}, {"*", "br"},
		{"br;q=0.5, gzip;q=0.8", "gzip"}, {"br;q=0, gzip;q=0", ""}, {"br;q=0, *", "gzip"}, {"*;q=0", ""},
		{"br;q=0.5, identity", ""}, {"br ; q=1.0 , gzip", "br"}, {"br;q=x, gzip;q=0.1", "gzip"}, {"br;q=2", ""}, {"br;q=NaN", ""},
		{"identity;q=0", ""}, {"br;level=5;q=0", ""}, {",,;", ""},
	} {
		t.Run(tt.accept, func(t *testing.T) {
			resp := do(mux, "GET", "/"+wasmV1, "Accept-Encoding", tt.accept)
			if got := resp.Header.Get("Content-Encoding"); got != tt.coding {
				t.Fatalf("coding %q, want %q", got, tt.coding)
			}
			var body io.Reader = resp.Body
			switch tt.coding {
			case "br":
				body = brotli.NewReader(body)
			case "gzip":
				zr, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = zr
			}
			if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
		})
	}
	plain := do(mux, "GET", "/sockjax.js").Header.Get("ETag")
	br := do(mux, "GET", "/sockjax.js", "Accept-Encoding", "br").Header.Get("ETag")
	if plain == br {
		t.Error("two codings have the same ETag")
	}
	if resp := do(mux, "GET", "/sockjax.js", "Accept-Encoding", "br", "If-None-Match", br); resp.StatusCode != 304 || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("status %d, header %v", resp.StatusCode, resp.Header)
	}
	if resp := do(mux, "GET", "/demo/img/a.svg", "Accept-Encoding", "br"); resp.Header.Get("Content-Encoding") != "" {
		t.Error("compressed although it grew by that")
	}
}

func TestPage(t *testing.T) {
	mux, s := testMux(t)
	resp := do(mux, "GET", "/")
	body, _ := io.ReadAll(resp.Body)
	want := `<script type="module" src="/dev/reload.js?build=` + s.build + `&amp;css=` + s.css + `"></script>` + "\n</HEAD>"
	if !strings.Contains(string(body), want) {
		t.Errorf("the page has no reload script:\n%s", body)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	for _, s := range []string{"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self';"} {
		if !strings.Contains(policy, s) {
			t.Errorf("policy %q lacks %s", policy, s)
		}
	}
	if got := string((&site{build: "b", css: "c"}).inject([]byte("<p>no head"))); !strings.HasPrefix(got, "<p>no head<script ") {
		t.Errorf("a page without a head: %s", got)
	}
}

func TestUpgrade(t *testing.T) {
	mux, _ := testMux(t)
	for _, tt := range []struct {
		path   string
		fields []string
		socket bool
	}{
		{"/", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, true},
		{"/", []string{"Connection", "keep-alive, upgrade", "Upgrade", "WebSocket"}, true},
		{"/", []string{"Connection", "Upgrade", "Upgrade", "h2c"}, false},
		{"/", []string{"Upgrade", "websocket"}, false},
		{"/", nil, false},
		{"/ws", nil, true}, // the server says itself what is wrong
		{"/ws", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, true},
		{"/sockjax.js", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, false},
	} {
		body, _ := io.ReadAll(do(mux, "GET", tt.path, tt.fields...).Body)
		if got := string(body) == "socket"; got != tt.socket {
			t.Errorf("%s %q: went to the WebSocket handler: %t", tt.path, tt.fields, got)
		}
	}
}

func TestSiteKeepsLastWasm(t *testing.T) {
	root := checkout(t)
	var s *site
	for _, wasm := range []string{wasmV1, wasmV2} {
		next, err := newSite(root, fakeResult(wasm), s)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	if s.assets["/"+wasmV1] == nil || s.assets["/"+wasmV2] == nil {
		t.Error("a page that was loading cannot get its wasm")
	}
	s3, err := newSite(root, fakeResult("sockjax-3.wasm"), s)
	if err != nil {
		t.Fatal(err)
	}
	if s3.assets["/"+wasmV1] != nil {
		t.Error("old wasm piles up")
	}
}
