package pkg_test

import (
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// Each example is built by its own command, opened, and clicked.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, built string }{
		{"react", "dist"}, {"vue", "dist"}, {"typescript", "."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, "../../examples/"+tt.name)
			p.run(t, nil, "npm", "run", "build")
			page := e2e.Open(t, backend(t, p.path(tt.built), nil))
			shows := func(sum string) {
				t.Helper()
				got := e2e.Eval[string](t, page, `
					const shown = () => document.querySelector("output")?.textContent;
					for (const end = Date.now() + 20_000; shown() !== "`+sum+`" && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 5));
					return shown() ?? "nothing"`)
				if got != sum {
					t.Fatalf("the page shows %q, want %q", got, sum)
				}
			}
			shows("3")
			e2e.Eval[any](t, page, `document.querySelector("button").click()`)
			shows("4")
		})
	}
}
