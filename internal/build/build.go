// Package build turns the checkout into the files a browser needs: the wasm,
// the two script bundles around it and their type declarations.
//
// cmd/devserver serves them from memory, the browser tests too, and
// internal/build/cmd/dist writes them to a directory.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Options say what to build. Only Root is required.
type Options struct {
	Root    string // the checkout: the directory of the module's go.mod
	Version string // what the page sees as sockjax's version; default "dev"
	Dev     bool   // readable scripts with linked source maps, wasm with names; default minified without
	Go      string // the go command; default "go", looked up in PATH

	// WorkDir keeps the linked wasm from one build to the next, so that a
	// change of a web file alone costs no linking. Default: a directory of
	// this build's own, removed at its end.
	WorkDir string
}

// A File is one artefact. Name is its path below the directory or URL that all
// of them share: they find each other by relative name.
type File struct {
	Name string
	Type string // the Content-Type
	Data []byte
}

// A Result holds everything that one build made.
type Result struct {
	Files    map[string]File // by Name
	Wasm     string          // the name of the wasm, which carries a hash of its content
	Warnings []string        // esbuild's, formatted; never fatal
}

// A SourceError says that the sources do not build. Text is what the compiler
// or the bundler printed, with paths relative to the checkout.
type SourceError struct {
	What string // "./wasm", "web/api/sockjax.js"
	Text string
}

func (e *SourceError) Error() string {
	return "failed to build " + e.What + "\n" + e.Text
}

const (
	typeJS   = "text/javascript; charset=utf-8"
	typeJSON = "application/json; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
	typeWasm = "application/wasm"
)

// Build makes all artefacts in memory. Broken sources give a *SourceError.
func Build(ctx context.Context, opt Options) (*Result, error) {
	if opt.Version == "" {
		opt.Version = "dev"
	}
	if opt.WorkDir == "" {
		dir, err := os.MkdirTemp("", "sockjax-build-")
		if err != nil {
			return nil, fmt.Errorf("failed to make a working directory: %w", err)
		}
		defer os.RemoveAll(dir)
		opt.WorkDir = dir
	}
	tool, err := findTool(ctx, opt)
	if err != nil {
		return nil, err
	}
	wasm, err := tool.buildWasm(ctx, opt.WorkDir, opt.Dev)
	if err != nil {
		return nil, err
	}
	exec, err := tool.wasmExec()
	if err != nil {
		return nil, err
	}
	runtime, err := privateRuntime(exec, tool.version)
	if err != nil {
		return nil, err
	}
	res := &Result{Files: map[string]File{}, Wasm: wasmName(wasm)}
	res.add(res.Wasm, typeWasm, wasm)
	err = bundle(res, bundleInput{
		root: opt.Root, dev: opt.Dev, version: opt.Version, wasmFile: res.Wasm, runtime: runtime,
	})
	if err != nil {
		return nil, err
	}
	types, err := os.ReadFile(filepath.Join(opt.Root, "web", "api", "sockjax.d.ts"))
	if err != nil {
		return nil, fmt.Errorf("failed to read the type declarations: %w", err)
	}
	// Not "application/typescript": browsers would download it instead of showing it.
	res.add("sockjax.d.ts", typeText, types)
	return res, nil
}

func (r *Result) add(name, contentType string, data []byte) {
	r.Files[name] = File{Name: name, Type: contentType, Data: data}
}

// wasmName has the content in it, so that the URL can be cached for ever and
// the browser's code cache survives a rebuild that changed nothing.
func wasmName(data []byte) string {
	sum := sha256.Sum256(data)
	return "sockjax-" + hex.EncodeToString(sum[:8]) + ".wasm"
}
