package rules_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const architecture = "ARCHITECTURE.md"

// mostFiles is how many files a reader opens to follow one send there and back.
const mostFiles = 15

// A step of the way of one send: a function, and the file that declares it.
type step struct{ name, file string }

// walk reads the steps, in their order.
func walk(t *testing.T) (steps []step) {
	t.Helper()
	_, section, _ := strings.Cut(readFile(t, architecture), "## One send")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile("(?m)^\\d+\\. .*?\\[`([#\\w]+)`\\]\\(([^)]+)\\)").FindAllStringSubmatch(section, -1) {
		steps = append(steps, step{m[1], m[2]})
	}
	if len(steps) < 10 {
		t.Fatalf("%s: found only %d steps", architecture, len(steps))
	}
	return steps
}

// The way of a send in ARCHITECTURE.md is the way that it takes: each function
// is where the page says, and named in the file of a step before it.
func TestArchitectureWalkIsTrue(t *testing.T) {
	var files []string
	for i, s := range walk(t) {
		text := readFile(t, s.file)
		declared := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|\t?  )` + regexp.QuoteMeta(s.name) + `( = )?\(`)
		if !declared.MatchString(text) {
			t.Errorf("%s: step %d: %s declares no %s", architecture, i+1, s.file, s.name)
		}
		called := regexp.MustCompile(`[.#\s]` + strings.TrimPrefix(s.name, "#") + `\b`)
		network := strings.HasPrefix(s.file, "server/") && i > 0 && strings.HasPrefix(files[len(files)-1], "web/")
		if i > 0 && !network && !slices.ContainsFunc(files, func(file string) bool { return called.MatchString(readFile(t, file)) }) {
			t.Errorf("%s: step %d: none of the files before it names %s", architecture, i+1, s.name)
		}
		if !slices.Contains(files, s.file) {
			files = append(files, s.file)
		}
	}
	if len(files) > mostFiles {
		t.Errorf("%s: one send leads through %d files, more than %d: a reader gives up", architecture, len(files), mostFiles)
	}
}

// The page names each folder that has code, each file and each test that there is.
func TestArchitectureHoldsToTheTree(t *testing.T) {
	text := readFile(t, architecture)
	for _, name := range repoFiles(t, ".go", ".js") {
		dir := path.Dir(name)
		if strings.Contains(name, "testdata") || strings.HasPrefix(name, "bench/") || dir == "." {
			continue
		}
		for !strings.Contains(text, dir) && strings.Count(dir, "/") > 1 {
			dir = path.Dir(dir) // a folder within one that the page names
		}
		if !strings.Contains(text, dir) {
			t.Errorf("%s does not name %s", architecture, path.Dir(name))
		}
	}
	for _, m := range regexp.MustCompile(`\b(?:(?:web|wasm|internal|server|client|test|cmd|protocol)/[\w./-]*\w)`).FindAllString(text, -1) {
		if _, err := os.Stat(m); err != nil {
			t.Errorf("%s: %v", architecture, err)
		}
	}
	var tests strings.Builder
	for _, name := range repoFiles(t, ".go") {
		if strings.HasSuffix(name, "_test.go") {
			tests.WriteString(readFile(t, name))
		}
	}
	for _, name := range regexp.MustCompile(`\bTest\w+`).FindAllString(text, -1) {
		if !strings.Contains(tests.String(), "func "+name+"(") {
			t.Errorf("%s: there is no %s", architecture, name)
		}
	}
}
