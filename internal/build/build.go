// Package build turns the checkout into the files a browser needs: the wasm,
// the two script bundles around it and their type declarations.
//
// cmd/devserver serves them from memory, the browser tests too, and
// internal/build/cmd/dist writes them to a directory.
package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	res := &Result{Files: map[string]File{}, Wasm: hashedName(plainWasm, wasm)}
	res.add(res.Wasm, typeWasm, wasm)
	err = bundle(res, bundleInput{
		root: opt.Root, dev: opt.Dev, version: opt.Version, runtime: runtime,
		assets: []asset{{plain: plainWasm, constant: wasmFile, file: res.Wasm}},
	}, entryPoints)
	if err != nil {
		return nil, err
	}
	if err := res.addTypes(filepath.Join(opt.Root, "web", "api")); err != nil {
		return nil, fmt.Errorf("failed to read the type declarations: %w", err)
	}
	return res, nil
}

// addTypes adds the type declarations, of which sockjax.d.ts names the others.
func (r *Result) addTypes(dir string) error {
	names := []string{"sockjax.d.ts"}
	more, err := filepath.Glob(filepath.Join(dir, "sockjax.*.d.ts"))
	if err != nil {
		return err
	}
	for _, name := range more {
		names = append(names, filepath.Base(name))
	}
	for _, name := range names {
		types, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		// Not "application/typescript": browsers would download it instead of showing it.
		r.add(name, typeText, types)
	}
	return nil
}
