// Package browser_test drives a real Chromium: what sockjax.d.ts promises, and
// what a page goes through, each against a real server and a real network.
package browser_test

import (
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
