package server

import (
	"math/rand/v2"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// TestTable compares with a map. A key may stand in a table twice.
func TestTable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var table table
	model := map[*call]bool{}
	any := func() *call {
		for c := range model {
			return c
		}
		return nil
	}
	for i := range 20_000 {
		if len(model) == 0 || random.IntN(2000) > i%2000 {
			c := &call{}
			if c.key.n = protocol.Key(random.IntN(500)); c.key.n == 0 {
				c.key.s = "name"
			}
			table.put(c)
			model[c] = true
		} else {
			c := any()
			table.remove(c)
			delete(model, c)
		}
		if table.size != len(model) {
			t.Fatalf("size %d, want %d", table.size, len(model))
		}
		if c := any(); c != nil {
			found := false
			for k := range table.with(c.key) {
				if k.key != c.key || !model[k] {
					t.Fatalf("%v is found for %v", k.key, c.key)
				}
				found = found || k == c
			}
			if !found {
				t.Fatalf("%v is not found", c.key)
			}
		}
		if i%100 == 0 {
			n := 0
			for c := range table.all {
				if !model[c] {
					t.Fatal("a call that has left")
				}
				n++
			}
			if n != len(model) {
				t.Fatalf("all are %d, want %d", n, len(model))
			}
		}
	}
	for c := range model {
		table.remove(c)
	}
	if table.size != 0 || table.chains != nil {
		t.Errorf("a large table is kept while it is empty: %d chains", len(table.chains))
	}
}
