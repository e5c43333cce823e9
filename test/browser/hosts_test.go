package browser_test

import (
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// What is different where wasm and socket are in a worker.
func TestHosts(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "hosts.js")
}
