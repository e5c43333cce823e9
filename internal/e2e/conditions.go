package e2e

import (
	"fmt"
	"testing"
)

// SetOffline takes the page's network away, or gives it back, and then tells the
// page so by navigator.onLine and the events. Chromium's open sockets go deaf and
// stay open, new ones fail, and what was under way is delivered afterwards. In
// the other engines open sockets go on, and in WebKit new ones too: there s does
// that, for pages that connect to its ProxyURL.
func (p *Page) SetOffline(t testing.TB, s *Server, is bool) {
	t.Helper()
	if Used() != Chromium {
		s.disconnect(is)
	}
	if err := p.tab.setOffline(is); err != nil {
		t.Fatalf("failed to set the page offline %t: %v", is, err)
	}
	Eval[any](t, p, fmt.Sprintf(`await T.until(() => navigator.onLine !== %t)`, is))
}

// SetViewport makes the page that wide and high, in CSS pixels.
func (p *Page) SetViewport(t testing.TB, width, height int) {
	t.Helper()
	if err := p.tab.setViewport(width, height); err != nil {
		t.Fatalf("failed to make the page %d px wide: %v", width, err)
	}
}

// SetQuota bounds what an origin may store. It Needs Quota.
func (p *Page) SetQuota(t testing.TB, origin string, bytes float64) {
	t.Helper()
	if err := p.tab.setQuota(origin, bytes); err != nil {
		t.Fatalf("failed to set the quota of %s: %v", origin, err)
	}
}
