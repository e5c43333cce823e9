package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds what a page may take for one case. It is generous, since
// these machines are loaded; what fails in time fails with its own message.
const patience = 60 * time.Second

var running struct {
	sync.Mutex
	browser browser
	err     error
}

// start returns the one browser of the test binary. Without one the test
// fails: a suite that skips what it is for proves nothing.
func start(t testing.TB) browser {
	t.Helper()
	running.Lock()
	defer running.Unlock()
	if running.browser == nil && running.err == nil {
		running.browser, running.err = launch("")
	}
	if running.err != nil {
		t.Fatal(running.err)
	}
	return running.browser
}

// ranIn stands before the browser's version in what a test binary says last.
const ranIn = "ran in "

// RanIn reads which browser a line of a test binary says that it ran in, such
// as "Firefox/140.0".
func RanIn(line string) (version string, ok bool) {
	return strings.CutPrefix(strings.TrimSuffix(line, "\n"), ranIn)
}

// Stop ends the browser, if there is one, and says which it was. TestMain calls
// it.
func Stop() {
	running.Lock()
	defer running.Unlock()
	if running.browser != nil {
		fmt.Println(ranIn + running.browser.version())
		running.browser.close()
		running.browser = nil
	}
}

// Page is a tab.
type Page struct {
	tab     tab
	browser browser
}

// Open loads a URL in a tab that the test's end closes, with storage and cache
// of its own.
func Open(t testing.TB, url string) *Page {
	t.Helper()
	b := start(t)
	tab, err := b.open(nil)
	return opened(t, b, tab, err, url)
}

// opened loads a URL in a tab that was just opened.
func opened(t testing.TB, b browser, tab tab, err error, url string) *Page {
	t.Helper()
	if err != nil {
		t.Fatalf("failed to open a tab: %v", err)
	}
	p := &Page{tab: tab, browser: b}
	t.Cleanup(func() {
		if t.Failed() {
			p.tell(t)
		}
		tab.close()
	})
	p.Navigate(t, url)
	return p
}

// Another opens a tab beside p, with the same storage and cache.
func (p *Page) Another(t testing.TB, url string) *Page {
	t.Helper()
	tab, err := p.browser.open(p.tab)
	return opened(t, p.browser, tab, err, url)
}

// Navigate loads another URL.
func (p *Page) Navigate(t testing.TB, url string) {
	t.Helper()
	if err := p.tab.navigate(url); err != nil {
		t.Fatalf("failed to open %s: %v", url, err)
	}
}

// renew loads a page of a site as one who was never there would. It is false where
// the engine can't: there a new tab does that, which takes Chromium a second.
func (p *Page) renew(t testing.TB, site, path string) bool {
	t.Helper()
	p.Navigate(t, "about:blank")
	switch err := p.tab.forget(site); {
	case errors.Is(err, errCannot):
		return false
	case err != nil:
		t.Fatalf("failed to forget %s: %v", site, err)
	}
	p.Navigate(t, site+path)
	return true
}

// Leave loads another page, and comes back to this one as the back/forward
// cache has it. It fails if the page, which has a global variable api, was
// loaded anew. It Needs BackForwardCache.
func (p *Page) Leave(t testing.TB, url string) {
	t.Helper()
	p.Navigate(t, url)
	if err := p.tab.back(); err != nil {
		t.Fatalf("failed to go back: %v", err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		// No load event follows where a page is restored, and a question that
		// comes while one takes the other's place fails.
		state, err := eval[string](p, fmt.Sprintf(`
			if (location.href === %q) return "away";
			if ("api" in globalThis) return "back";
			const [navigation] = performance.getEntriesByType("navigation");
			return "loaded anew: " + JSON.stringify(navigation.notRestoredReasons)`, url))
		switch {
		case state == "back":
			return
		case time.Now().After(end), err == nil && state != "away":
			t.Fatalf("the page did not come back: %s %v", state, err)
		}
	}
}

// Eval runs the body of an async function and decodes what it returns.
func Eval[R any](t testing.TB, p *Page, body string) R {
	t.Helper()
	result, err := eval[R](p, body)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func eval[R any](p *Page, body string) (result R, err error) {
	text, err := p.tab.eval("(async () => {" + body + "\n})().then((v) => JSON.stringify(v) ?? 'null')")
	if err != nil {
		return result, fmt.Errorf("%w\nin %s", err, body)
	}
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		return result, fmt.Errorf("failed to decode %.200s: %w", text, err)
	}
	return result, nil
}

// Case runs an async JavaScript function of one argument, the Server.
func (p *Page) Case(t testing.TB, s *Server, function string) Outcome {
	t.Helper()
	return Eval[Outcome](t, p, fmt.Sprintf("return T.run(%s, %q, %q)", function, s.URL(), s.ProxyURL()))
}
