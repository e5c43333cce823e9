package browser_test

import (
	"net/http"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
	"github.com/sockjax/sockjax/internal/e2e"
)

// An export can't wait: JavaScript would go on with a corrupt instance. Should
// one do so all the same, that is a crash like any other. This wasm has one.
func TestExportThatBlocks(t *testing.T) {
	t.Setenv("GOFLAGS", "-tags=block")
	root, err := build.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	made, err := build.Build(t.Context(), build.Options{Root: root, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	site := e2e.NewSite(t)
	site.Handle("/block.wasm", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", made.Files[made.Wasm].Type)
		_, _ = w.Write(made.Files[made.Wasm].Data)
	})
	site.FreshCases(t, "/", "block.js")
}
