package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/engine"
)

// Outcome is what T.run in page.js returns.
type Outcome struct {
	Result   json.RawMessage
	Failure  string
	Log      []string
	Failures []string // the code/fate of each SockjaxError that was made
	Uncaught []string
}

// Check fails the test if the case has thrown, if other errors went uncaught in
// the page than the case says in its result: {uncaught: [...]}, or if the client
// has made an error of a kind that no table tells of.
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
	CheckFailures(t, o.Failures)
}

// CheckFailures holds pairs of "code/fate" to the list of them.
func CheckFailures(t testing.TB, pairs []string) {
	t.Helper()
	for _, pair := range pairs {
		code, fate, _ := strings.Cut(pair, "/")
		if !engine.MayFail(engine.Code(code), engine.Fate(fate), true) {
			t.Errorf("the page has made an error %s, which internal/engine/failures.go does not list", pair)
		}
	}
}
