package rules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

const (
	readme        = "README.md"
	readmeChinese = "README.zh-CN.md"
)

// block is a fenced block of code.
type block struct {
	language string
	text     string
	file     string
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
			open = &block{language: fence, file: name, line: n + 1}
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

// A command that a reader copies works. Each is executed here, or is a
// target of make test, which can't run itself.
func TestReadmeCommands(t *testing.T) {
	var blocks []block
	var prose []string
	for _, name := range manuals(t) {
		if name == readmeChinese { // its blocks are those of the other
			continue
		}
		more, words := parseMarkdown(t, name)
		blocks, prose = append(blocks, more...), append(prose, words...)
	}
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
			if found[command] {
				continue
			}
			found[command] = true
			t.Run(command, func(t *testing.T) { tryCommand(t, command, b) })
		}
	}
	for _, m := range regexp.MustCompile("`(make [a-z-]+)`").FindAllStringSubmatch(strings.Join(prose, "\n"), -1) {
		if !found[m[1]] {
			t.Run(m[1], func(t *testing.T) { tryCommand(t, m[1], block{}) })
		}
	}
	for _, command := range []string{"go run ./cmd/devserver", "make test"} {
		if !found[command] {
			t.Errorf("%s has no ```sh block with %q: they are the two commands that it begins with", readme, command)
		}
	}
}

func tryCommand(t *testing.T, command string, b block) {
	words := strings.Fields(command)
	switch {
	case words[0] == "make":
		// -n says whether make knows how, and runs nothing.
		if out, err := exec.Command("make", append([]string{"-n", "STEPS="}, words[1:]...)...).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	case strings.HasPrefix(command, "go run ./cmd/devserver"):
		tryDevserver(t, words)
	case words[0] == "go" && words[1] == "get" || words[0] == "git" && words[1] == "clone" || words[0] == "cd",
		words[0] == "npm" && words[1] == "install": // test/package does
		// These need the world outside: a module proxy, a host of git, a registry.
	default:
		t.Errorf("%s:%d: this test does not know how to try %q: teach it", b.file, b.line, command)
	}
}

// manuals are what people read who do not read code.
func manuals(t *testing.T) []string {
	t.Helper()
	names := []string{readme, readmeChinese, "PROTOCOL.md", "CHANGELOG.md"}
	docs, err := filepath.Glob("docs/*.md")
	if err != nil || docs == nil {
		t.Fatalf("docs/ holds no page: %v", err)
	}
	return append(names, docs...)
}

// In what a manual names, the reader clicks.
func TestReadmeLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]*)#?([^)]*)\)|(?:src|srcset|href)="([^"]+)"`)
	for _, name := range manuals(t) {
		_, prose := parseMarkdown(t, name)
		for _, m := range link.FindAllStringSubmatch(strings.Join(prose, "\n"), -1) {
			target, heading := m[1]+m[3], m[2]
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(filepath.Dir(name), filepath.FromSlash(target))
			if target == "" {
				path = name
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if heading != "" && !slices.Contains(headings(t, path), heading) {
				t.Errorf("%s: %s has no heading #%s", name, path, heading)
			}
		}
		if placeholder := regexp.MustCompile(`\b(TODO|FIXME|TBD|XXX)\b`).FindString(strings.Join(prose, "\n")); placeholder != "" {
			t.Errorf("%s still says %s", name, placeholder)
		}
	}
}

// headings are the names by which a link reaches the headings of a page.
func headings(t *testing.T, name string) []string {
	t.Helper()
	_, prose := parseMarkdown(t, name)
	var names []string
	for _, line := range prose {
		if title := strings.TrimLeft(line, "#"); title != line {
			kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			names = append(names, strings.ReplaceAll(kept, " ", "-"))
		}
	}
	return names
}

// A newcomer reads the README to its end. What grows has a page in docs/.
func TestReadmeIsOnePage(t *testing.T) {
	for _, name := range []string{readme, readmeChinese} {
		if lines := strings.Count(readFile(t, name), "\n"); lines > 250 {
			t.Errorf("%s has %d lines", name, lines)
		}
	}
}

// After a fatal close code a client is closed, after any other it waits: so say
// the rows by which somebody looks for what is wrong.
func TestReadmeCloseCodes(t *testing.T) {
	for _, name := range []string{readme, readmeChinese} {
		rows := regexp.MustCompile("(?m)^\\| `(closed|waiting)`, (\\d{4}) ").FindAllStringSubmatch(readFile(t, name), -1)
		if len(rows) == 0 {
			t.Errorf("%s has no rows with close codes", name)
		}
		for _, row := range rows {
			code, err := strconv.Atoi(row[2])
			if err != nil || protocol.CloseCode(code).Fatal() != (row[1] == "closed") {
				t.Errorf("%s: after %d a client is not %s", name, code, row[1])
			}
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
	n := 0
	for _, b := range goBlocks(t) {
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
			t.Errorf("%s:%d: %v\n%s", b.file, b.line, err, out)
		}
	}
	if n < 3 {
		t.Errorf("the manuals have %d examples in Go; there were 3", n)
	}
}

func goBlocks(t *testing.T) (found []block) {
	t.Helper()
	for _, name := range manuals(t) {
		if name == readmeChinese {
			continue
		}
		blocks, _ := parseMarkdown(t, name)
		for _, b := range blocks {
			if b.language == "go" {
				found = append(found, b)
			}
		}
	}
	return found
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
