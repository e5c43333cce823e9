package server

import (
	"errors"
	"sync"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/session"
)

// Reading sockjax.1: what a frame of it says.

// An intake is the requests of a frame, which begin together. Their data still
// lies in the memory of the frame.
type intake struct {
	calls   []*call
	refused []refusedCall
	keys    []protocol.Key
	told    bool // some of them have been answered otherwise
}

type refusedCall struct {
	*call
	why *protocol.Error
}

// maxIntake is how many calls begin together: a frame may hold 100,000.
const maxIntake = 256

var intakes = sync.Pool{New: func() any { return new(intake) }}

func (in *intake) size() int { return len(in.calls) + len(in.refused) }

// empty lets go of all calls, but not of the memory.
func (in *intake) empty() {
	clear(in.calls)
	clear(in.refused)
	in.calls, in.refused, in.keys, in.told = in.calls[:0], in.refused[:0], in.keys[:0], false
}

// batch acts on a frame.
func (c *conn) batch(frame []byte) (end *ending) {
	in := intakes.Get().(*intake)
	r := protocol.NewReader(frame)
	messages := false
	for end == nil && r.Next() {
		messages = true
		end = c.message(r.Message(), in)
	}
	if err := r.Err(); end == nil && err != nil {
		end = closing(protocol.CloseBadMessage, "%v", err)
		if errors.Is(err, protocol.ErrNotUTF8) {
			end.code = protocol.CloseNotUTF8
		}
	}
	if !messages {
		c.pace.wait(c.ctx) // an empty frame is not free either
	}
	// What stands before a mistake counts.
	if failed := c.begin(in); end == nil {
		end = failed
	}
	c.writeIf(c.out.flushAside())
	intakes.Put(in) // not if Authenticate ends the goroutine: in may hold calls then
	return end
}

// message acts on one message. A request goes into the intake, to begin with
// the others of the frame.
func (c *conn) message(m *protocol.Message, in *intake) *ending {
	if m.Kind == protocol.DataKind && c.wire.greeted.Load() {
		if m.Key == 0 {
			return closing(protocol.CloseBadMessage, "a key must be an integer from 1 to %d", protocol.MaxKey)
		}
		if m.Series {
			c.out.series.Store(true)
		}
		c.request(in, key{n: m.Key}, nil, m.Body, m.Depth)
		if in.size() == maxIntake {
			return c.begin(in)
		}
		return nil
	}
	c.pace.wait(c.ctx)
	if !c.wire.greeted.Load() {
		return c.hello(m)
	}
	switch m.Kind {
	case protocol.CancelKind:
		if m.Key == 0 {
			return closing(protocol.CloseBadMessage, "a cancel must name a key from 1 to %d", protocol.MaxKey)
		}
		if end := c.begin(in); end != nil { // the key's request may be among them
			return end
		}
		return c.cancelCall(m.Key)
	case protocol.AckKind:
		return c.ack(m.Ack)
	case protocol.TokenKind:
		return c.token(m)
	case protocol.HelloKind:
		return closing(protocol.CloseBadMessage, "hello came twice: send it once, as the first message")
	case protocol.Unknown:
		return nil
	}
	return closing(protocol.CloseBadMessage, "a client must not send welcome, error, refused or forgotten")
}

// begin begins the requests of an intake, which is empty afterwards.
func (c *conn) begin(in *intake) *ending {
	if in.size() == 0 {
		return nil
	}
	defer in.empty()
	c.calls.admit(in)
	if !c.plain {
		if end := c.claim(in); end != nil {
			return end
		}
	}
	for _, k := range in.calls {
		k.own()
	}
	end := c.turnAway(in)
	if in.told {
		c.writeIf(c.out.flushAside()) // before the outcomes of the others
	}
	c.crew.add(in.calls) // whatever happens: they are claimed
	return end
}

// turnAway answers for the requests of an intake that were refused, unless they
// have been begun before: then they are no matter of room.
func (c *conn) turnAway(in *intake) (end *ending) {
	if len(in.refused) == 0 {
		return nil
	}
	in.told = true
	var verdicts []Verdict // nil: all are New
	if !c.plain {
		in.keys = in.keys[:0]
		for _, r := range in.refused {
			in.keys = append(in.keys, r.key.n)
		}
		var err error
		if verdicts, err = c.client.Load().session.Peek(in.keys); err != nil {
			return c.lostEnding(err)
		}
	}
	for i, r := range in.refused {
		switch {
		case verdicts == nil || verdicts[i] == session.New:
			c.refuse(r.key, r.rawKey, r.why)
		case verdicts[i] == session.Done:
			c.tell(protocol.AppendForgotten(nil, r.key.n))
		}
	}
	return nil
}

// claim takes those calls out of an intake that are not to run: they have been
// begun before, or the session goes on elsewhere.
func (c *conn) claim(in *intake) *ending {
	for _, k := range in.calls {
		in.keys = append(in.keys, k.key.n)
	}
	if len(in.keys) == 0 {
		return nil
	}
	verdicts, err := c.client.Load().session.Begin(in.keys)
	if err != nil {
		c.calls.dismiss(in.calls)
		return c.lostEnding(err)
	}
	if verdicts != nil {
		fresh := in.calls[:0]
		var others []*call
		for i, k := range in.calls {
			switch verdicts[i] {
			case session.New:
				fresh = append(fresh, k)
				continue
			case session.Done:
				c.tell(protocol.AppendForgotten(nil, k.key.n))
				in.told = true
			}
			others = append(others, k)
		}
		clear(in.calls[len(fresh):])
		in.calls = fresh
		c.calls.dismiss(others)
	}
	if !c.heard && !c.asked && len(in.calls) > 0 {
		c.ask()
	}
	return nil
}

// tell says what concerns only this connection. It waits while the client has
// too much to take: a frame of a megabyte may ask for 100,000 answers.
func (c *conn) tell(text []byte) {
	c.out.room()
	c.writeIf(c.out.message(text))
}
