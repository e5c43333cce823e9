package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"slices"
	"strings"

	"github.com/sockjax/sockjax/internal/e2e"
)

// result is what became of the tests in one engine.
type result struct {
	engine  string
	version string // such as "Firefox/140.0"
	passed  int    // tests without subtests
	failed  []string
	skipped []skip

	progress io.Writer
	tests    map[string]*test // by package and name; a package itself has no name
}

type skip struct {
	test    string
	feature e2e.Feature
	why     string
}

// test is one that runs, or has run, or a package.
type test struct {
	said   strings.Builder
	isTree bool           // it has subtests
	ends   map[string]int // of the tests below it, or of itself, by action
}

func newResult(engine string, progress io.Writer) *result {
	return &result{engine: engine, progress: progress, tests: map[string]*test{}}
}

// event is what go test -json tells: see go doc test2json.
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64 // seconds
	Output  string
}

// test runs the tests of packages, one package after the other: two browsers
// at once would slow each other down. It returns an error unless all passed,
// or were skipped for a reason that the engine gives.
func (r *result) test(ctx context.Context, match string, packages []string, stderr io.Writer) error {
	args := append([]string{"test", "-json", "-count=1", "-timeout=30m", "-p=1", "-run=" + match}, packages...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-engine="+r.engine)...)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.read(out)
	err = cmd.Wait()
	switch {
	case len(r.failed) > 0:
		return errors.New(strings.Join(r.failed, ", "))
	case err != nil:
		return fmt.Errorf("go test: %w", err)
	case r.passed == 0:
		return errors.New("no test ran")
	}
	return nil
}

func (r *result) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(r.progress, lines.Text())
			continue
		}
		r.take(e)
	}
}

func (r *result) take(e event) {
	switch e.Action {
	case "run":
		for above := range r.above(e) {
			above.isTree = true
		}
	case "output":
		r.of(e.Package, e.Test).said.WriteString(e.Output)
		if version, ok := e2e.RanIn(e.Output); ok {
			r.version = version
		}
	case "build-output":
		fmt.Fprint(r.progress, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
	}
}

func (r *result) of(pkg, name string) *test {
	id := pkg + " " + name
	if r.tests[id] == nil {
		r.tests[id] = &test{ends: map[string]int{}}
	}
	return r.tests[id]
}

// above are the tests that a test is a subtest of, and its package.
func (r *result) above(e event) iter.Seq[*test] {
	return func(yield func(*test) bool) {
		for name := e.Test; name != ""; {
			name = name[:max(0, strings.LastIndexByte(name, '/'))]
			if !yield(r.of(e.Package, name)) {
				return
			}
		}
	}
}

func (r *result) endTest(e event) {
	t := r.of(e.Package, e.Test)
	action, said := e.Action, t.said.String()
	t.said.Reset()
	if action == "skip" {
		feature, why, ok := e2e.Skipped(said)
		if ok {
			r.skipped = append(r.skipped, skip{e.Test, feature, why})
		} else {
			action = "fail" // it hides something
		}
	}
	if action == "fail" {
		fmt.Fprintf(r.progress, "%s: %s\n%s", e.Test, e.Action, said)
	}
	// A test with subtests counts where it has failed by itself.
	if !t.isTree || action == "fail" && t.ends["fail"] == 0 {
		t.ends[action]++
		for above := range r.above(e) {
			above.ends[action]++
		}
		switch action {
		case "pass":
			r.passed++
		case "fail":
			r.failed = append(r.failed, e.Test)
		}
	}
	if !strings.Contains(e.Test, "/") {
		fmt.Fprintf(r.progress, "%6.1f s  %s: %s\n", e.Elapsed, e.Test, list(t.ends))
	}
}

// endPackage reports a package that has failed without a test that did, as
// where it does not compile.
func (r *result) endPackage(e event) {
	t := r.of(e.Package, "")
	if e.Action == "fail" && t.ends["fail"] == 0 {
		fmt.Fprintf(r.progress, "%s: %s\n%s", e.Package, e.Action, t.said.String())
		r.failed = append(r.failed, e.Package)
	}
}

// list is such as "12 passed, 1 skipped".
func list(ends map[string]int) string {
	var all []string
	for _, action := range []string{"pass", "fail", "skip"} {
		if n := ends[action]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, map[string]string{"pass": "passed", "fail": "FAILED", "skip": "skipped"}[action]))
		}
	}
	return strings.Join(all, ", ")
}

// lack is what an engine lacks, with the tests that were skipped for it.
type lack struct {
	feature e2e.Feature
	why     string
	tests   []string
}

func (r *result) lacks() []lack {
	var all []lack
	for _, s := range r.skipped {
		i := slices.IndexFunc(all, func(l lack) bool { return l.feature == s.feature && l.why == s.why })
		if i < 0 {
			i = len(all)
			all = append(all, lack{feature: s.feature, why: s.why})
		}
		all[i].tests = append(all[i].tests, s.test)
	}
	for _, l := range all {
		slices.Sort(l.tests)
	}
	slices.SortFunc(all, func(a, b lack) int { return strings.Compare(string(a.feature), string(b.feature)) })
	return all
}

// summarize says what became of all.
func (r *result) summarize() {
	fmt.Fprintf(r.progress, "%s: %d passed, %d failed, %d skipped\n", r.version, r.passed, len(r.failed), len(r.skipped))
	for _, l := range r.lacks() {
		fmt.Fprintf(r.progress, "  %d skipped, since it lacks %s: %s\n", len(l.tests), l.feature, l.why)
	}
}
