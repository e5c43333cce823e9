package server

import "github.com/sockjax/sockjax/protocol"

// What one connection of a session hands on to another: what a client says about
// a call goes to the connection that runs it.

// again answers a request with a body that runs already: the client asks how
// much of it has arrived.
func (c *conn) again(again *call) *ending {
	if again.exchange == nil || again.exchange.body == nil {
		return nil
	}
	if k := c.calls.find(again.key); k == nil {
		return c.deliver(&protocol.Message{Kind: protocol.DataKind, Key: again.key.n, Open: true})
	} else if k.exchange != nil && k.exchange.body != nil {
		c.queue.Room()
		k.exchange.got()
	}
	return nil
}

// Delivered implements session.Owner.
func (c *conn) Delivered(name protocol.Key, frame []byte) {
	k := c.calls.find(key{n: name})
	if k == nil || k.exchange == nil {
		return
	}
	r := protocol.NewReader(frame)
	if protocol.IsBinary(frame) {
		r = protocol.NewBinaryReader(frame, false)
	}
	for r.Next() {
		if _, err := k.exchange.take(r.Message()); err != nil {
			k.exchange.body.fail(err) // the connection that brought it is another
		}
	}
}

// deliver hands on a message about parts of a call that does not run here.
func (c *conn) deliver(m *protocol.Message) *ending {
	var frame []byte
	join := func() { frame = protocol.Join(frame) }
	switch m.Kind {
	case protocol.TakenKind:
		join()
		frame = protocol.AppendTaken(frame, m.Key, m.Count, m.Window)
	case protocol.EndKind:
		join()
		frame = protocol.AppendEnd(frame, m.Key)
	case protocol.PartsKind:
		join()
		inside := m.Body[1 : len(m.Body)-1]
		frame = protocol.AppendPartsEnd(protocol.AppendParts(frame, m.Key, int64(m.Count), inside), 0)
	case protocol.ChunkKind:
		frame = append(protocol.AppendPrefix(frame), '[')
		frame = append(protocol.AppendChunk(frame, m.Key, int64(m.Count), len(m.Body)), ']')
		protocol.SetPrefix(frame)
		frame = append(frame, m.Body...)
	default:
		join()
		frame = protocol.AppendOptions(protocol.AppendRequest(frame, m.Key, nil), m.Open, m.Window)
	}
	if m.Kind != protocol.ChunkKind {
		frame = append(frame, ']')
	}
	return c.lostEnding(c.client.Load().session.Deliver(m.Key, frame))
}
