//go:build unix

package browser_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// A visitor of the demo, as the dev server serves it, tries everything that is
// on it, with each host, on a desk and then looks at it on a phone.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), e2e.DevserverTime)
	defer cancel()
	url, stop := e2e.StartDevserver(ctx, t, strings.Fields("go run ./cmd/devserver -addr localhost:0"))
	defer stop()
	script, err := os.ReadFile("testdata/demo.js")
	if err != nil {
		t.Fatal(err)
	}
	page := e2e.Open(t, url)
	take := func(t *testing.T, page *e2e.Page, body string) {
		t.Helper()
		if wrong := e2e.Eval[string](t, page, body); wrong != "" {
			t.Fatal(wrong)
		}
	}
	for _, step := range e2e.Eval[[]string](t, page, string(script)+"return demo.steps") {
		t.Run(step, func(t *testing.T) { take(t, page, fmt.Sprintf("return demo.take(%q)", step)) })
	}

	take(t, page, "return demo.counts(1, 1)")
	other := page.Another(t, url+"?host=shared")
	take(t, other, string(script)+"return demo.counts(2, 2)")
	for _, step := range []struct {
		host    string // of the first tab
		sockets int
	}{{"shared", 1}, {"worker", 2}, {"page", 2}, {"shared", 1}} {
		t.Run("two tabs, "+step.host+" and shared", func(t *testing.T) {
			take(t, page, fmt.Sprintf("return demo.choose(%q)", step.host))
			for _, tab := range []*e2e.Page{page, other} {
				take(t, tab, fmt.Sprintf("return demo.counts(2, %d)", step.sockets))
			}
		})
	}
	t.Run("a tab that leaves", func(t *testing.T) {
		other.Navigate(t, "about:blank")
		take(t, page, "return demo.counts(1, 1)")
		other.Navigate(t, url+"?host=shared") // the widths below are of what says most
		take(t, other, string(script)+"return demo.counts(2, 1)")
	})

	for _, width := range []int{1280, 768, 390, 320} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			if width < 500 {
				e2e.Needs(t, e2e.NarrowWindows)
			}
			page.SetViewport(t, width, 800)
			if wide := e2e.Eval[[]string](t, page, "return demo.wide()"); len(wide) > 0 {
				t.Errorf("these reach out of the page: %v", wide)
			}
		})
	}
}
