//go:build !js

package engine

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The files of this package use each other in one direction, so that a reader
// can name its layers: see the package's comment. These use each other both
// ways, each for a reason.
var cycles = [][2]string{
	{"frames.go", "plain.go"}, // one Decoder, for both modes
}

func TestFilesUseEachOtherOneWay(t *testing.T) {
	uses := fileUses(t)
	for _, cycle := range cycles {
		if !uses[cycle[0]][cycle[1]] || !uses[cycle[1]][cycle[0]] {
			t.Errorf("%v is no cycle any more: take it off the list", cycle)
		}
		delete(uses[cycle[0]], cycle[1])
	}
	for len(uses) > 0 {
		var lowest string
		for name, others := range uses {
			if !slices.ContainsFunc(others.names(), func(other string) bool { return uses[other] != nil }) {
				lowest = name
			}
		}
		if lowest == "" {
			for name, others := range uses {
				t.Errorf("%s uses %v", name, others.names())
			}
			return
		}
		delete(uses, lowest)
	}
}

type set map[string]bool

func (s set) names() []string {
	var names []string
	for name := range s {
		names = append(names, name)
	}
	return names
}

// fileUses tells for each file the others whose names, methods and members it
// uses.
func fileUses(t *testing.T) map[string]set {
	t.Helper()
	fset := token.NewFileSet()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]set{}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_js.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		uses[path] = set{}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: nowhere{}, Error: func(error) {}}
	here, _ := conf.Check("engine", fset, files, info) // other packages are missing
	for id, what := range info.Uses {
		if what.Pkg() != here || !what.Pos().IsValid() {
			continue
		}
		if from, to := fset.File(id.Pos()).Name(), fset.File(what.Pos()).Name(); from != to {
			uses[from][to] = true
		}
	}
	return uses
}

// Import makes the others' absence no error of ours.
func (nowhere) Import(string) (*types.Package, error) { return nil, errors.New("not looked at") }
