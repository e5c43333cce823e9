package build

import (
	"fmt"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// scopeName is the parameter that stands for the global object. It is an odd
// word so that nothing declared inside wasm_exec.js can capture it.
const scopeName = "sockjaxScope"

// privateRuntime makes wasm_exec.js the module "sockjax:runtime", whose one
// export loadGo(scope) returns the Go class. Two Go programs on a page clash on
// the globals that wasm_exec.js sets, so here every global name that it reads
// or writes means a property of scope, and scope is what Go sees as
// js.Global(). A page's CSP forbids eval, hence the rewriting at build time.
//
// esbuild's define replaces a name only where nothing declares it, so the
// parameters named path in wasm_exec.js stay what they are. Not in the list:
// the plain services (crypto, performance, TextEncoder, console, setTimeout …),
// which may keep meaning the page's own.
func privateRuntime(wasmExec []byte, version string) (string, error) {
	src := "export function loadGo(" + scopeName + ") {\n" +
		string(wasmExec) + "\nreturn " + scopeName + ".Go;\n}\n"
	res := api.Transform(src, api.TransformOptions{
		LogLevel: api.LogLevelSilent,
		Define: map[string]string{
			"globalThis": scopeName,
			"global":     scopeName,
			"self":       scopeName,
			"window":     scopeName,
			"fs":         scopeName + ".fs",
			"process":    scopeName + ".process",
			"path":       scopeName + ".path",
			"Go":         scopeName + ".Go",
		},
	})
	if len(res.Errors) > 0 {
		return "", shapeError(version, "it no longer fits into a function: "+res.Errors[0].Text)
	}
	code := string(res.Code)
	if err := checkShape(code, version); err != nil {
		return "", err
	}
	// The licence asks that the notice stays; minifiers keep such a comment.
	return "/*! wasm_exec.js: Copyright 2018 The Go Authors. BSD-style licence, see the Go distribution. */\n" + code, nil
}

// checkShape holds wasm_exec.js to what privateRuntime and web/ rely on. A new
// toolchain that changed it must stop the build, not a page.
func checkShape(code, version string) error {
	const global = scopeName + ".Go = class"
	if n := strings.Count(code, global); n != 1 {
		return shapeError(version, fmt.Sprintf("globalThis.Go is set to a class %d times instead of once", n))
	}
	for _, w := range []struct{ text, what string }{
		{scopeName + ".fs = ", "a stand-in for fs"},
		{scopeName + ".process = ", "a stand-in for process"},
		{scopeName + ".fs.writeSync(", "output through fs.writeSync"},
		{"this.importObject = ", "the property importObject"},
		{"gojs:", "the import module gojs"},
		{"async run(instance)", "the method run(instance)"},
		{"_resume()", "the method _resume()"},
		{"this._inst.exports.resume()", "the export resume"},
		{"this.exited = true", "the property exited"},
		{"this.exit(code)", "the hook exit(code)"},
	} {
		if !strings.Contains(code, w.text) {
			return shapeError(version, "not found: "+w.what)
		}
	}
	for _, evil := range []string{"eval(", "new Function(", "importScripts(", "document."} {
		if strings.Contains(code, evil) {
			return shapeError(version, "it uses "+strings.TrimRight(evil, "(."))
		}
	}
	return nil
}

func shapeError(version, what string) error {
	return fmt.Errorf("failed to make wasm_exec.js private: the one of %s has an unknown shape (%s); mend internal/build/runtime.go for this Go version or use the one in go.mod", version, what)
}
