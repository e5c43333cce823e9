package pkg_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// Without a tool: the files of the package as they are, from the page's own
// server and from another, such as a CDN's.
func TestScripts(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/script")
	site := backend(t, p.dir, nil)
	wantHosts(t, wantCalls(t, site+"/module.html"))
	wantCalls(t, site+"/classic.html")

	cdn := backend(t, p.dir, http.Header{"Access-Control-Allow-Origin": {"*"}}) + "/node_modules/sockjax"
	page := wantCalls(t, site+"/cdn.html?cdn="+cdn)
	if got := ask(t, page, "hosted()"); !strings.HasPrefix(got, "worker 11, ") || !strings.Contains(got, "workerURL") {
		t.Errorf("by way of workers from a CDN: %s", got)
	}
	wantCalls(t, site+"/cdn-classic.html?cdn="+cdn)
	closed := backend(t, p.dir, nil) + "/node_modules/sockjax"
	wantAsks(t, site+"/cdn-classic.html?cdn="+closed, "Access-Control-Allow-Origin")
}

func TestViteBuild(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/vite")
	p.run(t, nil, "node", p.tool("vite/bin/vite.js"), "build")
	wantHosts(t, wantCalls(t, backend(t, p.path("dist"), nil)))
}

func TestViteDev(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/vite")
	wantHosts(t, wantCalls(t, p.vite(t)))
}

// Before version 8, Vite's dev server bundles packages into a folder of its own
// and leaves their files behind, unless it is told not to.
func TestVite7(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/vite7")
	p.run(t, nil, "node", p.tool("vite/bin/vite.js"), "build")
	wantHosts(t, wantCalls(t, backend(t, p.path("dist"), nil)))
	wantHosts(t, wantCalls(t, p.vite(t, "--config", "exclude.config.js")))
	wantAsks(t, p.vite(t), `optimizeDeps: { exclude: ["sockjax"] }`)
}

// vite starts Vite's dev server, which forwards the WebSocket.
func (p *project) vite(t *testing.T, flags ...string) string {
	t.Helper()
	words := append([]string{"node", p.tool("vite/bin/vite.js"), "--host", "127.0.0.1", "--port", "PORT", "--strictPort"}, flags...)
	return p.startTool(t, []string{"BACKEND=" + backend(t, p.dir, nil)}, words...)
}

// webpack minifies what it copies, if it is a script.
func TestWebpack(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/webpack")
	p.run(t, nil, "node", p.tool("webpack-cli/bin/cli.js"))
	wantHosts(t, wantCalls(t, backend(t, p.dir, nil)))
}

// Rollup leaves the URL as it is: what it leads to must be copied.
func TestRollup(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/rollup")
	p.run(t, nil, "node", p.tool("rollup/dist/bin/rollup"), "-c")
	site := backend(t, p.dir, nil)
	wantAsks(t, site, "status 404", "wasmURL")
	for _, pattern := range []string{"sockjax-*.wasm", "sockjax-worker-*.js"} {
		name := p.hashed(t, pattern)
		copyFile(t, p.path("node_modules/sockjax/"+name), p.path("dist/"+name))
	}
	wantHosts(t, wantCalls(t, site))
}

// So does esbuild, whose loader "file" copies what is imported. The script of
// workers it would bundle: that must be copied by hand.
func TestEsbuild(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/esbuild")
	bundle := func(flags ...string) {
		p.run(t, nil, append([]string{"node", p.tool("esbuild/bin/esbuild"), "--bundle", "--minify",
			"--outdir=dist", "--public-path=/dist", "--loader:.wasm=file"}, flags...)...)
	}
	bundle("splitting.js", "--format=esm", "--splitting")
	bundle("iife.js", "--format=iife")
	bundle("bare.js", "--format=esm")
	site := backend(t, p.dir, nil)
	copyFile(t, p.path("node_modules/sockjax/"+p.hashed(t, "sockjax-worker-*.js")), p.path("dist/sockjax-worker.js"))
	wantHosts(t, wantCalls(t, site))
	wantHosts(t, wantCalls(t, site+"/iife.html"))
	wantAsks(t, site+"/bare.html", "status 404", "wasmURL")
	for path, want := range map[string]string{
		"/":          "failed to load the worker from " + site + "/dist/sockjax-worker-",
		"/iife.html": "TypeError",
	} {
		got := ask(t, e2e.Open(t, site+path), "lost()")
		if !strings.Contains(got, want) || !strings.Contains(got, "the option workerURL must say") {
			t.Errorf("%s without workerURL: %s, want an error that says %s, and names workerURL", path, got, want)
		}
	}
	chunks, err := filepath.Glob(p.path("dist/chunk-*.js"))
	if err != nil || len(chunks) == 0 {
		t.Errorf("nothing is split: %v", err)
	}
	bundle("bare.js", "--format=iife")
	wantAsks(t, site+"/bare.html", "TypeError", "the option wasmURL")
}

// The server that renders a page imports the package too.
func TestNext(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/next")
	p.run(t, nil, "node", p.tool("next/dist/bin/next"), "build")
	wantHosts(t, wantCalls(t, backend(t, p.path("out"), nil)))
}

func TestTypeScript(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/typescript")
	for _, options := range []string{
		"--module node16 --moduleResolution node16",
		"--module nodenext --moduleResolution nodenext",
		"--module esnext --moduleResolution bundler",
	} {
		p.run(t, nil, append([]string{"node", p.tool("typescript/bin/tsc"), "-p", "tsconfig.json"}, strings.Fields(options)...)...)
	}
}

// For tests of a back end in JavaScript.
func TestNode(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/node")
	url := strings.Replace(backend(t, p.dir, nil), "http", "ws", 1) + "/ws"
	if got := strings.TrimSpace(p.run(t, nil, "node", "--experimental-websocket", "--no-warnings", "main.js", url)); got != replies {
		t.Errorf("Node.js: %s, want %s", got, replies)
	}
	if p.run(t, nil, "node", "-p", "typeof WebSocket") == "undefined\n" {
		if got := p.run(t, nil, "node", "main.js", url); !strings.Contains(got, "--experimental-websocket") {
			t.Errorf("without a WebSocket: %s", got)
		}
	}
}
