package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/internal/build"
)

const typesFile = "web/api/sockjax.d.ts"

// javaScript is what Node.js sees of the built client: see internal/rules/testdata/names.mjs.
type javaScript struct {
	Module, Script     []string // what the ES module and the classic script export
	Sockjax, Inherited []string // members of the class Sockjax
	Error              []string // own properties of a SockjaxError
	Bridge, Fake       []string // methods of the class Bridge, and of its stand-in in internal/jsexec
	Defaults           map[string]string
}

// seen runs Node.js once for all tests.
var seen = sync.OnceValues(func() (*javaScript, error) {
	dir, err := os.MkdirTemp("", "sockjax-names-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	built, err := build.Build(context.Background(), build.Options{Root: root, Dev: true})
	if err != nil {
		return nil, err
	}
	args := []string{"internal/rules/testdata/names.mjs"}
	for _, name := range []string{"sockjax.js", "sockjax.global.js"} {
		file := filepath.Join(dir, strings.TrimSuffix(name, ".js")+".mjs") // .mjs: there is no package.json
		if err := os.WriteFile(file, built.Files[name].Data, 0o644); err != nil {
			return nil, err
		}
		args = append(args, file)
	}
	for _, entry := range []string{"web/api/options.js", "web/host/bridge.js"} {
		file := filepath.Join(dir, strings.TrimSuffix(path.Base(entry), ".js")+".mjs")
		out := api.Build(api.BuildOptions{
			EntryPoints: []string{entry},
			Bundle:      true,
			Format:      api.FormatESModule,
			External:    []string{"sockjax:*"},
			Outfile:     file,
			Write:       true,
		})
		if len(out.Errors) > 0 {
			return nil, fmt.Errorf("%s: %s", entry, out.Errors[0].Text)
		}
		args = append(args, file)
	}
	cmd := exec.Command("node", args...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", cmd, err)
	}
	js := &javaScript{}
	return js, json.Unmarshal(text, js)
})

func seeJavaScript(t *testing.T) *javaScript {
	t.Helper()
	js, err := seen()
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// The three homes of the defaults say the same: what a page gets, what a Go
// program gets, and what an editor shows.
func TestDefaults(t *testing.T) {
	page := seeJavaScript(t).Defaults
	program := engineDefaults(t)
	program["timeout"] = inMilliseconds(int64(client.DefaultTimeout))
	program["protocol"] = "sockjax.1" // Options.Plain is false
	for option, value := range page {
		if strings.HasPrefix(option, "outbox.") || option == "host" { // a Go program has neither
			program[option] = value
		}
	}
	if !maps.Equal(page, program) {
		t.Errorf("web/api/options.js says %v\ninternal/engine/options.go says %v", page, program)
	}
	declared := declaredDefaults(t)
	for option, value := range page {
		if declared[option] != value {
			t.Errorf("%s: @default of %s is %q, in web/api/options.js %q", typesFile, option, declared[option], value)
		}
		delete(declared, option)
	}
	for option := range declared {
		if option != "wasmURL" && option != "workerURL" { // places, not values
			t.Errorf("%s: web/api/options.js has no option %s", typesFile, option)
		}
	}
}

// declaredDefaults reads the @default of each member of the interface Options.
func declaredDefaults(t *testing.T) map[string]string {
	t.Helper()
	var (
		member = regexp.MustCompile(`^\s*(\w+)\?: (.*)`)
		tag    = regexp.MustCompile(`@default (.*?)(?: \*/)?$`)
		found  = map[string]string{}
		value  string
		group  string
	)
	for line := range strings.Lines(declaration(t, "interface Options")) {
		line = strings.TrimRight(line, "\n")
		if m := tag.FindStringSubmatch(line); m != nil {
			value = strings.Trim(m[1], `"`)
			continue
		}
		if m := member.FindStringSubmatch(line); m != nil {
			if m[2] == "{" {
				group = m[1] + "."
			} else if value != "" {
				found[group+m[1]] = value
			}
			value = ""
		}
		if line == "  };" {
			group = ""
		}
	}
	return found
}

// allTypes is the text of sockjax.d.ts and of what it names.
func allTypes(t *testing.T) string {
	t.Helper()
	more, err := filepath.Glob("web/api/sockjax.*.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	text := readFile(t, typesFile)
	for _, name := range more {
		if !strings.Contains(text, strings.TrimSuffix(filepath.Base(name), ".d.ts")+".js") {
			t.Errorf("%s does not name %s", typesFile, name)
		}
	}
	for _, name := range more {
		text += readFile(t, name)
	}
	return text
}

// declaration is the text of a declaration of allTypes, from its line on to the
// first brace at a line's beginning.
func declaration(t *testing.T, head string) string {
	t.Helper()
	_, after, ok := strings.Cut(allTypes(t), "\nexport "+head)
	body, _, ended := strings.Cut(after, "\n}")
	if !ok || !ended {
		t.Fatalf("%s has no %s", typesFile, head)
	}
	return body
}

// An editor must offer exactly what is there.
func TestTypesNameTheExports(t *testing.T) {
	js := seeJavaScript(t)
	var declared []string
	for _, m := range regexp.MustCompile(`(?m)^export (?:declare )?(?:class|function|const|let|var|enum) (\w+)`).FindAllStringSubmatch(readFile(t, typesFile), -1) {
		declared = append(declared, m[1])
	}
	sameNames(t, typesFile, declared, "the ES module", js.Module)
	sameNames(t, "the classic script", js.Script, "the ES module", js.Module)

	var members []string
	for _, name := range memberNames(declaration(t, "class Sockjax ")) {
		if !slices.Contains(js.Inherited, name) {
			members = append(members, name)
		}
	}
	sameNames(t, typesFile+", class Sockjax", members, "the class itself", js.Sockjax)

	properties := []string{"stack", "message"} // every Error's own
	for _, name := range memberNames(declaration(t, "class SockjaxError ")) {
		if name != "name" { // a getter
			properties = append(properties, name)
		}
	}
	sameNames(t, typesFile+", class SockjaxError", properties, "a SockjaxError", js.Error)
}

// The fixture that TypeScript checks must have each name, or its check would
// say nothing of those it lacks.
func TestTypesAreAllTried(t *testing.T) {
	tried := readFile(t, "internal/rules/testdata/types/api.ts")
	names := memberNames(declaration(t, "class Sockjax "))
	for _, m := range regexp.MustCompile(`(?m)^export \w+ (\w+)`).FindAllStringSubmatch(allTypes(t), -1) {
		names = append(names, m[1])
	}
	for _, head := range []string{"interface BodyOptions ", "interface Progress ", "interface Stream<", "interface TopicOptions ", "interface Position ", "interface Options ", "interface CallOptions ", "interface Stats ", "interface StateChange ", "interface Unmatched ", "type Recovered", "class SockjaxError "} {
		names = append(names, memberNames(declaration(t, head))...)
	}
	for _, name := range names {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(tried) {
			t.Errorf("internal/rules/testdata/types/api.ts does not use %s", name)
		}
	}
}

func memberNames(body string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^ {2,4}(?:readonly )?(\w+)\??[<(:]`).FindAllStringSubmatch(body, -1) {
		if m[1] != "constructor" && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// The wasm's unit tests run against a stand-in for the host and the page: it
// must not drift from the real ones.
func TestFakesAreTrue(t *testing.T) {
	js := seeJavaScript(t)
	told := map[string]bool{}
	for _, name := range repoFiles(t, ".go") {
		if filepath.Dir(name) == "wasm" {
			for _, m := range regexp.MustCompile(`(?:\.tell|\bb\.host\.Call)\("(\w+)"`).FindAllStringSubmatch(readFile(t, name), -1) {
				told[m[1]] = true
			}
		}
	}
	for _, method := range slices.Sorted(maps.Keys(told)) {
		if !slices.Contains(js.Bridge, method) {
			t.Errorf("wasm/ calls %s, which class Bridge in web/host/bridge.js does not have", method)
		}
		if !slices.Contains(js.Fake, method) {
			t.Errorf("wasm/ calls %s, which class FakeBridge in internal/jsexec/browser.mjs does not have", method)
		}
	}
	sameNames(t, "the scope in internal/jsexec/jsexec.mjs", scopeNames(t, "internal/jsexec/jsexec.mjs", "const scope = {"),
		"makeScope in web/host/runtime.js", scopeNames(t, "web/host/runtime.js", "return {\n    Object"))
}

// scopeNames are the properties of the object literal that begins with start.
func scopeNames(t *testing.T, file, start string) []string {
	t.Helper()
	text := readFile(t, file)
	at := strings.Index(text, start)
	if at < 0 {
		t.Fatalf("%s has no %q: has makeScope moved?", file, start)
	}
	body := strings.TrimSpace(text[at+strings.Index(text[at:], "{")+1:])
	body, _, _ = strings.Cut(body, "};")
	// A getter's body is gone before its name is read, and so are values.
	body = regexp.MustCompile(`(?s)get (\w+)\(\) \{.*?\}`).ReplaceAllString(body, "$1")
	var names []string
	for item := range strings.SplitSeq(body, ",") {
		if name := regexp.MustCompile(`^\s*(\w+)\s*(:|$)`).FindStringSubmatch(item); name != nil {
			names = append(names, name[1])
		}
	}
	return names
}

func sameNames(t *testing.T, what string, got []string, where string, want []string) {
	t.Helper()
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s names %s, which %s does not have", what, name, where)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s does not name %s, which %s has", what, name, where)
		}
	}
}

// The page counts bytes in pieces, and as many as there are.
func TestByteLength(t *testing.T) {
	if out, err := exec.Command("node", "internal/rules/testdata/bytes.mjs").CombinedOutput(); err != nil {
		t.Errorf("internal/rules/bytes.mjs: %v\n%s", err, out)
	}
}
