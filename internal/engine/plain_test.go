package engine

import "testing"

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
