//go:build !js || native

package engine

import (
	"sync/atomic"

	"github.com/sockjax/sockjax/protocol"
)

// Outcome of a call: the reply's JSON, or its bytes; or an error.
type Outcome struct {
	Body  []byte
	Bytes bool
	Err   error
}

// Decoder hands to an engine what frames hold. What it can't read it counts
// and skips: closing the connection would take all calls with it, and each has
// its deadline. The browser's twin is in ../../web/host/frames.js;
// ../../test/vectors holds the two together.
//
// Text and Binary are for one goroutine at a time.
type Decoder[P any] struct {
	engine    *Engine[P]
	settled   func(P, Outcome)
	messages  []protocol.Message // of the frame that is being read
	unmatched atomic.Int64
	garbage   atomic.Int64
	topics    func(*protocol.Message) error // nil: the host has none
	exchange  Exchange[P]
	replies   replies
}

// Exchange is what a host is told of calls with a stream or a body.
type Exchange[P any] struct {
	// Parts of a stream have come: JSON each, or bytes.
	Parts func(p P, parts [][]byte, bytes bool)
	// Got: the first n parts of the body have reached the server.
	Got func(p P, n uint64)
	// Taken: they were taken, and there may be so many bytes of others.
	Taken func(p P, n uint64, window int)
}

// NewDecoder makes a Decoder. settled is told of each call whose outcome has
// arrived; the engine tells its host of all others.
func NewDecoder[P any](e *Engine[P], settled func(P, Outcome)) *Decoder[P] {
	return &Decoder[P]{engine: e, settled: settled, replies: replies{}}
}

// Topics has f told of the messages that concern topics. It is called before any
// frame comes.
func (r *Decoder[P]) Topics(f func(*protocol.Message) error) { r.topics = f }

// Exchange has x told of streams and bodies. It is called before any frame comes.
func (r *Decoder[P]) Exchange(x Exchange[P]) { r.exchange = x }

// Unmatched is how many messages no call waited for, such as late replies.
func (r *Decoder[P]) Unmatched() int { return int(r.unmatched.Load()) }

// Garbage is how many frames, and messages of frames, could not be read.
func (r *Decoder[P]) Garbage() int { return int(r.garbage.Load()) }

// Text takes in a text frame.
func (r *Decoder[P]) Text(conn Conn, frame []byte) {
	r.engine.Received(conn, len(frame))
	switch string(frame) {
	case protocol.Ping:
		r.engine.Pinged(conn)
		return
	case protocol.Pong:
		r.engine.Ponged(conn)
		return
	}
	if r.engine.opts.Plain {
		r.object(frame)
		return
	}
	r.batch(conn, protocol.NewLenientReader(frame))
}

// Binary takes in a binary frame.
func (r *Decoder[P]) Binary(conn Conn, frame []byte) {
	r.engine.Received(conn, len(frame))
	if r.engine.opts.Plain || !protocol.IsBinary(frame) {
		r.garbage.Add(1)
		return
	}
	r.batch(conn, protocol.NewBinaryReader(frame, true))
}

// mostMessages is how many messages of a frame are kept until all of it has
// been read. What follows is read twice.
const mostMessages = 1024

// batch takes in all messages of a frame, or none where the frame is not JSON
// to its end, as in a page, which can't read half of it.
func (r *Decoder[P]) batch(conn Conn, reader protocol.Reader) {
	messages := r.messages[:0]
	for len(messages) < mostMessages && reader.Next() {
		messages = append(messages, *reader.Message())
	}
	rest := reader
	for reader.Next() {
	}
	if reader.Err() != nil {
		r.garbage.Add(1)
	} else {
		for i := range messages {
			r.message(conn, &messages[i])
		}
		for rest.Next() {
			r.message(conn, rest.Message())
		}
	}
	clear(messages) // or they would hold the frame
	r.messages = messages
}

// message takes in one message, and counts one that breaks the protocol.
func (r *Decoder[P]) message(conn Conn, m *protocol.Message) {
	var err error
	switch m.Kind {
	case protocol.WelcomeKind:
		var w protocol.Welcome
		if w, err = m.Welcome(); err == nil {
			r.engine.Welcome(conn, w)
		}
	case protocol.TokenKind:
		var a protocol.Authorized
		if a, err = m.Authorized(); err == nil {
			r.engine.Authorized(conn, milliseconds(a.Expires))
		}
	case protocol.TopicKind, protocol.OnKind, protocol.OffKind:
		if r.topics != nil {
			err = r.topics(m)
		}
	case protocol.DataKind, protocol.ErrorKind, protocol.RefusedKind, protocol.ForgottenKind:
		if m.Key == 0 {
			r.garbage.Add(1)
			return
		}
		err = r.answer(m)
	case protocol.PartsKind, protocol.ChunkKind, protocol.GotKind, protocol.TakenKind:
		if m.Key == 0 {
			r.garbage.Add(1)
			return
		}
		r.about(m)
	default: // none of a server's, or of a later version
	}
	if err != nil {
		r.garbage.Add(1)
	}
}

// answer takes in what a server says of a call.
func (r *Decoder[P]) answer(m *protocol.Message) error {
	var e protocol.Error
	if m.Kind == protocol.ErrorKind || m.Kind == protocol.RefusedKind {
		var err error
		if e, err = m.Error(); err != nil {
			return err
		}
	}
	var p P
	var ok bool
	var o Outcome
	switch {
	case m.Kind == protocol.DataKind && m.Text > 0:
		r.replies.expect(m.Key, m.Text, m.Bytes, r.engine.Waits)
		return nil
	case m.Kind == protocol.DataKind:
		if o.Body, o.Bytes = m.Body, m.Bytes; o.Body == nil && !o.Bytes {
			o.Body = []byte("null")
		}
		p, ok = r.engine.Settle(m.Key)
	case m.Kind == protocol.ForgottenKind:
		o.Err = &Error{CodeLost, Executed, "the request ran, and its outcome was delivered to an earlier life of this client"}
		p, ok = r.engine.Drop(m.Key)
	case m.Kind == protocol.RefusedKind:
		refusal, after := refused(e)
		o.Err = refusal
		if p, ok = r.engine.Refused(m.Key, after); !ok {
			return nil // it is tried again, or has been given up
		}
	case e.NotRun:
		var fate Fate
		p, fate, ok = r.engine.SettleNotRun(m.Key)
		o.Err = notRun(e, fate)
	default:
		o.Err = &Rejection{e.Code, e.Message, e.Data}
		p, ok = r.engine.Settle(m.Key)
	}
	if !ok {
		r.unmatched.Add(1)
		return nil
	}
	r.settled(p, o)
	return nil
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
		if whole := r.replies[m.Key]; whole != nil {
			r.piece(m.Key, whole, m.Body)
			return
		}
		if p, ok = r.engine.Parts(m.Key, 1, len(m.Body), m.Ask); ok {
			r.exchange.Parts(p, [][]byte{m.Body}, true)
		}
	case protocol.PartsKind:
		var parts [][]byte
		bytes := 0
		for part := range protocol.Elements(m.Body) {
			parts = append(parts, part)
			bytes += len(part)
		}
		if p, ok = r.engine.Parts(m.Key, len(parts), bytes, m.Ask); ok {
			r.exchange.Parts(p, parts, false)
		}
	}
	if !ok {
		r.unmatched.Add(1)
	}
}

// piece takes in a piece of a large reply. The last one is the outcome.
func (r *Decoder[P]) piece(key protocol.Key, whole *reply, data []byte) {
	got := whole.with(data)
	switch {
	case len(got) < whole.size:
		if _, ok := r.engine.Piece(key); ok {
			whole.got = got
		} else {
			r.unmatched.Add(1)
		}
		return
	case !whole.isWhole(got):
		r.engine.Piece(key) // or the next ones would have wrong numbers
		r.garbage.Add(1)
	default:
		if p, ok := r.engine.Settle(key); ok {
			r.settled(p, Outcome{Body: got, Bytes: whole.bytes})
		} else {
			r.unmatched.Add(1)
		}
	}
	delete(r.replies, key)
}

// object takes in a reply of plain mode. All of it is the reply; what no call
// waits for is counted and disturbs nothing.
func (r *Decoder[P]) object(frame []byte) {
	name, ok := plainReply(frame)
	if !ok {
		r.garbage.Add(1)
		return
	}
	if name != "" {
		if p, ok := r.engine.SettleName(name); ok {
			r.settled(p, Outcome{Body: frame})
			return
		}
	}
	r.unmatched.Add(1)
}
