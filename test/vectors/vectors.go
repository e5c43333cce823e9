// Package vectors holds what clients must do, as scripts in text files: what a
// server sends, and what the caller and the server see of it. The Go client
// plays them, and a page twice, before wasm has loaded and after.
//
// Only tests import it.
package vectors

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed client.txt
var clientText string

//go:embed plain-keys.txt
var plainKeysText string

// Case is a script.
type Case struct {
	Name  string
	Line  int
	Plain bool     // it is of plain mode
	Raw   bool     // it begins before the welcome
	Only  []string // the kinds of client that play it; empty: all
	Steps []Step
}

// Step is a line of a script.
type Step struct {
	Line int
	Verb string
	Args string
}

// Kinds of clients.
const (
	Go        = "go"
	Page      = "page"      // with wasm
	Bootstrap = "bootstrap" // a page that waits for wasm
)

// Cases are those of client.txt that a kind of client plays.
func Cases(kind string) ([]*Case, error) {
	all, err := parse(clientText)
	if err != nil {
		return nil, fmt.Errorf("failed to read client.txt: %w", err)
	}
	return slices.DeleteFunc(all, func(c *Case) bool {
		return c.Only != nil && !slices.Contains(c.Only, kind) || c.Plain && kind == Bootstrap // which opens no plain connection
	}), nil
}

func parse(text string) (cases []*Case, err error) {
	for i, line := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(line, "== "); ok {
			cases = append(cases, &Case{Name: name, Line: i + 1})
			continue
		}
		if len(cases) == 0 || line == "" || strings.HasPrefix(line, "-- ") {
			continue
		}
		c := cases[len(cases)-1]
		verb, args, _ := strings.Cut(line, " ")
		switch verb {
		case "plain":
			c.Plain = true
		case "raw":
			c.Raw = true
		case "only":
			c.Only = strings.Fields(args)
		case "call", "abort", "<", "<<", ">", "=", "pending", "count", "state", "cut", "close", "accept":
			if args, err = expand(args); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			c.Steps = append(c.Steps, Step{i + 1, verb, args})
		default:
			return nil, fmt.Errorf("line %d: there is no step %q", i+1, verb)
		}
	}
	return cases, nil
}

// PlainKey is a case of plain-keys.txt.
type PlainKey struct {
	Line  int
	Data  string // what the caller gives
	Name  string // by which the call goes; "*" is a uuid
	Frame string // what leaves, with "*" for the uuid; empty: nothing does
}

// PlainKeys are the cases of plain-keys.txt.
func PlainKeys() (cases []PlainKey, err error) {
	begun := false
	for i, line := range strings.Split(plainKeysText, "\n") {
		begun = begun || line == "--"
		if !begun || line == "" || strings.HasPrefix(line, "--") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != 3 && (len(parts) != 2 || parts[1] != "invalid") {
			return nil, fmt.Errorf("failed to read plain-keys.txt: line %d has %d parts", i+1, len(parts))
		}
		for j := range parts {
			if parts[j], err = expand(parts[j]); err != nil {
				return nil, fmt.Errorf("failed to read plain-keys.txt: line %d: %w", i+1, err)
			}
		}
		k := PlainKey{Line: i + 1, Data: parts[0]}
		if len(parts) == 3 {
			k.Name, k.Frame = parts[1], parts[2]
		}
		cases = append(cases, k)
	}
	return cases, nil
}

var repeated = regexp.MustCompile(`<<(.+?)\*(\d+)>>`)

// expand makes xxx of <<x*3>>, and a text of the Go string q"…".
func expand(text string) (string, error) {
	text = repeated.ReplaceAllStringFunc(text, func(s string) string {
		part := repeated.FindStringSubmatch(s)
		n, _ := strconv.Atoi(part[2])
		return strings.Repeat(part[1], n)
	})
	if quoted, ok := strings.CutPrefix(text, `q"`); ok {
		return strconv.Unquote(`"` + quoted)
	}
	return text, nil
}
