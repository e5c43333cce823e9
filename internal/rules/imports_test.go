package rules_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
)

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath   string
	Name         string
	Standard     bool
	GoFiles      []string
	Module       *struct{ Path string }
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func goList(t *testing.T, js bool, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Standard,GoFiles,Module,Imports,TestImports,XTestImports"}, args...)...)
	if js {
		cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	}
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("%v: %s", cmd, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// everyPackage are this module's, as the host and as the browser see them.
func everyPackage(t *testing.T) []listed {
	return append(goList(t, false, "./..."), goList(t, true, "./protocol", "./internal/engine", "./wasm")...)
}

// local is a package's path within this module.
func local(importPath string) (string, bool) {
	if importPath == build.Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, build.Module+"/")
}

// Who may import what of this module, in what is not a test. It holds that
//   - both ends speak through protocol and know nothing else of each other:
//     client and server never meet;
//   - what users import never pulls in a command, the build or a test's tools;
//   - the arrows have one direction, so that each package can be read without
//     those above it.
var mayImport = map[string][]string{
	".":                        {},
	"protocol":                 {},
	"internal/pace":            {},
	"internal/engine":          {"internal/pace", "protocol"},
	"internal/engine/contract": {"protocol"}, // tests alone import it
	"internal/abi":             {"internal/engine", "protocol"},
	"internal/abi/gen":         {"internal/abi", "internal/build", "internal/engine", "protocol"}, // a command
	"client":                   {"internal/engine", "protocol"},
	"internal/dispatch":        {},
	"internal/sendq":           {"internal/pace", "protocol"},
	"server":                   {"internal/dispatch", "internal/sendq", "protocol", "server/session", "server/topic"},
	"server/session":           {"protocol"},
	"server/topic":             {"protocol"},
	"wasm":                     {"internal/abi", "internal/engine", "protocol"},
	"internal/rules":           {},
	"test/browser":             {},
	"test/chaos":               {},
	"test/package":             {},
	"internal/build":           {},
	"internal/build/cmd/dist":  {"internal/build"},
	"cmd/devserver":            {"internal/build", "protocol", "server"},
	"internal/e2e":             {"internal/build", "internal/e2e/bidi", "internal/e2e/webdriver", "internal/engine", "internal/fault", "protocol", "server"}, // tests import it, and what runs them
	"internal/e2e/bidi":        {"internal/e2e/process"},                                                                                                     // a driver knows nothing of tests
	"internal/e2e/webdriver":   {"internal/e2e/process"},                                                                                                     // nor of the other
	"internal/e2e/process":     {},
	"test/vectors":             {"internal/engine/contract", "protocol"}, // the same
	"internal/fault":           {},
	"internal/soak":            {"client", "server"}, // a command

	"internal/e2e/cmd/browsers": {"internal/e2e"}, // a command, which runs those tests
}

func TestImports(t *testing.T) {
	for _, p := range everyPackage(t) {
		here, _ := local(p.ImportPath)
		allowed, ok := mayImport[here]
		if !ok {
			t.Errorf("%s is new: say in mayImport what it may import", here)
			continue
		}
		for _, imported := range p.Imports {
			if to, ok := local(imported); ok && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s; of this module it may import %v: see mayImport for the reasons", here, to, allowed)
			}
		}
	}
}

// mayImportScript is the same for the folders of web/: a page's own module is
// the door, and a host must be able to live in a worker, without the page.
var mayImportScript = map[string][]string{
	"api":    {"api", "host", "port", "store", "shared"},
	"host":   {"host", "port", "store", "shared"},
	"port":   {"port", "shared"}, // a page whose host is a worker needs no more
	"store":  {"store", "shared"},
	"shared": {"shared"},
}

func TestScriptImports(t *testing.T) {
	imports := regexp.MustCompile(`(?m)^(?:import|export)\b[^"]*"(\.[^"]+)"`)
	for _, name := range repoFiles(t, ".js") {
		folder := path.Base(path.Dir(name))
		allowed, ours := mayImportScript[folder]
		if !strings.HasPrefix(name, "web/") || !ours {
			continue
		}
		for _, m := range imports.FindAllStringSubmatch(readFile(t, name), -1) {
			if to := path.Base(path.Dir(path.Join(path.Dir(name), m[1]))); !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s; files of web/%s may import those of %v", name, m[1], folder, allowed)
			}
		}
	}
}

// PROTOCOL.md in code must be readable, and usable, by itself.
func TestProtocolNeedsOnlyTheStandardLibrary(t *testing.T) {
	for _, p := range goList(t, false, "-deps", "./protocol") {
		if !p.Standard && p.ImportPath != build.Module+"/protocol" {
			t.Errorf("protocol depends on %s", p.ImportPath)
		}
	}
}

// JavaScript is touched in one place. Everywhere else a reader may forget it,
// and tests need neither a browser nor Node.js. (Nested modules such as bench
// are on their own.)
func TestOnlyWasmTouchesJavaScript(t *testing.T) {
	for _, name := range repoFiles(t, ".go") {
		dir := path.Dir(name)
		if dir == "wasm" || strings.HasPrefix(name, "bench/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, spec := range file.Imports {
			switch imported, _ := strconv.Unquote(spec.Path.Value); imported {
			case "syscall/js", "github.com/hack-pad/safejs":
				t.Errorf("%s imports %s: only wasm/ does", name, imported)
			}
		}
	}
}

// Each package in the wasm is a download for every visitor of every page.
func TestWasmIsSmall(t *testing.T) {
	forbidden := map[string]string{
		"net":                        "it carries a network stack that a browser does not have",
		"net/http":                   "it adds more than a megabyte; the browser has the WebSocket",
		"net/url":                    "the browser parses URLs",
		"crypto/tls":                 "the browser encrypts",
		"log":                        "an export must not print: see wasm/exports.go",
		"log/slog":                   "an export must not print: see wasm/exports.go",
		"os/exec":                    "there is nothing to execute",
		"testing":                    "it is for tests",
		"regexp":                     "it adds more than 100 kB",
		"github.com/coder/websocket": "the browser has the WebSocket",
	}
	modules := []string{build.Module, "github.com/hack-pad/safejs", "github.com/google/uuid"}
	var standard []string
	for _, p := range goList(t, true, "-deps", "./wasm") {
		if why, bad := forbidden[p.ImportPath]; bad {
			t.Errorf("wasm depends on %s: %s; GOOS=js GOARCH=wasm go list -deps -json ./wasm says how", p.ImportPath, why)
		}
		if p.Standard && !strings.Contains(p.ImportPath, "internal/") {
			standard = append(standard, p.ImportPath)
		} else if p.Module != nil && !slices.Contains(modules, p.Module.Path) {
			t.Errorf("wasm depends on %s of the module %s", p.ImportPath, p.Module.Path)
		}
	}
	t.Logf("of the standard library, the wasm has %s", strings.Join(standard, ", "))
}

// What tests and the build need must not weigh on who imports a package, nor
// on who starts the dev server with nothing but Go.
func TestUsersCarryNoTools(t *testing.T) {
	const (
		chromedp  = "github.com/chromedp/chromedp"
		cdproto   = "github.com/chromedp/cdproto"
		rapid     = "pgregory.net/rapid"
		esbuild   = "github.com/evanw/esbuild"
		brotli    = "github.com/andybalholm/brotli"
		fsnotify  = "github.com/fsnotify/fsnotify"
		websocket = "github.com/coder/websocket"
	)
	tests := []string{chromedp, cdproto, rapid}
	tools := append([]string{esbuild, brotli, fsnotify}, tests...)
	for pkg, forbidden := range map[string][]string{
		"./protocol":                append([]string{websocket}, tools...),
		"./client":                  tools,
		"./server":                  tools,
		"./cmd/devserver":           tests,
		"./internal/build/cmd/dist": append([]string{websocket}, tests...),
	} {
		for _, p := range goList(t, false, "-deps", pkg) {
			if p.Module != nil && slices.Contains(forbidden, p.Module.Path) {
				t.Errorf("%s depends on %s, which is for tests or for the build", pkg, p.ImportPath)
			}
			if p.ImportPath == "testing" {
				t.Errorf("%s depends on testing", pkg)
			}
		}
	}
}

// directModules are those that this module's packages and tests import.
func directModules(t *testing.T) map[string]bool {
	t.Helper()
	imported := map[string]bool{}
	for _, p := range everyPackage(t) {
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if _, ours := local(path); !ours && strings.Contains(path, ".") {
				imported[path] = true
			}
		}
	}
	direct := map[string]bool{}
	for _, js := range []bool{false, true} {
		args := []string{"-deps", "-test"}
		if js {
			args = append(args, "./protocol", "./internal/engine", "./wasm")
		} else {
			args = append(args, "./...")
		}
		for _, p := range goList(t, js, args...) {
			if imported[p.ImportPath] && p.Module != nil {
				direct[p.Module.Path] = true
			}
		}
	}
	return direct
}
