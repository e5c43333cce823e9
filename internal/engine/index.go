package engine

import "github.com/sockjax/sockjax/protocol"

// ref points to a call that may have gone meanwhile, and its place with
// another.
type ref struct {
	key   protocol.Key
	place uint32
}

// idleCapacity is how many places an empty table, queue or heap keeps. A burst
// that needed more gives its memory back when the last of it has ended.
const idleCapacity = 4096

// index finds the place of a call by its key. Keys of calls in flight are
// mostly a window that moves on: those stand in a ring, at the key modulo its
// length, which makes the way of a call through the engine a quarter shorter in
// a page, and half as long elsewhere, than a map (see BenchmarkCall). The few
// that do not, such as that of a call which takes an hour, stand in a map.
type index struct {
	ring []uint32                // place+1, 0 if there is none; its length is a power of 2
	base protocol.Key            // the ring holds keys from this one on; it never falls
	near int                     // how many
	far  map[protocol.Key]uint32 // places of keys before base
}

// shortRing is the length of the smallest ring. thinnest is which part of a
// ring must be in use for it to grow; otherwise the oldest key makes way.
const (
	shortRing = 256
	thinnest  = 4
)

func newIndex() index {
	return index{ring: make([]uint32, shortRing), far: map[protocol.Key]uint32{}}
}

func (x *index) len() int { return x.near + len(x.far) }

// slot is where a key stands in the ring. It is out of the ring's range for a
// key before base, from which the difference is a huge number.
func (x *index) slot(key protocol.Key) (at uint64, in bool) {
	length := uint64(len(x.ring))
	return uint64(key) & (length - 1), uint64(key-x.base) < length
}

func (x *index) find(key protocol.Key) (place uint32, ok bool) {
	if at, in := x.slot(key); in {
		place = x.ring[at]
		return place - 1, place != 0
	}
	place, ok = x.far[key]
	return place, ok
}

func (x *index) add(key protocol.Key, place uint32) {
	if key < x.base {
		x.far[key] = place
		return
	}
	at, in := x.slot(key)
	if !in {
		x.reach(key)
		at, _ = x.slot(key)
	}
	x.ring[at] = place + 1
	x.near++
}

// reach moves the ring on, or makes it longer, until it has a place for key.
func (x *index) reach(key protocol.Key) {
	for uint64(key-x.base) >= uint64(len(x.ring)) {
		at, _ := x.slot(x.base)
		switch place := x.ring[at]; {
		case x.near == 0:
			x.base = key
		case place == 0:
			x.base++
		case x.near >= len(x.ring)/thinnest:
			x.grow()
		default:
			x.far[x.base], x.ring[at] = place-1, 0
			x.near--
			x.base++
		}
	}
}

func (x *index) grow() {
	old := *x
	x.ring = make([]uint32, 2*len(old.ring))
	for i := range old.ring {
		key := old.base + protocol.Key(i)
		from, _ := old.slot(key)
		to, _ := x.slot(key)
		x.ring[to] = old.ring[from]
	}
}

func (x *index) remove(key protocol.Key) {
	if at, in := x.slot(key); in {
		x.ring[at] = 0
		x.near--
		return
	}
	delete(x.far, key)
}
