package server

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
)

// A table finds calls by their keys. It is a hash table whose chains run
// through the calls themselves, since each request goes in and out once, and
// hardly any is ever looked for: a map would cost three times as much. A key
// may stand in it twice; calls leave by themselves, not by their keys.
//
// The zero value is an empty table.
type table struct {
	chains []*call // a power of two of them
	size   int
}

// Nobody outside can know the hash, and so make chains long.
var (
	seed = maphash.MakeSeed()
	mix  = rand.Uint64() | 1
)

func (t *table) chain(k *key) **call {
	h := uint64(k.n) * mix
	if k.n == 0 {
		h = maphash.String(seed, k.s)
	}
	return &t.chains[h>>(64-bits.TrailingZeros(uint(len(t.chains))))]
}

func (t *table) put(c *call) {
	if t.size >= len(t.chains) {
		t.grow()
	}
	t.size++
	t.hang(c)
}

func (t *table) hang(c *call) {
	c.here = t.chain(&c.key)
	c.next = *c.here
	if c.next != nil {
		c.next.here = &c.next
	}
	*c.here = c
}

// smallTable is the size of the first table, in chains.
const smallTable = 8

func (t *table) grow() {
	old := t.chains
	t.chains = make([]*call, max(smallTable, 2*len(old)))
	for _, c := range old {
		for c != nil {
			next := c.next
			t.hang(c)
			c = next
		}
	}
}

func (t *table) remove(c *call) {
	*c.here = c.next
	if c.next != nil {
		c.next.here = c.here
	}
	c.link = link{}
	t.size--
	if t.size == 0 && len(t.chains) > keepChains {
		t.chains = nil
	}
}

// keepChains is how large a table may be and still be kept when it is empty.
const keepChains = 128

// with yields the calls of a key.
func (t *table) with(k key) func(yield func(*call) bool) {
	return func(yield func(*call) bool) {
		if t.size == 0 {
			return
		}
		for c := *t.chain(&k); c != nil; c = c.next {
			if c.key == k && !yield(c) {
				return
			}
		}
	}
}

func (t *table) all(yield func(*call) bool) {
	for _, c := range t.chains {
		for ; c != nil; c = c.next {
			if !yield(c) {
				return
			}
		}
	}
}
