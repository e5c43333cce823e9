package engine

import (
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// Call is what Submit takes.
type Call[P any] struct {
	// Key names the call within the session, from 1 on, and is used once. Of
	// two calls that are sent again, the one with the smaller key goes first.
	// Keys that grow cost no search.
	Key protocol.Key
	// Name is the call's key on the wire in plain mode, and empty otherwise.
	Name string
	// Payload is handed back when the call ends.
	Payload P
	// Size of the payload on the wire, in bytes.
	Size int
	// Timeout from now on. 0 means none. Of a call with a body or a stream it is
	// the time without progress: without parts that come, are taken or are got,
	// while neither does its reader lag behind nor its body wait to be fed.
	Timeout time.Duration
	// Idempotent calls are sent again where others would be lost.
	Idempotent bool
	// Sent calls may have been sent by an earlier life of the session (see
	// Options.Resume). They are in doubt until a welcome tells what the server
	// knows of that. Submit them before Start: the outcomes that the server has
	// kept for them come right behind the welcome, and those that no call waits
	// for are gone.
	Sent bool
	// Bytes says that the payload is bytes, and no JSON.
	Bytes bool
	// Open says that a body follows: see Feed.
	Open bool
	// Window asks for a stream: how many bytes of parts the server may send
	// that were not read. 0: no parts.
	Window int
}

// call is a place in the table. Where P has no pointers it has none either,
// which spares a page the work of the garbage collector.
type call[P any] struct {
	Key        protocol.Key
	Payload    P
	Size       int
	Timeout    time.Duration
	Idempotent bool

	until time.Duration // its deadline since the engine's epoch; 0: none yet
	frame uint32        // on the present connection, of those with requests, the one that carries it
	life
	parted bool  // it has an exchange
	wide   bool  // its request takes partOverhead more than others
	deaths uint8 // connections in a row that broke before the server had shown that it got the frame
}

// frameSize is the size of a frame that has nothing but the request.
func (c *call[P]) frameSize() int {
	if c.wide {
		return frameSize(c.Key, c.Size) + partOverhead
	}
	return frameSize(c.Key, c.Size)
}

// extend gives a call its whole time again.
func (c *call[P]) extend(now time.Duration) {
	if c.until > 0 {
		c.until = max(c.until, now+c.Timeout)
	}
}

// table is the callback map: key to call. The calls lie in places that are
// used again, so that a call costs no allocation, and that the queue and the
// deadlines reach it without looking its key up.
type table[P any] struct {
	index  index
	names  names
	places []call[P] // with the key 0 if free
	free   []uint32
}

func newTable[P any]() table[P] {
	return table[P]{index: newIndex()}
}

func (t *table[P]) live() int { return t.index.len() }

func (t *table[P]) at(place uint32) *call[P] { return &t.places[place] }

func (t *table[P]) find(key protocol.Key) (uint32, bool) { return t.index.find(key) }

func (t *table[P]) has(key protocol.Key) bool {
	_, ok := t.find(key)
	return ok
}

// queued reports whether r still points to its call, and that waits to be
// sent.
func (t *table[P]) queued(r ref) bool {
	return t.holds(r) && t.places[r.place].waits()
}

// holds reports whether r still points to its call.
func (t *table[P]) holds(r ref) bool {
	return int(r.place) < len(t.places) && t.places[r.place].Key == r.key
}

func (t *table[P]) add(c *Call[P]) uint32 {
	var place uint32
	if n := len(t.free); n > 0 {
		place = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		place = uint32(len(t.places))
		t.places = append(t.places, call[P]{})
	}
	// Member by member: wasm copies a struct of this size by a call of its own.
	p := &t.places[place]
	p.Key, p.Payload, p.Size, p.Timeout, p.Idempotent = c.Key, c.Payload, c.Size, c.Timeout, c.Idempotent
	p.until, p.life, p.deaths = 0, queued, 0
	p.parted = c.Open || c.Window > 0
	p.wide = p.parted || c.Bytes
	t.index.add(c.Key, place)
	if c.Name != "" {
		t.names.add(c.Name, c.Key)
	}
	return place
}

// take takes a call out and returns its payload.
func (t *table[P]) take(place uint32) P {
	c := &t.places[place]
	payload := c.Payload
	t.index.remove(c.Key)
	if t.names.byKey != nil {
		t.names.remove(c.Key)
	}
	if t.live() == 0 && len(t.places) > idleCapacity {
		*t = newTable[P]()
		return payload
	}
	var none P
	c.Key, c.Payload = 0, none // what the payload holds on to may go; add sets the rest
	t.free = append(t.free, place)
	return payload
}

// names are the keys on the wire of plain mode; sockjax.1 has none.
type names struct {
	byName map[string]protocol.Key
	byKey  map[protocol.Key]string
}

func (n *names) add(name string, key protocol.Key) {
	if n.byName == nil {
		n.byName, n.byKey = map[string]protocol.Key{}, map[protocol.Key]string{}
	}
	n.byName[name], n.byKey[key] = key, name
}

func (n *names) remove(key protocol.Key) {
	delete(n.byName, n.byKey[key])
	delete(n.byKey, key)
}

func (n *names) has(name string) bool {
	_, ok := n.byName[name]
	return ok
}

// oldest returns the places of the calls that want selects, oldest first. The
// heap of deadlines sorts them by their keys: slices.SortFunc would be 3 KB
// more for a page to download.
func (t *table[P]) oldest(want func(*call[P]) bool) []uint32 {
	var keys deadlines
	for place := range t.places {
		if c := &t.places[place]; c.Key != 0 && want(c) {
			keys.push(time.Duration(c.Key), ref{c.Key, uint32(place)})
		}
	}
	found := make([]uint32, 0, len(keys))
	for len(keys) > 0 {
		found = append(found, keys.pop().place)
	}
	return found
}
