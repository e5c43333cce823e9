package build

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestWriteDir(t *testing.T) {
	res := &Result{Files: map[string]File{}}
	js := []byte(strings.Repeat("let a = 1;\n", 100))
	res.add("sockjax.js", typeJS, js)
	res.add("sockjax.d.ts", typeText, []byte("export {};\n"))
	res.add("sockjax-0123456789abcdef.wasm", typeWasm, []byte("\x00asm"))
	dir := filepath.Join(t.TempDir(), "dist")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sockjax-0000000000000001.wasm", "sockjax-worker-0000000000000001.js.br", "mine.txt", "sockjax-mine.js"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := res.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{"mine.txt", "sockjax-0123456789abcdef.wasm", "sockjax-0123456789abcdef.wasm.br", "sockjax-0123456789abcdef.wasm.gz",
		"sockjax-mine.js", "sockjax.d.ts", "sockjax.js", "sockjax.js.br", "sockjax.js.gz"}
	if !slices.Equal(names, want) {
		t.Errorf("written: %q, want %q", names, want)
	}
	br, _ := os.ReadFile(filepath.Join(dir, "sockjax.js.br"))
	if got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(br))); err != nil || !bytes.Equal(got, js) {
		t.Errorf("sockjax.js.br does not unpack to sockjax.js: %v", err)
	}
	gz, _ := os.ReadFile(filepath.Join(dir, "sockjax.js.gz"))
	zr, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(zr); err != nil || !bytes.Equal(got, js) {
		t.Errorf("sockjax.js.gz does not unpack to sockjax.js: %v", err)
	}
}

func TestSizes(t *testing.T) {
	res := &Result{Files: map[string]File{}}
	res.add("sockjax.js", typeJS, bytes.Repeat([]byte("a"), 1000))
	res.add("sockjax.d.ts", typeText, []byte("export {};\n"))
	sizes := res.Sizes()
	if len(sizes) != 1 || sizes[0].Raw != 1000 || sizes[0].Gzip >= 1000 || sizes[0].Brotli >= sizes[0].Gzip {
		t.Errorf("sizes: %+v", sizes)
	}
	var out strings.Builder
	if err := PrintSizes(&out, sizes); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "brotli -11") || !strings.Contains(out.String(), "1000") {
		t.Errorf("table:\n%s", out.String())
	}
}
