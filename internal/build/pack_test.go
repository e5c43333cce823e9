package build

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What package.json names is there, and is what this build has made.
func TestPack(t *testing.T) {
	root, err := FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	res := mustBuild(t, Options{Root: checkout(t, nil)})
	if err := res.Pack(root); err != nil {
		t.Fatal(err)
	}
	var made struct {
		Name, Version, License, Types, Main string
		Repository                          struct{ URL string }
		Exports                             map[string]any
		SideEffects, Files                  []string
	}
	if err := json.Unmarshal(res.Files["package.json"].Data, &made); err != nil {
		t.Fatal(err)
	}
	version, err := PackageVersion(root)
	if err != nil || made.Version != version || made.Name != "sockjax" || made.License != "MIT" {
		t.Errorf("%+v, %v", made, err)
	}
	if !strings.Contains(made.Repository.URL, Module) {
		t.Errorf("the repository is %s, the module %s", made.Repository.URL, Module)
	}
	named := append([]string{made.Types, made.Main}, made.SideEffects...)
	var collect func(any)
	collect = func(target any) {
		switch target := target.(type) {
		case string:
			named = append(named, target)
		case map[string]any:
			for _, one := range target {
				collect(one)
			}
		}
	}
	for _, target := range made.Exports {
		collect(target)
	}
	if !slices.Contains(named, "./"+res.Wasm) {
		t.Errorf("nothing in exports is %s", res.Wasm)
	}
	for _, name := range named {
		if _, ok := res.Files[strings.TrimPrefix(name, "./")]; !ok {
			t.Errorf("package.json names %s, which is no file of the package", name)
		}
	}
	for name := range res.Files {
		if name != "package.json" && !slices.Contains(made.Files, name) {
			t.Errorf("%s is not among the files of package.json", name)
		}
	}
	for _, name := range []string{"sockjax.js.br", res.Wasm + ".gz"} {
		if !slices.Contains(made.Files, name) {
			t.Errorf("%s is not among the files of package.json", name)
		}
	}
}

func TestPackOfAnotherShape(t *testing.T) {
	res := &Result{assets: []asset{{plain: plainWasm, file: "sockjax-0123456789abcdef.wasm"}}}
	for text, want := range map[string]string{
		`{"files": []}`: `one target "default": "./sockjax.wasm"`,
		`{"exports": {"./sockjax.wasm": {"default": "./sockjax.wasm"}}}`: `fill in "files": []`,
	} {
		if _, err := res.manifest(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want … %s", text, err, want)
		}
	}
	if _, err := PackageVersion(t.TempDir()); err == nil {
		t.Error("a version without package.json")
	}
	if err := res.Pack(t.TempDir()); err == nil {
		t.Error("a package without its files")
	}
}

// What is published can be built again by whoever doubts it: the same sources
// give the same bytes, wherever they lie.
func TestBuildIsReproducible(t *testing.T) {
	root, err := FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for _, name := range []string{"go.mod", "go.sum", "protocol", "internal/abi", "internal/engine", "internal/pace", "wasm", "web", "LICENSE"} {
		copyTree(t, filepath.Join(root, name), filepath.Join(elsewhere, name))
	}
	build := func(root string) *Result {
		res := mustBuild(t, Options{Root: root})
		if err := res.Pack(root); err != nil {
			t.Fatal(err)
		}
		return res
	}
	one, two := build(root), build(elsewhere)
	if a, b := one.Names(), two.Names(); !slices.Equal(a, b) {
		t.Fatalf("the files are %q here and %q elsewhere", a, b)
	}
	for name, f := range one.Files {
		if !bytes.Equal(f.Data, two.Files[name].Data) {
			t.Errorf("%s differs elsewhere", name)
		}
		// Less than the best, which takes seconds; it is the same code.
		if downloaded(f) && !(bytes.Equal(Brotli(f.Data, quickBrotli), Brotli(f.Data, quickBrotli)) && bytes.Equal(Gzip(f.Data, 1), Gzip(f.Data, 1))) {
			t.Errorf("%s is not compressed alike each time", name)
		}
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if info, err := os.Stat(from); err != nil {
		t.Fatal(err)
	} else if info.IsDir() {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
