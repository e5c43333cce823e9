//go:build js && wasm

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
)

// exports are all exports. JavaScript alone calls them, which staticcheck
// does not see: here each has a use.
var exports = map[string]any{
	"depthPointer":   depthPointer,
	"scratchPointer": scratchPointer,
	"submit":         submit,
	"submitNamed":    submitNamed,
	"submitExchange": submitExchange,
	"feed":           feed,
	"endBody":        endBody,
	"took":           took,
	"piece":          piece,
	"parts":          partsCame,
	"taken":          taken,
	"chunk":          chunk,
	"got":            got,
	"flush":          flush,
	"received":       received,
	"pinged":         pinged,
	"ponged":         ponged,
	"welcome":        welcome,
	"authorized":     authorized,
	"settle":         settle,
	"settleNamed":    settleNamed,
	"settleNotRun":   settleNotRun,
	"refused":        refused,
	"drop":           drop,
	"abort":          abort,
	"reconnect":      reconnect,
	"nudge":          nudge,
	"pause":          pause,
	"closeClient":    closeClient,
	"stats":          stats,
	"queued":         queued,
	"pin":            pin,
	"unpin":          unpin,
}

// The host calls every export, with as many arguments as it takes, and none
// that does not exist: JavaScript would notice neither.
func TestExportsAreCalled(t *testing.T) {
	abiVersion() // is an export that nobody calls
	module := newStage(t, "", nil).browser.Get("exports")
	calls := map[string]int{}
	files, err := filepath.Glob("../web/host/*.js")
	if err != nil || len(files) == 0 {
		t.Fatal("no web/*.js", err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\b(?:go|exports)\.(\w+)(\([^;]*)`).FindAllSubmatch(source, -1) {
			switch name := string(m[1]); name {
			case "run", "_resume": // of wasm_exec.js
			default:
				calls[name] = arguments(string(m[2]))
			}
		}
	}
	for name, fn := range exports {
		if got, want := module.Get(name).Get("length").Int(), reflect.TypeOf(fn).NumIn(); got != want {
			t.Errorf("%s takes %d arguments in JavaScript, %d in Go", name, got, want)
		}
		if got, ok := calls[name]; !ok {
			t.Errorf("nobody calls %s", name)
		} else if want := reflect.TypeOf(fn).NumIn(); got != want {
			t.Errorf("%s is called with %d arguments, and takes %d", name, got, want)
		}
	}
	for name := range calls {
		if _, ok := exports[name]; !ok {
			t.Errorf("web/ calls %s, which is no export", name)
		}
	}
}

// arguments counts those of the call that text begins with.
func arguments(text string) int {
	depth, commas := 0, 0
	for i, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
			if depth == 0 && i == 1 {
				return 0
			}
			if depth == 0 {
				return commas + 1
			}
		case ',':
			if depth == 1 {
				commas++
			}
		}
	}
	return -1
}
