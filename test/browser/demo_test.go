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
// on it, on a desk and then looks at it on a phone.
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
	if wrong := e2e.Eval[string](t, page, string(script)+"return demo.run()"); wrong != "" {
		t.Error(wrong)
	}
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
