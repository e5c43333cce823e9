package browser_test

import (
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// A client that was refused for good, has given up or got no wasm is held by
// nobody but the page.
func TestDroppedClients(t *testing.T) {
	t.Parallel()
	e2e.NewSite(t).FreshCases(t, "/", "dropped.js")
}
