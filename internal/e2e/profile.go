package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// Another opens a tab beside p, with the same storage and cache.
func (p *Page) Another(t testing.TB, url string) *Page {
	t.Helper()
	return open(t, p.ctx, url)
}

// OpenProfile starts a browser of the test's own with a profile, and loads a
// URL in it. kill ends that browser at once, as a crash does: nothing is told
// to its pages, nothing is saved.
func OpenProfile(t testing.TB, profile, url string) (page *Page, kill func()) {
	t.Helper()
	b, err := launch(chromedp.UserDataDir(profile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	return open(t, b.ctx, url), func() {
		t.Helper()
		process := chromedp.FromContext(b.ctx).Browser.Process()
		if err := process.Kill(); err != nil {
			t.Fatalf("failed to kill the browser: %v", err)
		}
		b.close()
	}
}
