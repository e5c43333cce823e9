package e2e

import (
	"encoding/json"
	"slices"
	"testing"
)

// Outcome is what T.run in page.js returns.
type Outcome struct {
	Result   json.RawMessage
	Failure  string
	Log      []string
	Uncaught []string
}

// Check fails the test if the case has thrown, or if other errors went
// uncaught in the page than the case says in its result: {uncaught: [...]}.
func (o Outcome) Check(t testing.TB) {
	t.Helper()
	if o.Failure != "" {
		t.Errorf("%s\nlog: %q\nuncaught: %q", o.Failure, o.Log, o.Uncaught)
		return
	}
	var expected struct{ Uncaught []string }
	_ = json.Unmarshal(o.Result, &expected) // any other result expects none
	if !slices.Equal(o.Uncaught, expected.Uncaught) {
		t.Errorf("uncaught in the page: %q, want %q", o.Uncaught, expected.Uncaught)
	}
}
