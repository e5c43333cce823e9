package protocol_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// FuzzMembers holds Members to encoding/json's reading of the same text.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, ` { "a" : [1, {"b":2}] , "k\u0065y":null,"":"\"," } `, `[{"a":1}]`, `{"a":1`, `{"a":1,}`, `{"a":1}{`, `"x"`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		whole := []byte("{")
		for m := range protocol.Members(text) {
			var name string
			if !json.Valid(m.Value) || !json.Valid([]byte("{"+string(m.Text)+"}")) || !bytes.HasSuffix(m.Text, m.Value) {
				t.Errorf("member %s with the value %s of %s", m.Text, m.Value, text)
			}
			if json.Unmarshal([]byte(`"`+string(m.Name)+`"`), &name); string(m.Name) != "key" && name == "key" {
				t.Errorf("the name %s is that of a key", m.Name)
			}
			if len(whole) > 1 {
				whole = append(whole, ',')
			}
			whole = append(whole, m.Text...)
		}
		whole = append(whole, '}')
		var want, got map[string]json.RawMessage
		if !comparable(text) || json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		if err := json.Unmarshal(whole, &got); err != nil || len(got) != len(want) {
			t.Errorf("%s: got %s, %v", text, whole, err)
		}
		for name, value := range want {
			if !bytes.Equal(got[name], value) {
				t.Errorf("%s: %q is %s, want %s", text, name, got[name], value)
			}
		}
	})
}
