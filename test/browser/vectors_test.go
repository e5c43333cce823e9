package browser_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/test/vectors"
)

// A page does what a Go program does with the same frames, with wasm and
// before it.
func TestVectors(t *testing.T) {
	t.Run(vectors.Page, func(t *testing.T) {
		t.Parallel()
		playVectors(t, e2e.NewSite(t), vectors.Page, "")
	})
	t.Run(vectors.Bootstrap, func(t *testing.T) {
		t.Parallel()
		site := e2e.NewSite(t)
		site.Handle("/never.wasm", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		playVectors(t, site, vectors.Bootstrap, "/never.wasm")
	})
}

func playVectors(t *testing.T, site *e2e.Site, kind, wasmURL string) {
	script, err := os.ReadFile("testdata/vectors.js")
	if err != nil {
		t.Fatal(err)
	}
	page := e2e.Open(t, site.URL+"/")
	e2e.Eval[any](t, page, "await T.until(() => globalThis.sockjax)\nT.watchErrors()\n"+string(script))
	vectors.Run(t, kind, func(t *testing.T, url string, plain bool) vectors.Client {
		e2e.Eval[any](t, page, fmt.Sprintf("V.open(%q, %t, %q)", url, plain, wasmURL))
		t.Cleanup(func() { e2e.Eval[any](t, page, "await V.client.close()") })
		return vectorPage{t, page, kind}
	})
	failures := e2e.Eval[[]string](t, page, "return [...T.failures]")
	if e2e.CheckFailures(t, failures); len(failures) == 0 {
		t.Error("nobody has noted how calls failed")
	}
	if uncaught := e2e.Eval[[]string](t, page, "return T.uncaught"); len(uncaught) > 0 {
		t.Errorf("uncaught in the page: %q", uncaught)
	}
}

// vectorPage plays a script.
type vectorPage struct {
	t    *testing.T
	page *e2e.Page
	kind string
}

func (p vectorPage) Ready() {
	if p.kind == vectors.Page {
		e2e.Eval[any](p.t, p.page, "await V.client.engine()")
	}
}

func (p vectorPage) Call(name, data string, o vectors.CallOptions) {
	e2e.Eval[any](p.t, p.page, fmt.Sprintf("V.client.call(%q, %s, { timeout: %d, idempotent: %t })", name, data, o.Timeout.Milliseconds(), o.Idempotent))
}

func (p vectorPage) Abort(name string) {
	e2e.Eval[any](p.t, p.page, fmt.Sprintf("V.client.abort(%q)", name))
}

func (p vectorPage) Outcome(name string) vectors.Outcome {
	return e2e.Eval[vectors.Outcome](p.t, p.page, fmt.Sprintf("return V.client.outcome(%q)", name))
}

func (p vectorPage) Pending(name string) bool {
	return e2e.Eval[bool](p.t, p.page, fmt.Sprintf("return V.client.pending(%q)", name))
}

func (p vectorPage) Counts() (garbage, unmatched int) {
	counts := e2e.Eval[[2]int](p.t, p.page, "return V.client.counts()")
	return counts[0], counts[1]
}

func (p vectorPage) State() string { return e2e.Eval[string](p.t, p.page, "return V.client.state()") }
