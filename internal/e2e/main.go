package e2e

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"
)

// Main is the TestMain of a package whose tests open pages: it ends the
// browser with the last of them.
func Main(m *testing.M) {
	code := m.Run()
	Stop()
	os.Exit(code)
}

var seed = flag.Uint64("seed", 0, "the seed of what tests do at random; 0 means a new one, which they print")

// Seed is what a test that does things at random begins with.
func Seed(t testing.TB) uint64 {
	t.Helper()
	n := *seed
	if n == 0 {
		n = 1 + rand.Uint64N(1<<32)
	}
	t.Logf("-seed %d", n)
	return n
}
