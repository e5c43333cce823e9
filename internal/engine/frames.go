//go:build !js || native

package engine

import (
	"errors"
	"sync/atomic"

	"github.com/sockjax/sockjax/protocol"
)

// AppendFrame appends the text of the frame that b stands for to an empty dst.
// The browser's twin is in ../../web/host/frames.js.
func AppendFrame[P any](dst []byte, b *Batch[P], plain bool, data func(P) []byte) []byte {
	if b.Word != "" {
		return append(dst, b.Word...)
	}
	if plain {
		return append(dst, data(b.Items[0].Payload)...)
	}
	if b.Hello != nil {
		dst = protocol.AppendHello(protocol.Join(dst), *b.Hello)
	}
	if b.Token != "" {
		dst = protocol.AppendToken(protocol.Join(dst), b.Token)
	}
	if b.Ack != 0 {
		dst = protocol.AppendAck(protocol.Join(dst), b.Ack)
	}
	return append(appendItems(dst, b.Items, data), ']')
}

// appendItems makes series of requests whose keys follow one another.
func appendItems[P any](dst []byte, items []Item[P], data func(P) []byte) []byte {
	series := false // dst ends inside one
	for i := range items {
		item := &items[i]
		if item.Cancel {
			dst = protocol.AppendCancel(protocol.Join(dst), item.Key)
			continue
		}
		text := data(item.Payload)
		more := i+1 < len(items) && !items[i+1].Cancel && items[i+1].Key == item.Key+1
		switch {
		case series:
			dst = protocol.AppendNext(dst, text)
		case more:
			dst = protocol.AppendSeries(protocol.Join(dst), item.Key, text)
		default:
			dst = protocol.AppendRequest(protocol.Join(dst), item.Key, text)
		}
		if series && !more {
			dst = append(dst, ']')
		}
		series = more
	}
	return dst
}

// Outcome of a call: the reply's JSON, or an error.
type Outcome struct {
	Body []byte
	Err  error
}

// Decoder host to an engine what frames hold. The browser's twin is in
// ../../web/host/frames.js.
type Decoder[P any] struct {
	engine    *Engine[P]
	settled   func(P, Outcome)
	unmatched atomic.Int64
	garbage   atomic.Int64
}

// NewDecoder makes a Decoder. settled is told of each call whose outcome has
// arrived; the engine tells its host of all others.
func NewDecoder[P any](e *Engine[P], settled func(P, Outcome)) *Decoder[P] {
	return &Decoder[P]{engine: e, settled: settled}
}

// Unmatched is how many messages no call waited for, such as late replies.
func (r *Decoder[P]) Unmatched() int { return int(r.unmatched.Load()) }

// Garbage is how many frames could not be understood.
func (r *Decoder[P]) Garbage() int { return int(r.garbage.Load()) }

// Text reads a text frame. It returns why the connection must end, nil if it
// need not.
func (r *Decoder[P]) Text(conn Conn, frame []byte) *Closed {
	r.engine.Received(conn, len(frame))
	switch string(frame) {
	case protocol.Ping:
		r.engine.Pinged(conn)
		return nil
	case protocol.Pong:
		r.engine.Ponged(conn)
		return nil
	}
	if r.engine.opts.Plain {
		r.object(frame)
		return nil
	}
	messages := protocol.NewReader(frame)
	for messages.Next() {
		if err := r.message(conn, messages.Message()); err != nil {
			return r.broken(protocol.CloseBadMessage, err)
		}
	}
	switch err := messages.Err(); {
	case errors.Is(err, protocol.ErrNotUTF8):
		return r.broken(protocol.CloseNotUTF8, err)
	case err != nil:
		return r.broken(protocol.CloseBadMessage, err)
	}
	return nil
}

// Binary does the same for a binary frame, of which there are none yet.
func (r *Decoder[P]) Binary(conn Conn) *Closed {
	r.engine.Received(conn, 0)
	if r.engine.opts.Plain {
		r.garbage.Add(1)
		return nil
	}
	return r.broken(protocol.CloseUnsupported, errors.New("a binary frame, which sockjax.1 does not have"))
}

func (r *Decoder[P]) broken(code protocol.CloseCode, err error) *Closed {
	r.garbage.Add(1)
	return &Closed{Code: code, Reason: err.Error()}
}

// message takes in one message. Those that are none of a server's, or of a
// later version, are ignored.
func (r *Decoder[P]) message(conn Conn, m *protocol.Message) error {
	switch m.Kind {
	case protocol.WelcomeKind:
		w, err := m.Welcome()
		if err == nil {
			r.engine.Welcome(conn, w)
		}
		return err
	case protocol.TokenKind:
		a, err := m.Authorized()
		if err == nil {
			r.engine.Authorized(conn, milliseconds(a.Expires))
		}
		return err
	case protocol.DataKind, protocol.ErrorKind, protocol.RefusedKind, protocol.ForgottenKind:
	default:
		return nil
	}
	if m.Key == 0 {
		return errors.New("an answer whose key is no integer from 1 to 2^53-1")
	}
	return r.answer(m)
}

// answer takes in what a server says of a call.
func (r *Decoder[P]) answer(m *protocol.Message) error {
	var p P
	var ok bool
	var o Outcome
	switch m.Kind {
	case protocol.DataKind:
		if o.Body = m.Body; o.Body == nil {
			o.Body = []byte("null")
		}
		p, ok = r.engine.Settle(m.Key)
	case protocol.ErrorKind:
		e, err := m.Error()
		if err != nil {
			return err
		}
		o.Err = &Rejection{e.Code, e.Message, e.Data}
		p, ok = r.engine.Settle(m.Key)
	case protocol.RefusedKind:
		e, err := m.Error()
		if err != nil {
			return err
		}
		o.Err = refused(e)
		after := milliseconds(e.After)
		if e.Code == protocol.Invalid {
			after = -1
		}
		if p, ok = r.engine.Refused(m.Key, after); !ok {
			return nil // it is tried again, or has been given up
		}
	case protocol.ForgottenKind:
		o.Err = &Error{CodeLost, Executed, "the request ran, and its outcome was delivered to an earlier life of this client"}
		p, ok = r.engine.Drop(m.Key)
	}
	if !ok {
		r.unmatched.Add(1)
		return nil
	}
	r.settled(p, o)
	return nil
}

// refused is the error of a call that the server did not run. A code of a
// later version still promises that.
func refused(e protocol.Error) *Error {
	if e.Code == protocol.Invalid {
		return &Error{CodeInvalid, Unsent, e.Message}
	}
	return &Error{CodeOverloaded, Unsent, e.Message}
}
