package server

import (
	"math/rand/v2"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// TestRanges compares with a map, in all orders that a few keys can have.
func TestRanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var r ranges
		model := map[protocol.Key]bool{}
		for range random.IntN(60) {
			key := protocol.Key(1 + random.IntN(40))
			if got := r.add(key); got == model[key] {
				t.Fatalf("add of %d is %t: %v", key, got, r)
			}
			model[key] = true
			for i := range r {
				if r[i].first > r[i].last || i > 0 && r[i].first <= r[i-1].last+1 {
					t.Fatalf("%v is not in order, or has two runs that touch", r)
				}
			}
			for key := range protocol.Key(42) {
				if r.has(key) != model[key] {
					t.Fatalf("has of %d is %t: %v", key, r.has(key), r)
				}
			}
		}
	}
}

func TestRangesOfKeysThatCountUp(t *testing.T) {
	var r ranges
	for key := range protocol.Key(1000) {
		r.add(key + 1)
	}
	if len(r) != 1 || cap(r) != 1 {
		t.Errorf("%v, capacity %d", r, cap(r))
	}
	r.add(protocol.MaxKey)
	if len(r) != 2 || !r.has(protocol.MaxKey) || r.has(1001) {
		t.Errorf("%v", r)
	}
}

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
