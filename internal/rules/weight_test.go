package rules_test

import (
	"context"
	"os"
	"testing"

	"github.com/sockjax/sockjax/internal/build"
)

// What a page downloads stays within its budget.
func TestBudget(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	built, err := build.Build(context.Background(), build.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if got := built.Download(); got > build.Budget {
		t.Errorf("a page downloads %d bytes, %d more than its budget: see make size", got, got-build.Budget)
	}
}
