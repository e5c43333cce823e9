//go:build unix

package rules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	readme        = "README.md"
	readmeChinese = "README.zh-CN.md"
)

// block is a fenced block of code.
type block struct {
	language string
	text     string
	line     int
}

// parseMarkdown returns the blocks of code, and the rest, line by line.
func parseMarkdown(t *testing.T, name string) (blocks []block, prose []string) {
	t.Helper()
	var open *block
	for n, line := range strings.Split(readFile(t, name), "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &block{language: fence, line: n + 1}
		case isFence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		default:
			prose = append(prose, line)
		}
	}
	if open != nil {
		t.Errorf("%s:%d: the block does not end", name, open.line)
	}
	return blocks, prose
}

// A command that a newcomer copies works. Each is executed here, or is a
// target of make test, which can't run itself.
func TestReadmeCommands(t *testing.T) {
	blocks, prose := parseMarkdown(t, readme)
	found := map[string]bool{}
	for _, b := range blocks {
		if b.language != "sh" {
			continue
		}
		for command := range strings.Lines(b.text) {
			command, _, _ = strings.Cut(command, " #")
			command = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(command), "$ "))
			if command == "" || strings.HasPrefix(command, "#") {
				continue
			}
			found[command] = true
			t.Run(command, func(t *testing.T) { tryCommand(t, command, b.line) })
		}
	}
	for _, m := range regexp.MustCompile("`(make [a-z-]+)`").FindAllStringSubmatch(strings.Join(prose, "\n"), -1) {
		if !found[m[1]] {
			t.Run(m[1], func(t *testing.T) { tryCommand(t, m[1], 0) })
		}
	}
	for _, command := range []string{"go run ./cmd/devserver", "make test"} {
		if !found[command] {
			t.Errorf("%s has no ```sh block with %q: they are the two commands that it begins with", readme, command)
		}
	}
}

func tryCommand(t *testing.T, command string, line int) {
	words := strings.Fields(command)
	switch {
	case words[0] == "make":
		// -n says whether make knows how, and runs nothing.
		if out, err := exec.Command("make", append([]string{"-n", "STEPS="}, words[1:]...)...).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	case strings.HasPrefix(command, "go run ./cmd/devserver"):
		tryDevserver(t, words)
	case words[0] == "go" && words[1] == "get" || words[0] == "git" && words[1] == "clone" || words[0] == "cd":
		// These need the world outside: a module proxy, a host of git.
	default:
		t.Errorf("%s:%d: this test does not know how to try %q: teach it", readme, line, command)
	}
}

// In what the README names, the reader clicks.
func TestReadmeLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)|(?:src|srcset|href)="([^"]+)"`)
	for _, name := range []string{readme, readmeChinese} {
		_, prose := parseMarkdown(t, name)
		for _, m := range link.FindAllStringSubmatch(strings.Join(prose, "\n"), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.FromSlash(target)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if placeholder := regexp.MustCompile(`\b(TODO|FIXME|TBD|XXX)\b`).FindString(strings.Join(prose, "\n")); placeholder != "" {
			t.Errorf("%s still says %s", name, placeholder)
		}
	}
}

// The examples in Go compile.
func TestReadmeGoCompiles(t *testing.T) {
	// What an excerpt, which is no whole file, takes for granted.
	const around = `package main

import (
	"context"
	"time"

	"github.com/sockjax/sockjax/client"
)

func main() {}

func excerpt(ctx context.Context) (err error) {
	var _ time.Time
	var _ client.Options
	{
		EXCERPT
	}
	return err
}
`
	blocks, _ := parseMarkdown(t, readme)
	n := 0
	for _, b := range blocks {
		if b.language != "go" {
			continue
		}
		n++
		source := b.text
		if !strings.HasPrefix(source, "package ") {
			source = strings.Replace(around, "EXCERPT", b.text, 1)
		}
		// A file outside, compiled as one of this module.
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", os.DevNull, file).CombinedOutput(); err != nil {
			t.Errorf("%s:%d: %v\n%s", readme, b.line, err, out)
		}
	}
	if n == 0 {
		t.Errorf("%s has no example in Go", readme)
	}
}

// Whoever reads Chinese gets the same document. Only comments in code may
// differ.
func TestReadmesAgree(t *testing.T) {
	blocks, prose := parseMarkdown(t, readme)
	blocksChinese, proseChinese := parseMarkdown(t, readmeChinese)
	outline := func(prose []string) []int {
		var levels []int
		for _, line := range prose {
			if m := regexp.MustCompile(`^#+ `).FindString(line); m != "" {
				levels = append(levels, len(m)-1)
			}
		}
		return levels
	}
	if a, b := outline(prose), outline(proseChinese); !slices.Equal(a, b) {
		t.Errorf("the levels of the headings are %v in %s and %v in %s", a, readme, b, readmeChinese)
	}
	comment := regexp.MustCompile(`(?m)(^|\s+)(//|#)\s.*$`)
	strip := func(blocks []block) []string {
		var texts []string
		for _, b := range blocks {
			texts = append(texts, b.language+"\n"+comment.ReplaceAllString(b.text, ""))
		}
		return texts
	}
	a, b := strip(blocks), strip(blocksChinese)
	if len(a) != len(b) {
		t.Fatalf("%s has %d blocks of code, %s has %d", readme, len(a), readmeChinese, len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("%s:%d and %s:%d are not the same code", readme, blocks[i].line, readmeChinese, blocksChinese[i].line)
		}
	}
	if a, b := rowsOf(prose), rowsOf(proseChinese); !slices.Equal(a, b) {
		t.Errorf("the first columns of the tables differ:\n%s: %q\n%s: %q", readme, a, readmeChinese, b)
	}
}

// rowsOf are the first cells of tables that hold code.
func rowsOf(prose []string) []string {
	var cells []string
	for _, line := range prose {
		if m := regexp.MustCompile("^\\| *(`[^|]*`) *\\|").FindStringSubmatch(line); m != nil {
			cells = append(cells, m[1])
		}
	}
	return cells
}

// The numbers of the README are those of the code.
func TestReadmeTables(t *testing.T) {
	defaults := seeJavaScript(t).Defaults
	for _, name := range []string{readme, readmeChinese} {
		text := readFile(t, name)
		for option, want := range defaults {
			row := regexp.MustCompile("(?m)^\\| *`" + regexp.QuoteMeta(option) + "` *\\| *([^|]*?) *\\|").FindStringSubmatch(text)
			if row == nil {
				t.Errorf("%s: no row for the option %s", name, option)
				continue
			}
			if got := strings.NewReplacer("`", "", `"`, "", ",", "", "_", "").Replace(row[1]); got != want {
				t.Errorf("%s: the default of %s is %s, in web/api/options.js %s", name, option, got, want)
			}
		}
	}
}

func sameRows(t *testing.T, name string, got, want map[string]string) {
	t.Helper()
	for code, fates := range want {
		if got[code] != fates {
			t.Errorf("%s: the fates of %s are %q, in internal/engine/failures.go %q", name, code, got[code], fates)
		}
	}
	for code := range got {
		if want[code] == "" {
			t.Errorf("%s: there is no code %s", name, code)
		}
	}
}
