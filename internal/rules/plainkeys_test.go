package rules_test

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/test/vectors"
)

// A page finds the key of a call in plain mode where the Go client does, which
// plays the same cases. What it sends is JSON of values: without the duplicates
// that a text may have, and with numbers in JavaScript's spelling.
func TestPlainKeys(t *testing.T) {
	cases, err := vectors.PlainKeys()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, k := range cases {
		texts = append(texts, k.Data)
	}
	input, _ := json.Marshal(texts)
	cmd := exec.Command("node", "internal/rules/testdata/plain-keys.mjs")
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var made []struct{ Name, Text, Problem string }
	if err := json.Unmarshal(out, &made); err != nil || len(made) != len(cases) {
		t.Fatalf("%v: %s", err, out)
	}
	for i, k := range cases {
		got := made[i]
		if k.Name == "*" && len(got.Name) == 36 {
			got.Text, got.Name = strings.ReplaceAll(got.Text, got.Name, "*"), "*"
		}
		same := got.Name == k.Name && sameJSON(got.Text, k.Frame)
		if k.Frame == "" {
			same = got.Problem != ""
		}
		if !same {
			t.Errorf("plain-keys.txt:%d: %s: got %+v, want %q and %s", k.Line, k.Data, got, k.Name, k.Frame)
		}
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
