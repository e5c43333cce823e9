package build

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Each package of the wasm is there for a reason that somebody has written
// down, and each reason is for a package that is there.
func TestReasons(t *testing.T) {
	tool, err := findTool(context.Background(), Options{Root: "../.."})
	if err != nil {
		t.Fatal(err)
	}
	packages, err := tool.packages(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range packages {
		if reason(path) == "" {
			t.Errorf("why is %s linked? Say so in weigh.go, or do without it: it costs each page", path)
		}
	}
	packages = append(packages, "main", "type") // as function names have them
	for _, w := range why {
		for _, entry := range strings.Fields(w.packages) {
			if !slices.ContainsFunc(packages, func(path string) bool { return covers(entry, path) }) {
				t.Errorf("weigh.go has a reason for %s, which is not linked", entry)
			}
		}
	}
}

// The go command says nothing of flags for a package that is not there, so that
// calls would only become slower when one moves.
func TestHotPackagesAreLinked(t *testing.T) {
	tool, err := findTool(context.Background(), Options{Root: "../.."})
	if err != nil {
		t.Fatal(err)
	}
	packages, err := tool.packages(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range hot {
		if !slices.Contains(packages, Module+"/"+name) {
			t.Errorf("wasm.go has the compiler inline in %s, which is not linked", name)
		}
	}
}

func TestWeigh(t *testing.T) {
	weights, err := Weigh(context.Background(), checkout(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	functions, seen := 0, map[string]int{}
	for _, w := range weights {
		functions += w.Functions
		seen[w.Package] = w.Code
	}
	if functions < 1000 || seen["runtime"] < 500_000 || seen["main"] == 0 {
		t.Errorf("%d functions, %v", functions, seen)
	}
}

func TestPackageFinder(t *testing.T) {
	of := packageFinder([]string{"runtime", "internal/runtime/maps", "github.com/a-b/c", "slices", "io", "io/fs"})
	for name, want := range map[string]string{
		"runtime.gcStart":                       "runtime",
		"internal_runtime_maps.__Map_.Get":      "internal/runtime/maps",
		"github.com_a_b_c.__T_go.shape.int_.do": "github.com/a-b/c",
		"slices.Sort_go.shape.____io_fs.X_":     "slices",
		"io_fs.FileMode.String":                 "io/fs",
		"main.main":                             "main",
		"type_..eq.runtime.x":                   "type",
		"wasm_export_resume":                    "runtime",
		"":                                      "runtime",
	} {
		if got := of(name); got != want {
			t.Errorf("%s belongs to %s, not to %s", name, want, got)
		}
	}
}

func TestWasmFunctions(t *testing.T) {
	for name, wasm := range map[string]string{
		"too short":    "\x00asm\x01\x00\x00\x00\x0a\x05\x01\x09",
		"without name": "\x00asm\x01\x00\x00\x00\x0a\x04\x01\x02\x00\x0b",
	} {
		if got, err := wasmFunctions([]byte(wasm)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
