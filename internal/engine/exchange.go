package engine

import "github.com/sockjax/sockjax/protocol"

// exchange is what a call has beside its request and its outcome: a body that
// follows the request in parts, a reply that comes in parts, or a request so
// large that it goes in pieces. Parts are numbered from 1. It knows their sizes
// in bytes, and the host has what they are.
type exchange struct {
	ref

	// The body. The first taken parts were taken by the handler, the first got
	// have reached the server, and the first sent were sent on this connection
	// or have reached the server.
	open      bool
	taken     uint64
	got       uint64
	sent      uint64
	sizes     []uint32 // of the parts behind taken
	unread    int      // bytes of those that were sent and not taken
	window    int      // how many bytes of these there may be
	complete  bool     // no more parts will be fed
	completed bool     // the server was told so on this connection
	waits     bool     // for the server to say what it has got

	// The stream.
	stream   bool
	arrived  uint64
	read     uint64 // by the page
	told     uint64 // of these, the server was told
	bytes    int    // of parts that have arrived and were not told
	room     int    // the window that the server has, in bytes
	dueTaken bool

	// The pieces of a large request.
	large  int // bytes, 0 if it is none
	offset int // of these, sent
}

// fed is how many parts of the body the host has handed over.
func (x *exchange) fed() uint64 { return x.taken + uint64(len(x.sizes)) }

// begun reports whether parts are gone that can't be had again.
func (x *exchange) begun() bool { return x.arrived > 0 || x.got > 0 || x.taken > 0 }

// held reports whether the call makes no progress because of this end: the page
// does not read, or the body has nothing to send.
func (x *exchange) held() bool {
	return x.arrived > x.read || x.open && !x.complete && x.sent == x.fed()
}

// due reports whether there is something to send: a part only with parts.
func (x *exchange) due(parts bool) bool {
	return x.dueTaken || parts && x.ready() || x.open && !x.waits && x.complete && !x.completed && x.sent == x.fed()
}

// ready reports whether a part of the body, or a piece, may go.
func (x *exchange) ready() bool {
	if x.large > 0 {
		return x.offset < x.large
	}
	if !x.open || x.waits || x.sent == x.fed() {
		return false
	}
	// One that is larger than the window goes when all before it were taken.
	return x.unread == 0 || x.unread+int(x.sizes[x.sent-x.taken]) <= x.window
}

// run takes the next parts of the body: one, or several small ones that fit
// into most bytes.
func (x *exchange) run(most int) (from uint64, count uint32, bytes int) {
	from = x.sent
	for x.ready() {
		size := int(x.sizes[x.sent-x.taken])
		if count > 0 && bytes+size > most {
			break
		}
		x.sent++
		x.unread += size
		bytes += size
		count++
		if size > most {
			break
		}
	}
	return from, count, bytes
}

// reached notes that the server has got the first n parts, and reports whether
// that can be.
func (x *exchange) reached(n uint64) bool {
	if n > x.fed() {
		return false
	}
	x.got = max(x.got, n)
	x.sent = max(x.sent, x.got)
	return true
}

// credit notes that the handler has taken the first n parts, and how many bytes
// of others there may be.
func (x *exchange) credit(n uint64, window int) bool {
	if n < x.taken || n > x.sent && !x.waits || !x.reached(n) {
		return false
	}
	x.sizes = x.sizes[n-x.taken:]
	x.taken, x.window = n, window
	x.count()
	return true
}

// count adds up the bytes that were sent and not taken.
func (x *exchange) count() {
	x.unread = 0
	for _, size := range x.sizes[:x.sent-x.taken] {
		x.unread += int(size)
	}
}

// resume goes on behind what the server has got, now that it has said that.
func (x *exchange) resume() {
	x.waits = false
	x.sent = x.got
	x.count()
}

// ended has the body wait for what the server has got, once the request has been
// sent again.
func (x *exchange) ended() {
	x.waits, x.completed, x.offset = x.open, false, 0
	x.dueTaken = false
}

// again has all be sent again, to a server that knows the call or to one that
// does not.
func (x *exchange) again(known bool) {
	x.ended()
	if known {
		x.dueTaken = x.read > 0
		return
	}
	x.waits = false
	x.sent = x.got
	x.count()
}

// part notes n parts of the stream, of so many bytes.
func (x *exchange) part(n, bytes int) {
	x.arrived += uint64(n)
	x.bytes += bytes
}

// took notes that the page has read n parts, and reports whether the server is to
// be told: when a quarter of the window has been read, since it may send no more
// when all of it has.
func (x *exchange) took(n int) bool {
	x.read = min(x.read+uint64(n), x.arrived)
	untold := x.arrived - x.told
	read := x.read - x.told
	if read == 0 {
		return false
	}
	bytes := x.bytes
	if read < untold {
		bytes = int(uint64(bytes) / untold * read)
	}
	x.dueTaken = x.dueTaken || bytes >= x.room/4
	return x.dueTaken
}

// tell takes the number of parts that the server is told of now.
func (x *exchange) tell() uint64 {
	x.dueTaken = false
	if untold := x.arrived - x.told; untold > 0 {
		x.bytes = int(uint64(x.bytes) / untold * (x.arrived - x.read))
	}
	x.told = x.read
	return x.read
}

// exchanges are those of all calls that have one.
type exchanges struct {
	byKey map[protocol.Key]*exchange // nil until there is one
	list  []*exchange                // in turn
	next  int                        // whose turn it is
	held  []ref                      // calls with a body that wait for the first welcome
	dirty bool                       // something may be due
}

func (s *exchanges) add(x *exchange) {
	if s.byKey == nil {
		s.byKey = map[protocol.Key]*exchange{}
	}
	s.byKey[x.key] = x
	s.list = append(s.list, x)
}

func (s *exchanges) find(key protocol.Key) *exchange { return s.byKey[key] }

func (s *exchanges) remove(key protocol.Key) {
	x := s.byKey[key]
	if x == nil {
		return
	}
	delete(s.byKey, key)
	for i, other := range s.list {
		if other == x {
			last := len(s.list) - 1
			copy(s.list[i:], s.list[i+1:])
			s.list[last] = nil
			s.list = s.list[:last]
			break
		}
	}
}
