package build

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// fixture is a checkout as small as one can be: web/ with the imports that the
// real one has, and a Go program that tells what it sees as global object.
var fixture = map[string]string{
	"go.mod": "module " + Module + "\n\ngo 1.26\n",
	"wasm/main.go": `package main

import "syscall/js"

func main() {
	g := js.Global()
	g.Set("seen", g.Get("secret"))
}
`,
	"web/api/sockjax.js": `import { start } from "./start.js";
const urls = () => [new URL("./sockjax.wasm", import.meta.url), new URL("./sockjax-worker.js", import.meta.url)];
export { start, urls };
`,
	"web/api/start.js": `import { loadGo } from "sockjax:runtime";
import { wasmFile, version } from "sockjax:assets";
export const start = (scope) => ({ Go: loadGo(scope), wasmFile, version });
`,
	"web/host/worker.js": `self.onmessage = () => {};
`,
	"web/api/global.js": `import { start } from "./start.js";
const base = document.currentScript.src;
window.sockjax = { start, base };
`,
	"web/api/sockjax.d.ts": "export function start(scope: object): unknown;\n",
}

// checkout writes the fixture, changed by the given files; "" removes one.
func checkout(t *testing.T, changes map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := maps.Clone(fixture)
	maps.Copy(files, changes)
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustBuild(t *testing.T, opt Options) *Result {
	t.Helper()
	res, err := Build(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestBuildDev(t *testing.T) {
	res := mustBuild(t, Options{Root: checkout(t, nil), Dev: true})
	worker := res.assets[1].file
	want := []string{res.Wasm, worker, "sockjax-worker.js.map", "sockjax.d.ts", "sockjax.global.js", "sockjax.global.js.map", "sockjax.js", "sockjax.js.map"}
	slices.Sort(want)
	if got := res.Names(); !slices.Equal(got, want) {
		t.Errorf("files: %q, want %q", got, want)
	}
	if !regexp.MustCompile(`^sockjax-[0-9a-f]{16}\.wasm$`).MatchString(res.Wasm) {
		t.Errorf("the wasm is named %q", res.Wasm)
	}
	if f := res.Files[res.Wasm]; f.Type != "application/wasm" || !bytes.HasPrefix(f.Data, []byte("\x00asm")) {
		t.Errorf("%s is %s and starts with %q", f.Name, f.Type, f.Data[:4])
	}
	js := string(res.Files["sockjax.js"].Data)
	for _, s := range []string{
		`new URL("./` + res.Wasm + `", import.meta.url)`,
		`wasmFile = "` + res.Wasm + `"`,
		`version = "dev"`,
		"//# sourceMappingURL=sockjax.js.map",
	} {
		if !strings.Contains(js, s) {
			t.Errorf("sockjax.js does not contain %s", s)
		}
	}
	if m := string(res.Files["sockjax.js.map"].Data); !strings.Contains(m, `"web/api/start.js"`) {
		t.Errorf("sources in the map are not relative to the checkout: %.200s", m)
	}
	if js := string(res.Files["sockjax.global.js"].Data); !strings.Contains(js, "(() => {") || strings.Contains(js, "export {") {
		t.Errorf("sockjax.global.js is not a classic script:\n%.200s", js)
	}
}

func TestBuildMinified(t *testing.T) {
	root := checkout(t, nil)
	res := mustBuild(t, Options{Root: root, Version: "v1.2.3"})
	js := string(res.Files["sockjax.js"].Data)
	if !strings.Contains(js, `new URL("./`+res.Wasm+`",import.meta.url)`) {
		t.Error("minifying broke the form by which bundlers find the wasm")
	}
	if !strings.Contains(js, `"v1.2.3"`) {
		t.Error("the version is not in sockjax.js")
	}
	if _, ok := res.Files["sockjax.js.map"]; ok || strings.Contains(js, "sourceMappingURL") {
		t.Error("there is a source map")
	}
	if again := mustBuild(t, Options{Root: root}); again.Wasm != res.Wasm {
		t.Errorf("the same sources gave %s and %s", res.Wasm, again.Wasm)
	}
}

func TestBuildBrokenSources(t *testing.T) {
	for _, tt := range []struct {
		name       string
		changes    map[string]string
		what, text string
	}{
		{"go", map[string]string{"wasm/main.go": "package main\n\nfunc main() { undefinedName() }\n"},
			"./wasm", "wasm/main.go:3:15: undefined: undefinedName"},
		{"not main", map[string]string{"wasm/main.go": "package wasm\n"}, "./wasm", "not a package main"},
		{"script", map[string]string{"web/api/start.js": "export const start = (;\n"}, "web/api/sockjax.js", "web/api/start.js:1:22:"},
		{"unknown module", map[string]string{"web/api/start.js": `import "sockjax:nothing"; export const start = 1;`},
			"web/api/sockjax.js", "the build knows sockjax:assets and sockjax:runtime"},
		{"no wasm URL", map[string]string{"web/api/sockjax.js": "export const a = 1;\n"},
			"web/api/sockjax.js", `expected the literal new URL("./sockjax.wasm", import.meta.url)`},
		{"other wasm URL", map[string]string{"web/api/sockjax.js": `export const a = new URL("./other.wasm", import.meta.url);`},
			"web/api/sockjax.js", "it loads ./other.wasm, which the build does not make: it may load ./sockjax.wasm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Build(t.Context(), Options{Root: checkout(t, tt.changes)})
			var src *SourceError
			if !errors.As(err, &src) {
				t.Fatalf("error %v, want a *SourceError", err)
			}
			if src.What != tt.what || !strings.Contains(src.Text, tt.text) {
				t.Errorf("%s: %s\nwant %s: … %s …", src.What, src.Text, tt.what, tt.text)
			}
		})
	}
}

// A bundle may be an asset of those after it, as the wasm is.
func TestBundleOfAnAsset(t *testing.T) {
	root := checkout(t, map[string]string{
		"web/host/worker.js": "import { wasmFile } from \"sockjax:assets\";\npostMessage(wasmFile);\n",
		"web/api/sockjax.js": `import { workerFile } from "sockjax:assets";
export const urls = () => [new URL("./sockjax.wasm", import.meta.url), new URL('./sockjax-worker.js', import.meta.url), workerFile];
`,
	})
	entries := entryPoints[:2]
	for _, dev := range []bool{true, false} {
		res := &Result{Files: map[string]File{}}
		err := bundle(res, bundleInput{root: root, dev: dev, version: "v1", assets: []asset{
			{plain: plainWasm, constant: wasmFile, file: "sockjax-0123456789abcdef.wasm"},
		}}, entries)
		if err != nil {
			t.Fatal(err)
		}
		worker := res.assets[1].file
		if !Hashed(worker) || !strings.HasPrefix(worker, "sockjax-worker-") {
			t.Errorf("the worker is named %q", worker)
		}
		if f := res.Files[worker]; f.Type != typeJS || !strings.Contains(string(f.Data), "sockjax-0123456789abcdef.wasm") {
			t.Errorf("%s is %s: %s", worker, f.Type, f.Data)
		}
		js := string(res.Files["sockjax.js"].Data)
		if strings.Count(js, worker) != 2 || strings.Contains(js, "sockjax-worker.js") {
			t.Errorf("sockjax.js does not name %s twice:\n%s", worker, js)
		}
	}
	root = checkout(t, map[string]string{"web/api/sockjax.js": `export const url = new URL("./sockjax.wasm", import.meta.url);`})
	input := bundleInput{root: root, assets: []asset{{plain: plainWasm, constant: wasmFile, file: "sockjax-0123456789abcdef.wasm"}}}
	err := bundle(&Result{Files: map[string]File{}}, input, []entryPoint{
		{source: "web/api/start.js", out: "sockjax-worker", format: api.FormatIIFE, constant: "workerFile"}, entryPoints[1],
	})
	if err == nil || !strings.Contains(err.Error(), `expected the literal new URL("./sockjax-worker.js"`) {
		t.Errorf("a script that does not name its asset: %v", err)
	}
}

func TestBuildMissing(t *testing.T) {
	root := checkout(t, map[string]string{"web/api/sockjax.d.ts": ""})
	if _, err := Build(t.Context(), Options{Root: root}); err == nil || !strings.Contains(err.Error(), "type declarations") {
		t.Errorf("without sockjax.d.ts: %v", err)
	}
	_, err := Build(t.Context(), Options{Root: root, Go: "no-such-go"})
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "failed to find the Go toolchain") {
		t.Errorf("without a toolchain: %v", err)
	}
	empty := &tool{root: t.TempDir(), version: "go1.99"}
	if _, err := empty.wasmExec(); err == nil || !strings.Contains(err.Error(), "lib/wasm/wasm_exec.js in the GOROOT of go1.99") {
		t.Errorf("without wasm_exec.js: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Build(ctx, Options{Root: root}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFindRoot(t *testing.T) {
	root := checkout(t, map[string]string{"bench/go.mod": "module example.com/bench\n", "bench/a/x.txt": "x"})
	for _, dir := range []string{root, filepath.Join(root, "web"), filepath.Join(root, "bench", "a")} {
		if got, err := FindRoot(dir); err != nil || got != root {
			t.Errorf("from %s: %s, %v", dir, got, err)
		}
	}
	if _, err := FindRoot(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no go.mod of "+Module) {
		t.Errorf("outside of a checkout: %v", err)
	}
	if _, err := FindRoot("."); err != nil {
		t.Errorf("this module is not named %s: %v", Module, err)
	}
}

// Whoever moves a package must not lose its inlining.
func TestHotPackagesExist(t *testing.T) {
	root, err := FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	tool, err := findTool(t.Context(), Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	linked, err := tool.packages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range hot {
		if !slices.Contains(linked, Module+"/"+name) {
			t.Errorf("./wasm does not have the package %s, which is to be inlined", name)
		}
	}
}
