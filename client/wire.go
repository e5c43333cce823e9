//go:build !js || native

package client

import (
	"errors"
	"sync/atomic"

	"github.com/sockjax/sockjax/protocol"
)

// appendFrame appends the text of the frame that b stands for to an empty dst.
// The browser's twin is in ../web/frames.js.
func appendFrame[P any](dst []byte, b *Batch[P], plain bool, data func(P) []byte) []byte {
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

// outcome of a call: the reply's JSON, or an error.
type outcome struct {
	body []byte
	err  error
}

// reader hands to an engine what frames hold.
type reader[P any] struct {
	engine    *Engine[P]
	plain     bool
	settled   func(P, outcome)
	unmatched atomic.Int64 // messages that no call waited for
	garbage   atomic.Int64 // frames that could not be understood
}

// text reads a text frame. It returns why the connection must end, nil if it
// need not.
func (r *reader[P]) text(conn Conn, frame []byte) *Closed {
	r.engine.Received(conn, len(frame))
	switch string(frame) {
	case protocol.Ping:
		r.engine.Pinged(conn)
		return nil
	case protocol.Pong:
		r.engine.Ponged(conn)
		return nil
	}
	if r.plain {
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

// binary does the same for a binary frame, of which there are none yet.
func (r *reader[P]) binary(conn Conn) *Closed {
	r.engine.Received(conn, 0)
	if r.plain {
		r.garbage.Add(1)
		return nil
	}
	return r.broken(protocol.CloseUnsupported, errors.New("a binary frame, which sockjax.1 does not have"))
}

func (r *reader[P]) broken(code protocol.CloseCode, err error) *Closed {
	r.garbage.Add(1)
	return &Closed{code, err.Error()}
}

// message takes in one message. Those that are none of a server's, or of a
// later version, are ignored.
func (r *reader[P]) message(conn Conn, m *protocol.Message) error {
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
func (r *reader[P]) answer(m *protocol.Message) error {
	var p P
	var ok bool
	var o outcome
	switch m.Kind {
	case protocol.DataKind:
		if o.body = m.Body; o.body == nil {
			o.body = []byte("null")
		}
		p, ok = r.engine.Settle(m.Key)
	case protocol.ErrorKind:
		e, err := m.Error()
		if err != nil {
			return err
		}
		o.err = &Rejection{e.Code, e.Message, e.Data}
		p, ok = r.engine.Settle(m.Key)
	case protocol.RefusedKind:
		e, err := m.Error()
		if err != nil {
			return err
		}
		o.err = refused(e)
		after := milliseconds(e.After)
		if e.Code == protocol.Invalid {
			after = -1
		}
		if p, ok = r.engine.Refused(m.Key, after); !ok {
			return nil // it is tried again, or has been given up
		}
	case protocol.ForgottenKind:
		o.err = &Error{CodeLost, Executed, "the request ran, and its outcome was delivered to an earlier life of this client"}
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
