package engine

import (
	"maps"
	"slices"
	"testing"

	"github.com/sockjax/sockjax/protocol"
	"pgregory.net/rapid"
)

// The index does what a map does, whatever the keys are.
func TestIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, want := newIndex(), map[protocol.Key]uint32{}
		next := protocol.Key(rapid.SampledFrom([]uint64{1, 1000, 1 << 52}).Draw(t, "first"))
		most := 0
		key := func(t *rapid.T) protocol.Key {
			if len(want) == 0 {
				t.Skip("empty")
			}
			return rapid.SampledFrom(slices.Sorted(maps.Keys(want))).Draw(t, "key")
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				next += protocol.Key(rapid.SampledFrom([]uint64{0, 0, 0, 1, shortRing, 1 << 30}).Draw(t, "gap"))
				for range rapid.SampledFrom([]int{1, 10, shortRing, 3 * shortRing}).Draw(t, "keys") {
					place := uint32(len(want))
					x.add(next, place)
					want[next] = place
					next++
				}
			},
			"addLate": func(t *rapid.T) {
				key := max(1, next-protocol.Key(rapid.IntRange(1, 3*shortRing).Draw(t, "back")))
				if _, taken := want[key]; taken || key >= next {
					t.Skip("taken")
				}
				x.add(key, 77)
				want[key] = 77
			},
			"remove": func(t *rapid.T) {
				key := key(t)
				x.remove(key)
				delete(want, key)
			},
			"removeMany": func(t *rapid.T) {
				for i, key := range slices.Sorted(maps.Keys(want)) {
					if i%rapid.IntRange(1, 3).Draw(t, "every") == 0 {
						x.remove(key)
						delete(want, key)
					}
				}
			},
			"": func(t *rapid.T) {
				if x.len() != len(want) {
					t.Fatalf("%d keys, not %d", x.len(), len(want))
				}
				for key, place := range want {
					if got, ok := x.find(key); !ok || got != place {
						t.Fatalf("%d is at %d, %v, not at %d", key, got, ok, place)
					}
				}
				for _, key := range []protocol.Key{0, x.base - 1, x.base, x.base + 1, next, next + shortRing} {
					if _, ok := x.find(key); ok != slices.Contains(slices.Collect(maps.Keys(want)), key) {
						t.Fatalf("%d is there: %v", key, ok)
					}
				}
				most = max(most, len(want))
				if len(x.ring) > max(shortRing, 2*thinnest*most) {
					t.Fatalf("a ring of %d for %d keys at most", len(x.ring), most)
				}
			},
		})
	})
}

// A call that takes for ever does not make the ring grow with all that come
// and go meanwhile.
func TestIndexLeavesStragglersBehind(t *testing.T) {
	x := newIndex()
	for key := protocol.Key(1); key < 100_000; key++ {
		x.add(key, uint32(key))
		if key%1000 != 0 {
			x.remove(key)
		}
	}
	if len(x.ring) > shortRing || len(x.far) < 98 || x.len() != 99 {
		t.Errorf("a ring of %d, %d keys outside, %d in all", len(x.ring), len(x.far), x.len())
	}
	for key := protocol.Key(1000); key < 100_000; key += 1000 {
		if place, ok := x.find(key); !ok || place != uint32(key) {
			t.Errorf("%d is at %d, %v", key, place, ok)
		}
	}
}
