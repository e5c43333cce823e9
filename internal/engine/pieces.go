//go:build !js || native

package engine

import "github.com/sockjax/sockjax/protocol"

// reply is a large one of which pieces have come.
type reply struct {
	size   int // bytes that it will have
	text   []byte
	begins bool // the next piece is the first, if it is new
}

// expect notes that a reply of so many bytes comes in pieces, perhaps once more.
func (r *Decoder[P]) expect(key protocol.Key, size int) {
	if r.pieces == nil {
		r.pieces = map[protocol.Key]*reply{}
	}
	whole := r.pieces[key]
	if whole == nil {
		for other := range r.pieces {
			if !r.engine.Waits(other) {
				delete(r.pieces, other)
			}
		}
		whole = &reply{}
		r.pieces[key] = whole
	}
	whole.size, whole.begins = size, true
}

// piece takes in a piece. The last one is the outcome.
func (r *Decoder[P]) piece(key protocol.Key, whole *reply, data []byte) {
	before := whole.text
	if whole.begins {
		before = nil
	}
	whole.begins = false
	if len(before)+len(data) < whole.size {
		if r.engine.Piece(key) {
			whole.text = append(before, data...)
		} else {
			r.unmatched.Add(1)
		}
		return
	}
	delete(r.pieces, key)
	text := append(before, data...)
	if _, valid := protocol.Valid(text); !valid || len(text) != whole.size {
		r.engine.Piece(key) // or the next ones would have wrong numbers
		r.garbage.Add(1)
	} else if p, ok := r.engine.Settle(key); ok {
		r.settled(p, Outcome{Body: text})
	} else {
		r.unmatched.Add(1)
	}
}

// about takes in what concerns parts.
func (r *Decoder[P]) about(m *protocol.Message) {
	var p P
	var ok bool
	switch m.Kind {
	case protocol.GotKind:
		if p, ok = r.engine.Got(m.Key, m.Count); ok {
			r.exchange.Got(p, m.Count)
		}
	case protocol.TakenKind:
		if p, ok = r.engine.Taken(m.Key, m.Count, m.Window); ok {
			r.exchange.Taken(p, m.Count, m.Window)
		}
	case protocol.ChunkKind:
		if whole := r.pieces[m.Key]; whole != nil {
			r.piece(m.Key, whole, m.Body)
			return
		}
		if p, ok = r.engine.Parts(m.Key, 1, len(m.Body)); ok {
			r.exchange.Parts(p, [][]byte{m.Body}, true)
		}
	case protocol.PartsKind:
		var parts [][]byte
		bytes := 0
		for part := range protocol.Elements(m.Body) {
			parts = append(parts, part)
			bytes += len(part)
		}
		if p, ok = r.engine.Parts(m.Key, len(parts), bytes); ok {
			r.exchange.Parts(p, parts, false)
		}
	}
	if !ok {
		r.unmatched.Add(1)
	}
}
