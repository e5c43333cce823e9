package browser_test

import (
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// What sockjax.d.ts promises, point by point: one case in testdata for each.

func TestCalls(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "calls.js")
}

func TestConnect(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "connect.js")
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "callbacks.js")
}

func TestSeries(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "series.js")
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "network.js")
}

func TestCauses(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "causes.js")
}

func TestHostile(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/", "hostile.js")
}

func TestModule(t *testing.T) {
	t.Parallel()
	e2e.Cases(t, "/module", "callbacks.js")
}
