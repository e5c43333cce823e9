package protocol

import (
	"errors"
	"strconv"
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
// what nests deeper than MaxDepth, and 16 bytes for a name with escapes.
type Reader struct {
	scan scanner
	msg  Message
	err  error
	open bool // inside the array
	done bool // behind it, or at an error

	series bool // inside a series
	key    Key  // under which its next data stands

	tail tail
}

// NewReader reads a text frame other than Ping and Pong, strictly, as a server
// does: whatever is wrong is an error or a key of 0.
func NewReader(frame []byte) Reader {
	return Reader{scan: scanner{text: frame}}
}

// NewLenientReader reads a text frame as a client does. It takes an integer
// that is written as 7.0 or 1e3 for what it is, as JSON.parse does in a page.
// What is JSON, but neither an object nor a series with data, is no error: it
// comes as a message of DataKind with a key of 0.
func NewLenientReader(frame []byte) Reader {
	return Reader{scan: scanner{text: frame, lenient: true}}
}

// NewBinaryReader reads a binary frame, as NewReader does a text frame. lenient
// is what a client is.
func NewBinaryReader(frame []byte, lenient bool) Reader {
	if len(frame) > 0 && frame[0] == '[' { // the same bytes as in a text frame
		return Reader{scan: scanner{text: frame, lenient: lenient}}
	}
	if len(frame) < binaryPrefix {
		return Reader{err: errors.New("failed to read a frame: a binary frame begins with the length of its messages"), done: true}
	}
	length := uint32(frame[0])<<24 | uint32(frame[1])<<16 | uint32(frame[2])<<8 | uint32(frame[3])
	rest := frame[binaryPrefix:]
	if uint64(length) > uint64(len(rest)) {
		return Reader{err: errors.New("failed to read a frame: its messages would be longer than the frame"), done: true}
	}
	return Reader{scan: scanner{text: rest[:length:length], lenient: lenient}, tail: tail{binary: true, bytes: rest[length:]}}
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
		r.err = &readError{r.scan.at, err}
	}
	r.done = !more || err != nil
	return !r.done
}

// Message is the one that Next went to. The next Next overwrites it.
func (r *Reader) Message() *Message { return &r.msg }

// Err is what stopped Next: nil if that was the end of the frame.
func (r *Reader) Err() error { return r.err }

// readError says where a frame is wrong.
type readError struct {
	at  int
	err error
}

func (e *readError) Error() string {
	return "failed to read a frame at byte " + strconv.Itoa(e.at) + ": " + e.err.Error()
}

func (e *readError) Unwrap() error { return e.err }

func (r *Reader) next() (bool, error) {
	s := &r.scan
	if !r.open && !utf8.Valid(s.text) {
		s.at = notUTF8(s.text)
		return false, ErrNotUTF8
	}
	s.space()
	if r.series {
		if s.take(',') {
			return true, r.data()
		}
		s.take(']') // data has seen it
		r.series = false
		s.space()
	}
	if !r.open {
		if !s.take('[') {
			return false, s.unexpected("a frame must be a JSON array of messages")
		}
		r.open = true
		s.space()
		if s.take(']') {
			return false, r.end()
		}
	} else {
		if s.take(']') {
			return false, r.end()
		}
		if !s.take(',') {
			return false, s.unexpected("',' or ']' after a message")
		}
		s.space()
	}
	switch c := s.peek(); {
	case c == '[':
		s.at++
		return true, r.first()
	case c != '{' && s.lenient:
		s.value()
		r.msg = Message{Kind: DataKind}
		return true, s.err
	}
	return true, r.message()
}

// end checks that nothing is left over.
func (r *Reader) end() error {
	if err := r.scan.end(); err != nil {
		return err
	}
	if len(r.tail.bytes) > 0 {
		return errors.New("bytes follow that no message names")
	}
	return nil
}

// first reads a series up to its first data.
func (r *Reader) first() error {
	s := &r.scan
	s.space()
	if s.lenient && s.take(']') {
		r.msg = Message{Kind: DataKind, Series: true}
		return nil
	}
	r.series, r.key = true, s.key(s.value())
	s.space()
	if s.lenient && s.err == nil && s.peek() == ']' {
		r.msg = Message{Kind: DataKind, Series: true}
		return nil
	}
	if s.err == nil && !s.take(',') {
		s.fail(s.unexpected("',' and data after the key of a series"))
	}
	return r.data()
}

// data reads the next data of a series.
func (r *Reader) data() error {
	s := &r.scan
	s.space()
	body := s.value()
	s.space()
	if c := s.peek(); s.err == nil && c != ',' && c != ']' {
		s.fail(s.unexpected("',' or ']' after the data of a series"))
	}
	if s.err != nil {
		return s.err
	}
	r.msg = Message{Kind: DataKind, Key: r.key, Series: true, Body: s.text[body.from:body.to], Depth: body.depth}
	if r.key == MaxKey {
		r.key = 0
	} else if r.key != 0 {
		r.key++
	}
	return nil
}

// message reads one object. The member that names the kind decides, wherever
// it stands, and of several the one whose Kind comes first. One that is null
// counts as missing. Since the last of two members with one name counts, that
// is known only at the object's end: then it is read once more.
func (r *Reader) message() error {
	s := &r.scan
	start := s.at
	nulls := r.members(0)
	if s.err == nil && nulls != 0 {
		s.at = start
		r.members(nulls)
	}
	return s.err
}

// members makes a message of an object's members, without those whose kinds
// are in the set missing. It returns the kinds whose last member is null, if
// one of them would decide.
func (r *Reader) members(missing kinds) (nulls kinds) {
	s := &r.scan
	r.msg = Message{}
	var kind Kind
	var body span
	var key Key
	var hasKey, later bool
	var more extras
	start := s.at
	if !s.take('{') {
		s.fail(s.unexpected("a message must be a JSON object or a series"))
		return 0
	}
	for s.member() {
		var named Kind
		switch string(s.name) {
		case "key":
			key, hasKey = s.key(s.value()), true
			continue
		case "data":
			named = DataKind
		case "hello":
			named = HelloKind
		case "welcome":
			named = WelcomeKind
		case "token":
			named = TokenKind
		case "ack":
			named = AckKind
		case "cancel":
			named = CancelKind
		case "error":
			named = ErrorKind
		case "refused":
			named = RefusedKind
		case "forgotten":
			named = ForgottenKind
		case "on":
			named = OnKind
		case "off":
			named = OffKind
		case "topic":
			named = TopicKind
		case "got":
			named = GotKind
		case "taken":
			named = TakenKind
		case "parts":
			named = PartsKind
		case "chunk":
			named = ChunkKind
		case "end":
			named = EndKind
		case "bytes":
			named = bytesKind
		case "part":
			v := s.value()
			later = !s.isNull(v)
			continue
		case "open", "window", "text", "from", "ask":
			more.read(s)
			continue
		}
		v := s.value()
		if named == Unknown || missing.has(named) {
			continue
		}
		if named != DataKind { // null is data too
			nulls.set(named, s.isNull(v))
		}
		if kind == Unknown || named <= kind {
			kind, body = named, v
		}
	}
	if s.err != nil {
		return 0
	}
	if nulls.has(kind) {
		return nulls
	}
	m := &r.msg
	switch kind {
	case HelloKind, WelcomeKind, TokenKind:
		m.Kind = kind
		m.Body, m.Depth = s.text[body.from:body.to], body.depth
	case AckKind:
		m.Kind, m.Ack = kind, uint64(s.key(body))
	case CancelKind:
		m.Kind, m.Key = kind, s.key(body)
	case ForgottenKind:
		// Without true it means nothing yet, and must not pass for a reply
		// whose data is missing.
		if hasKey && string(s.text[body.from:body.to]) == "true" {
			m.Kind, m.Key = kind, key
		}
	case ErrorKind, RefusedKind, DataKind:
		if hasKey {
			m.Kind, m.Key = kind, key
			m.Body, m.Depth = s.text[body.from:body.to], body.depth
		}
	case Unknown:
		if hasKey && !later {
			m.Kind, m.Key = DataKind, key
		}
	case OnKind, OffKind, TopicKind:
		m.Kind, m.lenient = kind, s.lenient
		m.Body = s.text[start:s.at]
	default:
		if hasKey {
			m.Kind, m.Key = kind, key
			r.tail.part(m, s, body)
		}
	}
	if m.Kind >= GotKind {
		more.add(m)
	}
	return 0
}

// kinds is a set of them.
type kinds uint32

func (k kinds) has(kind Kind) bool { return k&(1<<kind) != 0 }

func (k *kinds) set(kind Kind, in bool) {
	*k &^= 1 << kind
	if in {
		*k |= 1 << kind
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
