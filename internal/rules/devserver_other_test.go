//go:build !unix

package rules_test

import "testing"

// tryDevserver has no way here to end what go run has started.
func tryDevserver(t *testing.T, _ []string) {
	t.Skip("the dev server is ended by a signal, which this system lacks")
}
