package rules_test

import (
	"bufio"
	"bytes"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repoFiles returns the repository's files with one of the extensions, or
// all of them. What git ignores is not there.
func repoFiles(t *testing.T, extensions ...string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir():
			hidden := strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") && name != "." && name != ".ci"
			if hidden || name == "node_modules" || path == "dist" {
				return fs.SkipDir
			}
		case name == ".git": // a file in a worktree, which says where the repository is
		case len(extensions) == 0 || slices.Contains(extensions, filepath.Ext(name)):
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A file that a reader can hold in the head is short. There are no exceptions:
// one file that may be longer is soon two.
func TestFilesAreShort(t *testing.T) {
	const limit = 400
	for _, name := range repoFiles(t, ".go", ".js", ".mjs", ".ts", ".css", ".html") {
		if strings.Contains(name, "testdata/") {
			continue
		}
		if lines := strings.Count(readFile(t, name), "\n"); lines >= limit {
			t.Errorf("%s has %d lines; files have fewer than %d: cut it where its parts know least of each other", name, lines, limit)
		}
	}
}

func TestGofmt(t *testing.T) {
	for _, name := range repoFiles(t, ".go") {
		source := []byte(readFile(t, name))
		formatted, err := format.Source(source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(source, formatted) {
			t.Errorf("%s: run make fmt", name)
		}
	}
}

// What is true on one machine only has no place in the repository: paths of
// a home directory, and the hosts from which that machine fetches packages.
// Each developer's own settings say these.
func TestNamesNoMachine(t *testing.T) {
	patterns := map[string]*regexp.Regexp{
		"a path of one machine":   regexp.MustCompile(`(^|[\s"'=(])/(home|root|work|Users|mnt)/[\w.-]`),
		"a host of a registry":    regexp.MustCompile(`\bregistry\.[a-z-]+\.[a-z]|://[^/\s"]*\b(goproxy|artifactory|nexus|verdaccio)\b`),
		"a package's source":      regexp.MustCompile(`"resolved":\s*"`),
		"a setting of one's own ": regexp.MustCompile(`^\s*(export )?(GOPROXY|GONOSUMDB|GOFLAGS)=`),
	}
	for _, name := range repoFiles(t) {
		text := readFile(t, name)
		if strings.Contains(text, "\x00") || name == "internal/rules/files_test.go" {
			continue
		}
		for n, line := range strings.Split(text, "\n") {
			for what, pattern := range patterns {
				if found := pattern.FindString(line); found != "" {
					t.Errorf("%s:%d: %s: %q", name, n+1, what, found)
				}
			}
		}
	}
}

// A dependency is code that every user downloads and trusts. Whoever adds one
// says in a sentence what for: a comment above its line, which the go command
// leaves where it is.
func TestDependenciesHaveReasons(t *testing.T) {
	direct := directModules(t)
	sentence := regexp.MustCompile(`^// \p{Lu}.*[.)]$`)
	var comment []string
	for lines := bufio.NewScanner(strings.NewReader(readFile(t, "go.mod"))); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "//") {
			comment = append(comment, line)
			continue
		}
		reason := ""
		if len(comment) > 0 {
			reason = "// " + strings.TrimPrefix(strings.Join(comment, " "), "// ")
		}
		comment = nil
		module, rest, _ := strings.Cut(strings.TrimPrefix(line, "require "), " ")
		if !direct[module] {
			continue
		}
		delete(direct, module)
		if strings.Contains(rest, "// indirect") {
			t.Errorf("go.mod: %s is imported here, so it is not indirect: go mod tidy", module)
		}
		if !sentence.MatchString(reason) {
			t.Errorf("go.mod: %s lacks its reason: a comment on the line above, one sentence that begins with a capital and ends with a full stop", module)
		}
	}
	for module := range direct {
		t.Errorf("go.mod does not require %s", module)
	}
}
