package rules_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

// How a call can fail stands once, in internal/engine/failures.go. The tables
// that people read say the same, and what JavaScript makes by itself is in it.
func TestFailuresHaveOneList(t *testing.T) {
	want := map[string]string{}
	fates := map[string]bool{}
	for _, f := range engine.Failures() {
		if f.When == "" {
			t.Errorf("%s/%s has no reason", f.Code, f.Fate)
		}
		told := "`" + string(f.Fate) + "`"
		if before := want[string(f.Code)]; before != "" {
			told = before + " or " + told
		}
		want[string(f.Code)] = told
		fates[string(f.Fate)] = true
	}
	for _, name := range []string{typesFile, readme, readmeChinese} {
		sameRows(t, name, codeTable(readFile(t, name)), want)
	}
	const list = "internal/engine/failures.go"
	sameNames(t, typesFile+", ErrorCode", union(t, "ErrorCode"), list, keys(want))
	sameNames(t, typesFile+", Fate", union(t, "Fate"), list, keys(fates))

	source := readFile(t, "internal/engine/errors.go")
	for _, m := range regexp.MustCompile(`(?m)^\s+Code\w+\s+Code\s+= "(\w+)"`).FindAllStringSubmatch(source, -1) {
		if want[m[1]] == "" {
			t.Errorf("%s has no pair with the code %s", list, m[1])
		}
	}
	made := regexp.MustCompile(`SockjaxError\(([^,]*"\w+"[^,]*), ("\w+"|[\w.]+)`)
	for _, name := range repoFiles(t, ".js") {
		if !strings.HasPrefix(name, "web/") {
			continue
		}
		for _, m := range made.FindAllStringSubmatch(readFile(t, name), -1) {
			// A code may be chosen: only the texts behind the question count.
			_, chosen, ok := strings.Cut(m[1], "?")
			if !ok {
				chosen = m[1]
			}
			for _, code := range quoted(chosen) {
				if want[code] == "" {
					t.Errorf("%s makes an error of code %s, which %s does not list", name, code, list)
				}
				for _, fate := range quoted(m[2]) {
					if !engine.MayFail(engine.Code(code), engine.Fate(fate), true) {
						t.Errorf("%s makes an error %s/%s, which %s does not list", name, code, fate, list)
					}
				}
			}
		}
	}
}

// internal/abi lists what the engine names, and what is the host's alone.
func TestListsOfWordsAreWhole(t *testing.T) {
	for _, list := range []struct {
		file, word string
		listed     []string
		host       []string
	}{
		{"internal/engine/errors.go", "Code", texts(abi.Codes[:]), texts([]engine.Code{abi.CodeCrashed, abi.CodeStorage})},
		{"internal/engine/errors.go", "Fate", texts(abi.Fates[:]), nil},
		{"internal/engine/state.go", "State", texts(abi.States[:]), nil},
		{"internal/engine/cause.go", "Cause", texts(abi.Causes[:]), texts([]engine.Cause{abi.CauseCrashed, abi.CauseFailedToLoad})},
	} {
		want := list.host
		constant := regexp.MustCompile(`(?m)^\s+\w+\s+` + list.word + `\s+= "([\w-]+)"`)
		for _, m := range constant.FindAllStringSubmatch(readFile(t, list.file), -1) {
			want = append(want, m[1])
		}
		sameNames(t, "the list of "+list.word+" in internal/abi/words.go", list.listed, list.file+" with the host", want)
	}
}

// The script has these words from Go too: a constant that is misspelt fails the
// build, and a text does not.
func TestWordsAreConstants(t *testing.T) {
	written := regexp.MustCompile(`"(unsent|unknown|executed|crashed|overloaded|lost|rejected|aborted|storage)"|` +
		`\b(SockjaxError|failAll|changed)\("|\b(state|code|fate|cause)\)? ([!=]==|=) "\w`)
	for _, name := range repoFiles(t, ".js") {
		if dir, _ := path.Split(name); !slices.Contains([]string{"web/api/", "web/host/", "web/store/", "web/shared/"}, dir) || name == "web/shared/abi.js" ||
			name == "web/host/messages.js" { // whose words are those of the wire
			continue
		}
		for n, line := range strings.Split(readFile(t, name), "\n") {
			if found := written.FindString(line); found != "" {
				t.Errorf("%s:%d: %s: have it from abi.js", name, n+1, found)
			}
		}
	}
}

// So have states and causes, of which each has a row that says what happened.
func TestStatesAndCauses(t *testing.T) {
	states, causes := union(t, "State"), union(t, "Cause")
	sameNames(t, typesFile+", State", states, "internal/abi/words.go", texts(abi.States[:]))
	sameNames(t, typesFile+", Cause", causes, "internal/abi/words.go", texts(abi.Causes[:]))
	var rows []string
	row := regexp.MustCompile("(?m)^ \\* \\| `([\\w-]+)` \\| `(\\w+)` \\| .+ \\|$")
	for _, m := range row.FindAllStringSubmatch(readFile(t, typesFile), -1) {
		if slices.Contains(states, m[2]) {
			rows = append(rows, m[1])
		}
	}
	sameNames(t, "the table of causes in "+typesFile, rows, "its type Cause", causes)
}

func texts[S ~string](words []S) []string {
	var all []string
	for _, word := range words {
		all = append(all, string(word))
	}
	return all
}

// union are the texts of a type that is a choice of texts.
func union(t *testing.T, name string) []string {
	t.Helper()
	m := regexp.MustCompile(`(?s)export type ` + name + ` =(.*?);`).FindStringSubmatch(readFile(t, typesFile))
	if m == nil {
		t.Fatalf("%s has no type %s", typesFile, name)
	}
	return quoted(m[1])
}

func quoted(text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`"([\w-]+)"`).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// codeTable reads a Markdown table whose rows are a code, its fates, and words.
func codeTable(text string) map[string]string {
	rows := map[string]string{}
	row := regexp.MustCompile("(?m)^[ *]*\\| `(\\w+)` \\| ((?:`(?:unsent|unknown|executed)`(?: or | 或 )?)+) \\|")
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		rows[m[1]] = strings.ReplaceAll(m[2], " 或 ", " or ")
	}
	return rows
}

func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// engineDefaults reads withDefaults in internal/engine/options.go, with the names and
// units of web/api/options.js. The numbers are not exported: a program leaves a
// field zero.
func engineDefaults(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{
		"Heartbeat.After":    "heartbeat.after",
		"Heartbeat.Timeout":  "heartbeat.timeout",
		"Reconnect.Min":      "reconnect.min",
		"Reconnect.Max":      "reconnect.max",
		"Reconnect.Attempts": "reconnect.attempts",
		"Queue.Calls":        "queue.calls",
		"Queue.Bytes":        "queue.bytes",
	}
	file, err := parser.ParseFile(token.NewFileSet(), "internal/engine/options.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		field, ok := call.Args[0].(*ast.UnaryExpr) // def(&o.Heartbeat.After, value)
		if fn, isName := call.Fun.(*ast.Ident); !ok || !isName || fn.Name != "def" {
			return true
		}
		path := strings.TrimPrefix(selector(field.X), "o.")
		name, ok := names[path]
		if !ok {
			t.Errorf("internal/engine/options.go: what is %s in web/api/options.js?", path)
			return true
		}
		value, exact := constant.Int64Val(evaluate(t, call.Args[1]))
		switch {
		case !exact:
			t.Errorf("internal/engine/options.go: %s is no whole number", path)
		case value == math.MaxInt:
			defaults[name] = "Infinity"
		case strings.HasPrefix(path, "Queue.") || strings.HasSuffix(path, ".Attempts"):
			defaults[name] = fmt.Sprint(value)
		default:
			defaults[name] = inMilliseconds(value)
		}
		return true
	})
	return defaults
}

func inMilliseconds(nanoseconds int64) string {
	return strconv.FormatInt(nanoseconds/int64(time.Millisecond), 10)
}

func selector(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return selector(e.X) + "." + e.Sel.Name
	}
	return "?"
}

// evaluate computes the few kinds of constant that defaults are written as.
func evaluate(t *testing.T, e ast.Expr) constant.Value {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.BinaryExpr:
		x, y := evaluate(t, e.X), evaluate(t, e.Y)
		if e.Op == token.SHL {
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(n))
		}
		return constant.BinaryOp(x, e.Op, y)
	case *ast.SelectorExpr:
		known := map[string]int64{
			"time.Millisecond":   int64(time.Millisecond),
			"time.Second":        int64(time.Second),
			"time.Minute":        int64(time.Minute),
			"math.MaxInt":        math.MaxInt,
			"protocol.Heartbeat": int64(protocol.Heartbeat),
		}
		if value, ok := known[selector(e)]; ok {
			return constant.MakeInt64(value)
		}
		t.Fatalf("internal/engine/options.go: the test does not know %s", selector(e))
	}
	t.Fatalf("internal/engine/options.go: the test can't evaluate a %T", e)
	return nil
}

// What a program decides by is a code. A sentence may change with each version,
// and the other end may write what it likes into a reason.
func TestNobodyComparesSentences(t *testing.T) {
	compared := regexp.MustCompile(`(?i)(?:^|[^f] |[^ \w])\b(reason|message|err\.Error\(\))\)? *[!=]==? *["'` + "`" + `][^"'` + "`" + `]`)
	for _, name := range repoFiles(t, ".go", ".js", ".mjs") {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") || strings.HasPrefix(name, "internal/engine/contract/") {
			continue // a test may want a text
		}
		for n, line := range strings.Split(readFile(t, name), "\n") {
			if found := compared.FindString(line); found != "" {
				t.Errorf("%s:%d: %s…: have a code say it", name, n+1, found)
			}
		}
	}
}
