package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func realWasmExec(t *testing.T) string {
	t.Helper()
	tool, err := findTool(t.Context(), Options{Root: "."})
	if err != nil {
		t.Fatal(err)
	}
	src, err := tool.wasmExec()
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// No global name is left that wasm_exec.js could leak through or pick up.
func TestRuntimeNamesNoGlobals(t *testing.T) {
	code, err := privateRuntime([]byte(realWasmExec(t)), "go1.26")
	if err != nil {
		t.Fatal(err)
	}
	messages := regexp.MustCompile(`"[^"\n]*"`) // such as "globalThis.crypto is not available"
	bare := messages.ReplaceAllString(code, `""`)
	for _, name := range []string{"globalThis", "window", "self", "global", "process", "fs"} {
		re := regexp.MustCompile(`(^|[^.\w$])` + name + `\b`)
		if at := re.FindStringIndex(bare); at != nil {
			t.Errorf("the runtime names the global %s: …%s…", name, bare[at[0]:min(at[1]+40, len(bare))])
		}
	}
	if !strings.Contains(code, "chmod(path, mode, callback)") {
		t.Error("a parameter named path was taken for the global")
	}
	if !strings.Contains(code, "Copyright 2018 The Go Authors") {
		t.Error("the licence notice is gone")
	}
}

func TestRuntimeOfUnknownShape(t *testing.T) {
	real := realWasmExec(t)
	for _, tt := range []struct{ name, old, new, want string }{
		{"class has another name", "globalThis.Go = class", "globalThis.Golang = class", "set to a class 0 times"},
		{"class is a top-level variable", "globalThis.Go = class", "var Go = class", "set to a class 0 times"},
		{"output goes elsewhere", "fs.writeSync(fd, new", "Deno.writeSync(fd, new", "output through fs.writeSync"},
		{"another import module", "gojs: {", "go2js: {", "the import module gojs"},
		{"no exited", "this.exited = true", "this.ended = true", "the property exited"},
		{"it needs eval", `"use strict";`, `eval("1");`, "it uses eval"},
		{"it became a module", `"use strict";`, "export const a = 1;", "no longer fits into a function"},
		{"it is no script", `"use strict";`, "(;", "no longer fits into a function"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(real, tt.old, tt.new, 1)
			if changed == real {
				t.Fatalf("wasm_exec.js has no %q to change", tt.old)
			}
			_, err := privateRuntime([]byte(changed), "go1.99")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "the one of go1.99 has an unknown shape") {
				t.Errorf("error %v, want … %s …", err, tt.want)
			}
		})
	}
}

// probe runs a bundle as a page would, and prints what it finds.
const probe = `
import fs from "node:fs";
import vm from "node:vm";
const [dir, kind] = process.argv.slice(2);
let api, base = dir;
if (kind === "module") {
  api = await import(dir + "/sockjax.js");
} else {
  globalThis.window = {};
  globalThis.document = { currentScript: { src: dir + "/sockjax.global.js" } };
  vm.runInThisContext(fs.readFileSync(dir + "/sockjax.global.js", "utf8"));
  api = window.sockjax;
  if (api.base !== document.currentScript.src) throw new Error("currentScript was not captured");
}
const before = Object.getOwnPropertyNames(globalThis).join();
const nodeFS = globalThis.fs, nodeProcess = globalThis.process;
const run = async (secret) => {
  const scope = { crypto, performance, TextEncoder, TextDecoder, Object, Array, Uint8Array, Error, secret };
  const { Go, wasmFile } = api.start(scope);
  if (scope.Go !== Go || !scope.fs || !scope.process) throw new Error("the scope is not what wasm_exec.js writes to");
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(dir + "/" + wasmFile), go.importObject);
  await go.run(instance);
  if (!go.exited) throw new Error("the program has not ended");
  return scope.seen;
};
const seen = await Promise.all([run("one"), run("two")]);
if (globalThis.fs !== nodeFS || globalThis.process !== nodeProcess) throw new Error("globals were replaced");
const after = Object.getOwnPropertyNames(globalThis).join();
if (after !== before) throw new Error("new globals: " + after.slice(before.length));
console.log("seen", ...seen);
`

// Two programs on one page each see their own global object, in both bundles,
// minified and not.
func TestRuntimeIsPrivate(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("this test runs the bundles in Node.js: install node")
	}
	root := checkout(t, nil)
	for _, tt := range []struct {
		name string
		dev  bool
	}{{"dev", true}, {"minified", false}} {
		dir := t.TempDir()
		// Not WriteDir: its best compression takes seconds.
		res := mustBuild(t, Options{Root: root, Dev: tt.dev})
		res.add("probe.mjs", typeJS, []byte(probe))
		res.add("package.json", typeJSON, []byte(`{"type":"module"}`))
		for name, f := range res.Files {
			if err := os.WriteFile(filepath.Join(dir, name), f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, kind := range []string{"module", "classic"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				out, err := exec.CommandContext(t.Context(), node, filepath.Join(dir, "probe.mjs"), dir, kind).CombinedOutput()
				if err != nil || strings.TrimSpace(string(out)) != "seen one two" {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}
