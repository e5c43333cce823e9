//go:build !js

package client

import (
	"slices"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// topics are those of a client, on whichever connection. After each welcome the
// server is told of all of them anew.
type topics struct {
	note func() // has say called soon

	mutex  sync.Mutex // protects following
	byName map[string]*topic
	order  []*topic
	conn   any    // the connection on which what was said holds
	last   *topic // of which a message came; nil: look it up
	closed bool
}

func (t *topics) init(note func()) {
	t.note, t.byName = note, make(map[string]*topic)
}

// add adds a handler. It returns false after close.
func (t *topics) add(name string, s *subscription) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.closed {
		return false
	}
	of := t.byName[name]
	if of == nil {
		of = &topic{name: name}
		t.byName[name] = of
		t.order = append(t.order, of)
	}
	s.topic = of
	of.subs = append(of.subs, s)
	switch since := s.options.Since; {
	case since != nil:
		s.at, s.known = *since, true
	case of.at.Epoch != "":
		s.at, s.known = of.at, true
		if of.answered {
			s.asked, s.active = true, true // it gets what comes next, as the others do
			return true
		}
	}
	t.tell(of)
	return true
}

// remove removes a handler.
func (t *topics) remove(s *subscription) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s.ended = true
	s.queue = nil
	of := s.topic
	i := slices.Index(of.subs, s)
	if i < 0 {
		return
	}
	of.subs = slices.Delete(of.subs, i, i+1)
	if len(of.subs) == 0 {
		of.at = Position{} // whoever subscribes later begins later
		t.tell(of)
	}
}

// tell has the server told of a topic: when it has answered what it was told
// before, because its answers don't say to what.
func (t *topics) tell(of *topic) {
	of.due = true
	if !of.told || of.answered {
		t.note()
	}
}

// say yields frames that tell the server on a connection what it does not know.
// None is larger than a limit.
func (t *topics) say(conn any, limit int) (frames [][]byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.conn != conn {
		t.conn = conn
		for _, of := range t.order {
			of.lost()
		}
	}
	limit = min(limit, protocol.FirstFrame)
	var frame, one []byte
	for _, of := range t.order {
		if !of.due || of.told && !of.answered {
			continue
		}
		if one = of.say(one[:0]); len(one) == 0 {
			continue
		}
		if len(frame) > 0 && len(frame)+len(one)+1 > limit {
			frames = append(frames, append(frame, ']'))
			frame = nil
		}
		frame = append(protocol.Join(frame), one[1:]...) // without its '['
	}
	t.order = slices.DeleteFunc(t.order, func(of *topic) bool {
		gone := len(of.subs) == 0 && !of.due
		if gone {
			delete(t.byName, of.name)
			t.last = nil
		}
		return gone
	})
	if len(frame) > 0 {
		frames = append(frames, append(frame, ']'))
	}
	return frames
}

// message takes in what the server says of a topic.
func (t *topics) message(m *protocol.Message) error {
	switch m.Kind {
	case protocol.OnKind:
		o, err := m.On()
		if err != nil {
			return err
		}
		t.with(o.Topic, func(of *topic) { of.answer(o.Position) })
	case protocol.OffKind:
		o, err := m.Off()
		if err != nil {
			return err
		}
		t.with(o.Topic, func(of *topic) { of.refuse(&Refusal{Reason: o.Why.Code, Message: o.Why.Message}) })
	default:
		p, err := m.Published()
		if err != nil {
			return err
		}
		t.with(p.Topic, func(of *topic) { of.published(&p) })
	}
	return nil
}

// with has a topic take something in, and starts what follows from it.
func (t *topics) with(name string, take func(*topic)) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.last == nil || t.last.name != name {
		t.last = t.byName[name]
	}
	of := t.last
	if of == nil {
		return
	}
	take(of)
	for _, s := range of.subs {
		if len(s.queue) > 0 && !s.running {
			s.running = true
			go t.run(s)
		}
	}
	if of.due && (!of.told || of.answered) {
		t.note()
	}
}

// run hands out what waits for a handler.
func (t *topics) run(s *subscription) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for len(s.queue) > 0 && !t.closed {
		e, again := s.next()
		if again {
			t.tell(s.topic)
		}
		t.mutex.Unlock()
		s.tell(e)
		t.mutex.Lock()
	}
	s.running = false
}

// close ends all subscriptions.
func (t *topics) close() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.closed = true
	clear(t.byName)
	t.order, t.last = nil, nil
}
