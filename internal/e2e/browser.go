package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds what a page may take for one case. It is generous, since
// these machines are loaded; what fails in time fails with its own message.
const patience = 60 * time.Second

// Browser is one headless Chromium.
type Browser struct {
	ctx  context.Context
	stop []context.CancelFunc
}

var browser struct {
	sync.Mutex
	started *Browser
	err     error
}

// start returns the one browser of the test binary. Without one the test
// fails: a suite that skips what it is for proves nothing.
func start(t testing.TB) *Browser {
	t.Helper()
	browser.Lock()
	defer browser.Unlock()
	if browser.started == nil && browser.err == nil {
		browser.started, browser.err = launch()
	}
	if browser.err != nil {
		t.Fatal(browser.err)
	}
	return browser.started
}

// Stop ends the browser, if there is one. TestMain calls it.
func Stop() {
	browser.Lock()
	defer browser.Unlock()
	if browser.started != nil {
		browser.started.close()
		browser.started = nil
	}
}

func launch(more ...chromedp.ExecAllocatorOption) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("js-flags", "--expose-gc"),
	)
	b := &Browser{}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, stop := chromedp.NewContext(alloc)
	b.ctx, b.stop = ctx, []context.CancelFunc{stop, stopAlloc}
	if err := chromedp.Do(ctx); err != nil {
		b.close()
		return nil, fmt.Errorf("failed to start %s: %w", path, err)
	}
	return b, nil
}

func (b *Browser) close() {
	for _, stop := range b.stop {
		stop()
	}
}

// find looks for a Chromium.
func find() (string, error) {
	if path := os.Getenv("CHROME"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("$CHROME is no program: %w", err)
		}
		return found, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("no browser: install Debian's package chromium (apt-get install chromium), or name one in $CHROME")
}

// Page is a tab.
type Page struct {
	ctx context.Context
}

// Open loads a URL in a tab that the test's end closes, with storage and cache
// of its own.
func Open(t testing.TB, url string) *Page {
	t.Helper()
	return open(t, start(t).ctx, url, chromedp.WithNewBrowserContext())
}

func open(t testing.TB, parent context.Context, url string, options ...chromedp.ContextOption) *Page {
	t.Helper()
	ctx, stop := chromedp.NewContext(parent, options...)
	t.Cleanup(stop)
	// The tab lives as long as the context that it is opened with, so that
	// must not be the one with a timeout, in Navigate.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("failed to open a tab: %v", err)
	}
	p := &Page{ctx: ctx}
	p.Navigate(t, url)
	return p
}

// Context is for commands that this package has no method for.
func (p *Page) Context() context.Context { return p.ctx }

// Navigate loads another URL.
func (p *Page) Navigate(t testing.TB, url string) {
	t.Helper()
	ctx, done := context.WithTimeout(p.ctx, patience)
	defer done()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("failed to open %s: %v", url, err)
	}
}

// Leave loads another page, and comes back to this one as the back/forward
// cache has it. It fails if the page, which has a global variable api, was
// loaded anew.
func (p *Page) Leave(t testing.TB, url string) {
	t.Helper()
	p.Navigate(t, url)
	Eval[any](t, p, `setTimeout(() => history.back())`)
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
	ctx, done := context.WithTimeout(p.ctx, patience)
	defer done()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		"(async () => {"+body+"\n})().then((v) => JSON.stringify(v) ?? 'null')", chromedp.EvalAwaitPromise))
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
