package sendq

// A Source has control messages that are made when the connection is ready to
// send them: however many there are, they take no memory while they wait.
type Source interface {
	// Fill appends messages to a frame, with protocol.Join before each, until it
	// has about so many bytes, and tells whether there are more. One goroutine
	// at a time calls it.
	Fill(frame []byte, size int) (_ []byte, more bool)
}

// A pull knows whose turn it is: the source's, or that of the outcomes.
type pull struct {
	source Source // nil: there is none
	due    bool   // it may have messages
	turn   bool   // a frame of outcomes has left since it was asked
	mute   bool   // it is asked no more
}

func (p *pull) ready() bool { return p.due && !p.mute }

// take tells whether the source must be asked now, beside outcomes that are
// ready or not.
func (p *pull) take(outcomes bool) bool {
	if !p.ready() || outcomes && !p.turn {
		p.turn = true
		return false
	}
	p.due, p.turn = false, false
	return true
}
