package rules_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// knots are the files that can't be read apart, by package, with the reason why.
// Everywhere else the files of a package form layers: a reader begins at the
// bottom and needs nothing from above.
var knots = map[string]map[string]string{
	"protocol": {
		"number.go scan.go": "a number is scanned by the same scanner, in a file of its own since it is long",
	},
	"server/session": {
		"memory_session.go waiting.go": "a session knows its place among those that wait, and the place its session",
	},
}

// layered are the packages that a reader of the product goes through.
var layered = []string{"./protocol", "./internal/engine", "./client", "./internal/dispatch", "./internal/sendq",
	"./server", "./server/session", "./server/topic", "./internal/abi", "./internal/build", "./cmd/devserver"}

func TestFilesFormLayers(t *testing.T) {
	for _, p := range goList(t, false, layered...) {
		dir, _ := local(p.ImportPath)
		uses := usesBetween(t, dir, p.GoFiles)
		found := cycles(uses)
		for _, files := range found {
			if knots[dir][strings.Join(files, " ")] != "" {
				continue
			}
			t.Errorf("%s: each of %v uses all the others in the end: cut the circle, or give the reason in knots", dir, files)
			for _, from := range files {
				for _, to := range files {
					if example := uses[from][to]; example != "" {
						t.Logf("%s of %s", example, to)
					}
				}
			}
		}
		for knot := range knots[dir] {
			if !slices.ContainsFunc(found, func(files []string) bool { return strings.Join(files, " ") == knot }) {
				t.Errorf("%s: %s is no knot any more: take it out of knots", dir, knot)
			}
		}
	}
}

// cycles are the largest sets of files of which each reaches all the others.
func cycles(uses map[string]map[string]string) (found [][]string) {
	reach := map[string]map[string]bool{}
	var walk func(from, at string)
	walk = func(from, at string) {
		for to := range uses[at] {
			if !reach[from][to] {
				reach[from][to] = true
				walk(from, to)
			}
		}
	}
	files := slices.Sorted(maps.Keys(uses))
	for _, file := range files {
		reach[file] = map[string]bool{}
		walk(file, file)
	}
	done := map[string]bool{}
	for _, file := range files {
		if done[file] || !reach[file][file] {
			continue
		}
		cycle := []string{}
		for _, other := range files {
			if reach[file][other] && reach[other][file] {
				cycle = append(cycle, other)
				done[other] = true
			}
		}
		found = append(found, cycle)
	}
	return found
}

// usesBetween says which file of a package uses which other, with an example.
func usesBetween(t *testing.T, dir string, files []string) map[string]map[string]string {
	t.Helper()
	export := exports(t, dir)
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range files {
		file, err := parser.ParseFile(set, filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	imports := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(export[path]) })
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	pkg, err := (&types.Config{Importer: imports}).Check(dir, set, parsed, info)
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]map[string]string{}
	for id, object := range info.Uses {
		switch generic := object.(type) {
		case *types.Func:
			object = generic.Origin()
		case *types.Var:
			object = generic.Origin()
		}
		if object.Pkg() != pkg || object.Pos() == token.NoPos {
			continue
		}
		from, to := filepath.Base(set.Position(id.Pos()).Filename), filepath.Base(set.Position(object.Pos()).Filename)
		if from == to {
			continue
		}
		if uses[from] == nil {
			uses[from] = map[string]string{}
		}
		if before := uses[from][to]; before == "" || id.Name < before {
			uses[from][to] = fmt.Sprintf("%s uses %s", from, id.Name)
		}
	}
	return uses
}

// exports is where the compiler has put what it exports of each package that one
// needs.
func exports(t *testing.T, dir string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./"+dir).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("%s", exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return files
}
