package rules_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockjax/sockjax/client"
)

const clientTypes = "client/types.go"

// The types that the client shares with pages lie where no user looks, so that
// their fields stand once more in the docs of their aliases.
func TestClientDocsNameTheFields(t *testing.T) {
	meaningless := map[string]bool{"Options.Turns": true, "Options.Resume": true, "Options.Token": true}
	for _, v := range []any{client.Options{}, client.Heartbeat{}, client.Reconnect{}, client.Queue{}, client.Change{},
		client.Stats{}, client.Error{}, client.Rejection{}, client.Refusal{}} {
		kind := reflect.TypeOf(v)
		for field := range kind.Fields() {
			if field.IsExported() && !meaningless[kind.Name()+"."+field.Name] && !fieldRow(field.Name).MatchString(aliasDoc(t, kind.Name())) {
				t.Errorf("%s: the doc of %s has no row for %s", clientTypes, kind.Name(), field.Name)
			}
		}
	}
}

// Their defaults are those of internal/engine/options.go.
func TestClientDocsTellTheDefaults(t *testing.T) {
	for option, value := range engineDefaults(t) {
		group, field, _ := strings.Cut(option, ".")
		group, field = strings.ToUpper(group[:1])+group[1:], strings.ToUpper(field[:1])+field[1:]
		row := fieldRow(field).FindString(aliasDoc(t, group))
		if want := "default " + inWords(group, field, value); !strings.Contains(row, want) {
			t.Errorf("%s: the row of %s.%s does not say %q: %q", clientTypes, group, field, want, row)
		}
	}
}

func aliasDoc(t *testing.T, name string) string {
	t.Helper()
	doc := regexp.MustCompile(`((?:\t//.*\n)+)\t` + name + ` += engine\.`).FindStringSubmatch(readFile(t, clientTypes))
	if doc == nil {
		t.Fatalf("%s has no documented alias %s", clientTypes, name)
	}
	return doc[1]
}

// fieldRow matches the lines of a field in the doc of its type.
func fieldRow(field string) *regexp.Regexp {
	return regexp.MustCompile(`//\t` + field + `  .*\n(?:\t//\t {6,}.*\n)*`)
}

// inWords is a default as people write it.
func inWords(group, field, value string) string {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		return "all" // Infinity
	case group == "Queue" && field == "Bytes":
		return fmt.Sprintf("%d MiB", n>>20)
	case group == "Queue":
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	case n%1000 == 0:
		return fmt.Sprintf("%d s", time.Duration(n)/1000)
	}
	return fmt.Sprintf("%d ms", n)
}
