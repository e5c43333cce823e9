package sendq

// A Source has control messages that are made when the connection is ready to
// send them: however many there are, they take no memory while they wait.
type Source interface {
	// Fill appends messages to a frame, with protocol.Join before each, until it
	// has about so many bytes, and tells whether there are more. One goroutine
	// at a time calls it.
	Fill(frame []byte, size int) (_ []byte, more bool)
}

// A pull knows whose turn it is: the source's, or that of outcomes and parts.
type pull struct {
	source Source // nil: there is none
	due    bool   // it may have messages
	turn   bool   // others have had theirs since it was asked
	mute   bool   // it is asked no more
}

func (p *pull) ready() bool { return p.due && !p.mute }

// now tells whether the source must be asked next. others says that something
// else can leave too.
func (p *pull) now(others bool) bool {
	if p.ready() && (p.turn || !others) {
		return true
	}
	p.turn = true
	return false
}
