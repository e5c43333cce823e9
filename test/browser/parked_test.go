package browser_test

import (
	"net/http"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
	"github.com/sockjax/sockjax/internal/e2e"
)

// A goroutine that the garbage collector parks while it holds the engine's lock
// must let go before JavaScript calls an export, which can't wait for it. This
// wasm has an export that has one parked.
func TestParkedWithTheLock(t *testing.T) {
	t.Setenv("GOFLAGS", "-tags=park")
	root, err := build.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	made, err := build.Build(t.Context(), build.Options{Root: root, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	site := e2e.NewSite(t)
	site.Handle("/parked.wasm", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", made.Files[made.Wasm].Type)
		_, _ = w.Write(made.Files[made.Wasm].Data)
	})
	site.Page("/parked", `<script src="/sockjax.global.js"></script>`, nil)
	site.FreshCases(t, "/parked", "parked.js")
}
