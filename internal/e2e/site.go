package e2e

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
)

//go:embed page.js
var pageJS string

//go:embed recorder.js
var recorderJS string

// artefacts are built from the checkout as it is, once for each test binary,
// so that no test can pass on yesterday's.
var artefacts = sync.OnceValues(func() (*build.Result, error) {
	root, err := build.FindRoot(".")
	if err != nil {
		return nil, err
	}
	return build.Build(context.Background(), build.Options{Root: root, Dev: true})
})

// Artefacts are what the page loads.
func Artefacts(t testing.TB) *build.Result {
	t.Helper()
	made, err := artefacts()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Site serves pages, the artefacts, and testdata/.
type Site struct {
	*httptest.Server
	mux *http.ServeMux
}

const classic = `<script src="/sockjax.global.js"></script>`

// NewSite starts a site that the test's end stops. It has these pages:
//
//	/         the classic script
//	/module   the ES module, whose exports are put under window.sockjax
//	/empty    neither
func NewSite(t testing.TB) *Site {
	t.Helper()
	made := Artefacts(t)
	s := &Site{mux: http.NewServeMux()}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if f, ok := made.Files[name]; ok {
			w.Header().Set("Content-Type", f.Type)
			if strings.HasPrefix(name, "sockjax-worker-") && strings.HasSuffix(name, ".js") {
				_, _ = io.WriteString(w, recorderJS)
			}
			_, _ = w.Write(f.Data)
			return
		}
		http.NotFound(w, r)
	})
	s.Script("/page.js", fmt.Sprintf("globalThis.testHost = %q;\n%s%s", UsedHost(), recorderJS, pageJS))
	s.mux.Handle("/testdata/", http.StripPrefix("/testdata", http.FileServer(http.Dir("testdata"))))
	s.Page("/{$}", classic, nil)
	s.Page("/module", `<script type="module">import * as all from "/sockjax.js"; globalThis.sockjax = all</script>`, nil)
	s.Page("/empty", "", nil)
	s.Server = httptest.NewServer(s.mux)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Page adds a page with these scripts, and headers.
func (s *Site) Page(path, scripts string, header http.Header) {
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>test</title><script src='/page.js'></script>%s", scripts)
	})
}

// Script adds a JavaScript file.
func (s *Site) Script(path, text string) {
	s.Handle(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = io.WriteString(w, text)
	})
}

// Handle adds anything else.
func (s *Site) Handle(path string, h http.HandlerFunc) { s.mux.HandleFunc(path, h) }

// Cases runs each function that testdata/name puts into T.cases as a subtest
// with a server of its own, one after the other in one page of the path. A
// case fails when it throws, and as Outcome.Check says. One that was given to
// T.needs is skipped where the engine lacks what it Needs.
func Cases(t *testing.T, path, name string) {
	t.Helper()
	NewSite(t).Cases(t, path, name)
}

// Cases is the function Cases with what has been added to the site.
func (s *Site) Cases(t *testing.T, path, name string) {
	t.Helper()
	s.cases(t, path, name, false)
}

// FreshCases is Cases with the page loaded anew for each case, with nothing stored
// and nothing cached.
func (s *Site) FreshCases(t *testing.T, path, name string) {
	t.Helper()
	s.cases(t, path, name, true)
}

func (s *Site) cases(t *testing.T, path, name string, fresh bool) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	prepare := func(t *testing.T, p *Page) *Page {
		Eval[any](t, p, "await T.until(() => globalThis.sockjax)")
		Eval[any](t, p, string(script))
		return p
	}
	open := func(t *testing.T) *Page { return prepare(t, Open(t, s.URL+path)) }
	page := open(t)
	type needs struct {
		Title string
		Needs []Feature
	}
	for _, c := range Eval[[]needs](t, page, "return Object.entries(T.cases).map(([title, { needs }]) => ({ title, needs: needs ?? [] }))") {
		title := c.Title
		passed := t.Run(title, func(t *testing.T) {
			Needs(t, c.Needs...)
			page := page
			if fresh {
				if page.renew(t, s.URL, path) {
					prepare(t, page)
				} else {
					page = open(t)
				}
			}
			page.Case(t, NewServer(t), fmt.Sprintf("T.cases[%q]", title)).Check(t)
		})
		if !passed {
			page = open(t) // whatever it left behind
		}
	}
}
