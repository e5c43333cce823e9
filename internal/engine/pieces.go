//go:build !js || native

package engine

import "github.com/sockjax/sockjax/protocol"

// replies are the large ones of which pieces have come.
type replies map[protocol.Key]*reply

type reply struct {
	size   int  // bytes that it will have
	bytes  bool // it is bytes, and no JSON
	begins bool // the next piece is the first, if it is new
	got    []byte
}

// expect notes that a reply comes in pieces, perhaps once more. waits tells which
// calls have no outcome yet.
func (r replies) expect(key protocol.Key, size int, bytes bool, waits func(protocol.Key) bool) {
	whole := r[key]
	if whole == nil {
		for other := range r {
			if !waits(other) {
				delete(r, other)
			}
		}
		whole = &reply{}
		r[key] = whole
	}
	whole.size, whole.bytes, whole.begins = size, bytes, true
}

// with returns what there is of a reply with the next piece of it, if that is new.
func (w *reply) with(piece []byte) []byte {
	got := w.got
	if w.begins {
		w.begins, got = false, nil
	}
	return append(got, piece...)
}

// isWhole reports whether that is a reply that can be read.
func (w *reply) isWhole(got []byte) bool {
	if len(got) != w.size || w.bytes {
		return len(got) == w.size
	}
	_, ok := protocol.Valid(got)
	return ok
}
