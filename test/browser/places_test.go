package browser_test

import (
	"fmt"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/sockjax/sockjax/internal/e2e"
)

// The script may come from anywhere, also from where its own URL is no base:
// it always loads, and works at once or says what it needs.
func TestPlacesToLoadFrom(t *testing.T) {
	t.Parallel()
	made := e2e.Artefacts(t)
	site := e2e.NewSite(t)
	bundle := api.Transform(string(made.Files["sockjax.js"].Data), api.TransformOptions{Format: api.FormatIIFE, GlobalName: "sockjax"})
	if len(bundle.Errors) > 0 {
		t.Fatal(bundle.Errors[0].Text)
	}
	site.Script("/bundle.js", string(bundle.Code))
	site.Handle("/ws", e2e.NewServer(t).ServeHTTP)
	site.Page("/places", fmt.Sprintf("<script>globalThis.sockjax = {}; [globalThis.wasmFile, globalThis.workerFile] = [%q, %q]</script>", made.Wasm, workerFile(t)), nil)
	site.FreshCases(t, "/places", "places.js")
}
