package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// The table stands between these lines of its page.
const (
	begin = "<!-- make test-browsers writes what follows -->\n"
	end   = "<!-- until here -->\n"
)

func writeTable(page, table string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table, between %q and %q", page, begin, end)
	}
	return os.WriteFile(page, []byte(before+begin+"\n"+table+"\n"+end+after), 0o666)
}

func table(results []*result, day time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "As of %s:\n\n| engine | version | tests passed | failed | skipped |\n|---|---|---|---|---|\n", day.UTC().Format(time.DateOnly))
	for _, r := range results {
		name, version, _ := strings.Cut(r.version, "/")
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", name, version, r.passed, len(r.failed), len(r.skipped))
	}
	b.WriteString("\nWhat was skipped, and why:\n\n| engine | lacks | since | tests |\n|---|---|---|---|\n")
	for _, r := range results {
		name, _, _ := strings.Cut(r.version, "/")
		for _, l := range r.lacks() {
			fmt.Fprintf(&b, "| %s | %s | %s | `%s` |\n", name, l.feature, l.why, strings.Join(l.tests, "`, `"))
		}
	}
	return b.String()
}
