//go:build !js

package client

import (
	"bytes"
	"encoding/json"

	"github.com/sockjax/sockjax/protocol"
)

// A Message of a topic.
type Message struct {
	Topic string
	Position
	Data json.RawMessage
}

// A Position is where a subscriber stands in a topic: behind the message of that
// Offset, of the history that Epoch names. Offsets count from 1.
type Position = protocol.Position

// A Gap says what a subscriber has missed for good: the messages From to To; or,
// with an Epoch, everything up to To, in a history that has begun anew.
type Gap = protocol.Gap

// Bounds of what waits for one handler. Beyond them the topic is not followed
// for it; when it has caught up, it is asked for what came after that.
const (
	mostWaiting      = 10_000 // several frames
	mostWaitingBytes = 1 << 20
)

// subscription is one handler of a topic, and what waits for it.
type subscription struct {
	topic   *topic
	options SubscribeOptions
	handler func(Message)

	at     Position // behind what was put into the queue
	known  bool     // at is set
	asked  bool     // the server was asked for what comes after at
	active bool     // what comes next follows at
	full   bool     // too much waits, so that nothing is taken in
	ended  bool

	queue   []event
	bytes   int
	running bool // a goroutine hands out what is in the queue
}

// event is what a handler is told.
type event struct {
	data    []byte // nil: it is something else
	at      Position
	gap     Gap
	refusal *Refusal
}

// answered notes that the server sends what comes after a position. skipped says
// that this is not what it was asked for: its history is another, so that it
// sends all of that.
func (s *subscription) answered(from Position, skipped bool) {
	switch {
	case !s.known:
		s.at, s.known = from, true
	case !s.asked || s.full, s.at.Epoch != from.Epoch && !skipped:
		return // it is asked for another time
	case s.at.Epoch == "":
		s.at = from
	default:
		s.miss(Gap{From: s.at.Offset + 1, To: from.Offset, Epoch: from.Epoch})
	}
	s.active = !s.full
}

// take takes a message in.
func (s *subscription) take(m *protocol.Published, epoch string) {
	if !s.active || s.at.Epoch == epoch && m.Offset <= s.at.Offset {
		return
	}
	s.at = Position{Epoch: epoch, Offset: m.Offset}
	s.put(event{data: bytes.Clone(m.Data), at: s.at}) // a frame may be much larger
}

// miss notes that messages up to gap.To of an epoch can't be had any more.
func (s *subscription) miss(gap Gap) {
	switch {
	case s.at.Epoch != gap.Epoch:
		gap.From = 0
	case s.at.Offset >= gap.To:
		return
	default:
		gap.From = max(gap.From, s.at.Offset+1)
	}
	s.at = Position{Epoch: gap.Epoch, Offset: gap.To}
	if gap.From > 0 {
		gap.Epoch = ""
	}
	s.put(event{gap: gap})
}

func (s *subscription) put(e event) {
	s.queue = append(s.queue, e)
	s.bytes += len(e.data)
	if len(s.queue) >= mostWaiting || s.bytes >= mostWaitingBytes {
		s.full, s.active = true, false
	}
}

// next takes what the handler is told next. It returns true if the handler has
// caught up, so that the server must be asked again.
func (s *subscription) next() (e event, again bool) {
	e = s.queue[0]
	s.queue[0] = event{}
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	s.bytes -= len(e.data)
	if s.full && len(s.queue) < mostWaiting/2 && s.bytes < mostWaitingBytes/2 {
		s.full = false
		return e, true
	}
	return e, false
}

// tell tells the handler.
func (s *subscription) tell(e event) {
	switch {
	case e.data != nil:
		s.handler(Message{Topic: s.topic.name, Position: e.at, Data: e.data})
	case e.refusal != nil:
		if s.options.Refused != nil {
			s.options.Refused(e.refusal)
		}
	case s.options.Gap != nil:
		s.options.Gap(e.gap)
	}
}

// SubscribeOptions are those of Subscribe. They are called as the handler is.
type SubscribeOptions struct {
	// Since is the position of the last message that was seen: what came after
	// it comes first. Its zero value stands for all that the server has. Default:
	// what comes from now on; or, if the topic has another handler already, what
	// comes after the last message that the client has received.
	Since *Position

	// Gap is told of messages that are missing: the server does not have them any
	// more. It comes in the place of these. Default: they are missing in silence.
	Gap func(Gap)

	// Refused is told why the server does not send the topic. It is asked again
	// on the next connection. Default: nobody is told.
	Refused func(*Refusal)
}

// topic is a topic with its handlers. It has one subscription at the server.
type topic struct {
	name string
	subs []*subscription
	at   Position // what was received; no epoch: not known yet

	due      bool      // the server must be told
	told     bool      // on was sent on the present connection
	answered bool      // and answered
	asked    *Position // what it asked for
}

// since is the position to ask for, nil for what comes from now on. wanted says
// whether anything is wanted. Foreign positions, of which the server must say
// that they are, go first, one history after the other; all others are of one.
// Of each history it is the first position, so that nobody there misses anything.
func (t *topic) since() (since *Position, wanted bool) {
	foreign := func(at Position) bool { return at.Epoch != t.at.Epoch }
	for _, s := range t.subs {
		if s.full {
			continue
		}
		wanted = true
		switch {
		case !s.known:
		case since == nil,
			foreign(s.at) && !foreign(*since),
			s.at.Epoch == since.Epoch && s.at.Offset < since.Offset:
			since = &Position{Epoch: s.at.Epoch, Offset: s.at.Offset}
		}
	}
	return since, wanted
}

// say appends what the server must be told, if anything.
func (t *topic) say(frame []byte) []byte {
	t.due = false
	since, wanted := t.since()
	if !wanted {
		if !t.told {
			return frame
		}
		t.told, t.answered = false, false
		return protocol.AppendOff(protocol.Join(frame), protocol.Off{Topic: t.name})
	}
	for _, s := range t.subs {
		s.asked = !s.full
		s.active = false // until the answer, after which all that is asked for comes
	}
	t.told, t.answered, t.asked = true, false, since
	on := protocol.On{Topic: t.name, Since: since != nil}
	if since != nil {
		on.Position = *since
	}
	return protocol.AppendOn(protocol.Join(frame), on)
}

// answer takes in that the server sends what comes after a position.
func (t *topic) answer(from Position) {
	if !t.told || t.answered {
		return
	}
	t.answered, t.at = true, from
	skipped := t.asked != nil && t.asked.Epoch != from.Epoch
	for _, s := range t.subs {
		s.answered(from, skipped)
		t.due = t.due || !s.active && !s.full
	}
}

// refuse takes in that the server does not send the topic.
func (t *topic) refuse(why *Refusal) {
	if !t.told {
		return
	}
	t.told, t.answered = false, false
	for _, s := range t.subs {
		s.active = false
		if s.asked {
			s.put(event{refusal: why})
		}
	}
}

// published takes in a message, or a gap.
func (t *topic) published(p *protocol.Published) {
	if !t.answered {
		return
	}
	if p.Data == nil {
		if p.Gap.Epoch == "" {
			p.Gap.Epoch = t.at.Epoch
		}
		t.at = Position{Epoch: p.Gap.Epoch, Offset: p.Gap.To}
		for _, s := range t.subs {
			if s.active {
				s.miss(p.Gap)
			}
		}
		return
	}
	t.at.Offset = p.Offset
	for _, s := range t.subs {
		s.take(p, t.at.Epoch)
	}
}

// lost notes that the connection has ended: what the server was told holds no
// more.
func (t *topic) lost() {
	t.due, t.told, t.answered = true, false, false
	for _, s := range t.subs {
		s.active = false
	}
}
