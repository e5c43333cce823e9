package engine

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/sockjax/sockjax/test/vectors"
)

func TestPlainName(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "a", `"7"`: "7", `7`: "7", `7.0`: "7", `70e-1`: "7", `-1.5`: "-1.5", `0`: "0", `9007199254740991`: "9007199254740991",
		`1e21`: "1e+21", `0.000001`: "0.000001",
		`""`: "", `null`: "", `true`: "", `{}`: "", `[1]`: "", ``: "", `x`: "", `1e999`: "",
	} {
		if got, ok := PlainName([]byte(raw)); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", raw, got, ok)
		}
	}
}

// A page plays the same: see internal/rules.
func TestPlainKeys(t *testing.T) {
	cases, err := vectors.PlainKeys()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range cases {
		name, object, failure := PlainRequest([]byte(k.Data))
		frame := string(object)
		if k.Name == "*" && uuid.Validate(name) == nil {
			frame, name = strings.ReplaceAll(frame, name, "*"), "*"
		}
		if name != k.Name || frame != k.Frame || (failure == nil) != (k.Frame != "") || failure != nil && failure.Fate != Unsent {
			t.Errorf("plain-keys.txt:%d: %s: got %q, %s, %v", k.Line, k.Data, name, frame, failure)
		}
	}
}

// What leaves is JSON with one key, which names the reply.
func FuzzPlainRequest(f *testing.F) {
	cases, err := vectors.PlainKeys()
	if err != nil {
		f.Fatal(err)
	}
	for _, k := range cases {
		f.Add([]byte(k.Data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		name, object, failure := PlainRequest(data)
		if failure != nil {
			return
		}
		if _, keys := plainKey(object); keys != 1 {
			t.Errorf("%d keys in %s", keys, object)
		}
		if reply, ok := plainReply(object); !ok || reply != name || name == "" {
			t.Errorf("%s goes by %q, and its echo by %q, %t", object, name, reply, ok)
		}
	})
}
