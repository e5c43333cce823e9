package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/build"
)

func root(t *testing.T) string {
	t.Helper()
	root, err := build.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil || string(got) != want {
			t.Errorf("%s is not what internal/abi says: run go generate ./internal/abi", name)
		}
	}
}

func TestTheScriptWritesWhatGoReads(t *testing.T) {
	if out, err := exec.Command("node", "testdata/numbers.mjs").CombinedOutput(); err != nil {
		t.Errorf("testdata/numbers.mjs: %v\n%s", err, out)
	}
}

// surfaces are the hashes of what each version of package abi lets cross. One
// that has been built somewhere stays as it is: add a line for the next.
var surfaces = map[int]string{
	1: "8645679317b16ecc",
}

// A script and a wasm of two builds must notice that they do not belong together.
// They do so by the version, so whatever crosses has one of its own.
func TestVersionIsRaisedWithEveryChange(t *testing.T) {
	text := surface(t)
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:8])
	if surfaces[abi.Version] == hash {
		return
	}
	t.Logf("what crosses is\n%s", text)
	t.Errorf("what crosses between Go and JavaScript has changed: set abi.Version in internal/abi/abi.go to %d, add the line %[1]d: %q to surfaces here, and run go generate ./internal/abi",
		abi.Version+1, hash)
}

// surface is all that crosses, as text: what the script has from Go, the exports
// and imports, the methods of the host that Go calls, and how Go makes a client.
func surface(t *testing.T) string {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(root(t), "wasm", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range sources {
		if !strings.HasSuffix(name, "_test.go") && filepath.Base(name) != filepath.Base(goFile) {
			found = append(found, crossings(t, name)...)
		}
	}
	slices.Sort(found) // whichever file they stand in
	return script() + strings.Join(found, "\n")
}

var directive = regexp.MustCompile(`//go:wasm(?:export|import sockjax) \w+`)

// crossings are what a file of wasm/ adds to the surface.
func crossings(t *testing.T, name string) (found []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	show := func(node any) string {
		var b bytes.Buffer
		if err := printer.Fprint(&b, set, node); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "main" {
				found = append(found, show(n.Body)) // it gives connect to the script
			}
			if n.Doc == nil {
				break
			}
			for _, line := range n.Doc.List {
				if directive.MatchString(line.Text) {
					found = append(found, line.Text+" "+show(n.Type))
				}
			}
		case *ast.CallExpr:
			switch method, _ := n.Fun.(*ast.SelectorExpr); {
			case method == nil:
			case method.Sel.Name == "tell":
				found = append(found, show(n))
			case method.Sel.Name == "ask":
				found = append(found, "ask "+show(n.Args[0])) // the others stay in Go
			}
		}
		return true
	})
	return found
}
