package session

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
