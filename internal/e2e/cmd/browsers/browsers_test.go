package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// told is what go test -json writes, shortened.
const told = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"    site.go:1: firefox lacks quota: no command: none\n"}
{"Action":"skip","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"ran in Firefox/1.2\n"}
{"Action":"pass","Package":"p"}
`

const failing = `{"Action":"run","Package":"p","Test":"TestC"}
{"Action":"run","Package":"p","Test":"TestC/one"}
{"Action":"output","Package":"p","Test":"TestC/one","Output":"    c_test.go:1: what was wrong\n"}
{"Action":"fail","Package":"p","Test":"TestC/one"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"run","Package":"p","Test":"TestD"}
{"Action":"output","Package":"p","Test":"TestD","Output":"    d_test.go:1: not today\n"}
{"Action":"skip","Package":"p","Test":"TestD"}
{"Action":"fail","Package":"p"}
{"Action":"build-output","ImportPath":"q","Output":"q.go:1: no such thing\n"}
{"Action":"build-fail","ImportPath":"q"}
{"Action":"output","Package":"q","Output":"FAIL q [build failed]\n"}
{"Action":"fail","Package":"q"}
`

func TestTable(t *testing.T) {
	r := newResult("firefox", &bytes.Buffer{})
	r.read(strings.NewReader(told))
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := writeTable(page, table([]*result{r}, time.Unix(0, 0))); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const want = "before\n" + begin + `
As of 1970-01-01:

| engine | version | tests passed | failed | skipped |
|---|---|---|---|---|
| Firefox | 1.2 | 2 | 0 | 1 |

What was skipped, and why:

| engine | lacks | since | tests |
|---|---|---|---|
| Firefox | quota | no command: none | ` + "`TestA/two`" + ` |

` + end + "after\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A failure is told once, where it was; so is a skip without a reason, and a
// package that does not compile.
func TestFailures(t *testing.T) {
	var progress bytes.Buffer
	r := newResult("firefox", &progress)
	r.read(strings.NewReader(failing))
	if want := []string{"TestC/one", "TestD", "q"}; !slices.Equal(r.failed, want) || r.passed != 0 || len(r.skipped) != 0 {
		t.Errorf("failed: %q, want %q; %d passed, skipped: %v", r.failed, want, r.passed, r.skipped)
	}
	for _, want := range []string{"what was wrong", "not today", "no such thing"} {
		if n := strings.Count(progress.String(), want); n != 1 {
			t.Errorf("%q is told %d times in\n%s", want, n, progress.String())
		}
	}
}
