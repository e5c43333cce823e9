package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Reader takes the messages out of a frame, one after the other:
//
//	r := protocol.NewReader(frame)
//	for r.Next() {
//		use(r.Message())
//	}
//	return r.Err()
//
// It has checked the syntax of each message, and of each payload, by the time
// that Next returns it; what was wrong further on shows only after the
// messages before it. It allocates nothing but its error, a bit a level for
// what nests deeper than MaxDepth, and 8 bytes for a short name with escapes.
type Reader struct {
	scan scanner
	msg  Message
	err  error
	open bool // inside the array
	done bool // behind it, or at an error
}

// NewReader reads a text frame other than Ping and Pong.
func NewReader(frame []byte) Reader {
	return Reader{scan: scanner{text: frame}}
}

// ErrNotUTF8 is what Err's error wraps for a frame that a server closes on
// with CloseNotUTF8; on all other errors it closes with CloseBadMessage.
var ErrNotUTF8 = errors.New("the frame is not UTF-8")

// Next goes on to the next message. It returns false at the end of the frame
// and at an error, which Err tells, and at every call after that.
func (r *Reader) Next() bool {
	if r.done {
		return false
	}
	more, err := r.next()
	if err != nil {
		r.err = fmt.Errorf("failed to read a frame at byte %d: %w", r.scan.at, err)
	}
	r.done = !more || err != nil
	return !r.done
}

// Message is the one that Next went to. The next Next overwrites it.
func (r *Reader) Message() *Message { return &r.msg }

// Err is what stopped Next: nil if that was the end of the frame.
func (r *Reader) Err() error { return r.err }

func (r *Reader) next() (bool, error) {
	s := &r.scan
	if !r.open && !utf8.Valid(s.text) {
		s.at = notUTF8(s.text)
		return false, ErrNotUTF8
	}
	s.space()
	if !r.open {
		if !s.take('[') {
			return false, s.unexpected("a frame must be a JSON array of messages")
		}
		r.open = true
		s.space()
		if s.take(']') {
			return false, s.end()
		}
	} else {
		if s.take(']') {
			return false, s.end()
		}
		if !s.take(',') {
			return false, s.unexpected("',' or ']' after a message")
		}
		s.space()
	}
	return true, r.message()
}

// message reads one object. The member that names the kind decides, wherever
// it stands: hello, welcome and cancel by themselves, and beside a key error,
// refused or else data.
func (r *Reader) message() error {
	s, m := &r.scan, &r.msg
	*m = Message{}
	var hello, welcome, data, failure, refused span
	var key, cancel Key
	var hasKey, hasCancel bool
	if !s.take('{') {
		return s.unexpected("a message must be a JSON object")
	}
	for s.member() {
		switch string(s.name) {
		case "key":
			key, hasKey = s.key(), true
		case "cancel":
			cancel, hasCancel = s.key(), true
		case "data":
			data = s.value()
		case "error":
			failure = s.value()
		case "refused":
			refused = s.value()
		case "hello":
			hello = s.value()
		case "welcome":
			welcome = s.value()
		default:
			s.value()
		}
	}
	if s.err != nil {
		return s.err
	}
	switch {
	case hello.set:
		r.set(HelloKind, 0, hello)
	case welcome.set:
		r.set(WelcomeKind, 0, welcome)
	case hasCancel:
		r.set(CancelKind, cancel, span{})
	case !hasKey:
		r.set(Unknown, 0, span{})
	case failure.set:
		r.set(ErrorKind, key, failure)
	case refused.set:
		r.set(RefusedKind, key, refused)
	default:
		r.set(DataKind, key, data)
	}
	return nil
}

func (r *Reader) set(kind Kind, key Key, body span) {
	r.msg = Message{Kind: kind, Key: key, Depth: body.depth}
	if body.set {
		r.msg.Body = r.scan.text[body.from:body.to]
	}
}

// notUTF8 is where the first byte stands that is not UTF-8.
func notUTF8(text []byte) (at int) {
	for at < len(text) {
		c, size := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// Hello decodes the body of a HelloKind.
func (m *Message) Hello() (Hello, error) { return body[Hello](m.Body) }

// Welcome decodes the body of a WelcomeKind.
func (m *Message) Welcome() (Welcome, error) { return body[Welcome](m.Body) }

// Error decodes the body of an ErrorKind or a RefusedKind.
func (m *Message) Error() (Error, error) { return body[Error](m.Body) }

func body[T any](text []byte) (T, error) {
	var v T
	if string(text) == null { // Unmarshal would take it for an empty object
		return v, fmt.Errorf("failed to decode a %T: it is null", v)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, fmt.Errorf("failed to decode a %T: %w", v, err)
	}
	return v, nil
}
