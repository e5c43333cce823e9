package e2e

import "testing"

// OpenProfile starts a browser of the test's own with a profile, and loads a
// URL in it. kill ends that browser at once, as a crash does: nothing is told
// to its pages, nothing is saved. It Needs KeptProfile.
func OpenProfile(t testing.TB, profile, url string) (page *Page, kill func()) {
	t.Helper()
	b, err := launch(profile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	tab, err := b.openKept()
	return opened(t, b, tab, err, url), func() {
		t.Helper()
		if err := b.kill(); err != nil {
			t.Fatalf("failed to kill the browser: %v", err)
		}
	}
}
