package pkg_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The tarball has what a page needs and nothing else, and what it exports is
// there: Node.js itself looks.
func TestPackage(t *testing.T) {
	t.Parallel()
	p := newProject(t, "testdata/node")
	wasm, worker := p.hashed(t, "sockjax-*.wasm"), p.hashed(t, "sockjax-worker-*.js")
	want := []string{"LICENSE", "README.md", "package.json", "sockjax.d.ts", "sockjax.global.d.ts", "url.d.ts",
		"sockjax.stats.d.ts", "sockjax.streams.d.ts", "sockjax.topics.d.ts"}
	for _, name := range []string{wasm, worker, "sockjax.js", "sockjax.global.js"} {
		want = append(want, name, name+".br", name+".gz")
	}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(pack(t).files))
	if !slices.Equal(got, want) {
		t.Errorf("the package has %q, want %q", got, want)
	}
	for from, to := range map[string]string{
		"sockjax": "sockjax.js", "sockjax/global": "sockjax.global.js", "sockjax/sockjax.wasm": wasm, "sockjax/sockjax-worker.js": worker, "sockjax/package.json": "package.json",
	} {
		code := `import fs from "node:fs"; console.log(fs.realpathSync(new URL(import.meta.resolve("` + from + `"))))`
		found := strings.TrimSpace(p.run(t, nil, "node", "--input-type=module", "--eval", code))
		real, err := filepath.EvalSymlinks(p.path("node_modules/sockjax/" + to))
		if err != nil || found != real {
			t.Errorf("%s is %s, want %s: %v", from, found, real, err)
		}
	}
	version := p.run(t, nil, "node", "--input-type=module", "--eval", `import { version } from "sockjax"; console.log(version)`)
	if strings.TrimSpace(version) != pack(t).version {
		t.Errorf("the script says it is version %s, package.json says %s", version, pack(t).version)
	}
}

// Each lockfile pins what it installs, and has not our own package, whose
// content changes.
func TestLockfiles(t *testing.T) {
	locks, err := filepath.Glob("testdata/*/package-lock.json")
	if err != nil || len(locks) == 0 {
		t.Fatalf("no lockfile: %v", err)
	}
	examples, _ := filepath.Glob("../../examples/*/package-lock.json")
	for _, name := range append(locks, examples...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var lock struct {
			Packages map[string]struct{ Integrity string }
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		for path, pinned := range lock.Packages {
			if path == "node_modules/sockjax" || path != "" && pinned.Integrity == "" {
				t.Errorf("%s: %s has no place there, or no integrity", name, path)
			}
		}
	}
}
