// Package rules_test holds the repository to its rules, each with its reason.
// It needs no browser: "make rules" runs it.
package rules_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
)

// Each rule speaks of paths below the root of the checkout.
func TestMain(m *testing.M) {
	root, err := build.FindRoot(".")
	if err == nil {
		err = os.Chdir(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
