package protocol

import (
	"encoding/binary"
	"errors"
	"math"
)

// What streams and bodies add to messages. Bytes stand in binary frames: four
// bytes with the length of the messages, the highest first, the messages as in a
// text frame, then the bytes that they name, in their order.

// binaryPrefix is the length of what stands before the messages.
const binaryPrefix = 4

// NewBinaryReader reads a binary frame, as NewReader does a text frame. lenient
// is what a client is.
func NewBinaryReader(frame []byte, lenient bool) Reader {
	if len(frame) > 0 && frame[0] == '[' { // the same bytes as in a text frame
		return Reader{scan: scanner{text: frame, lenient: lenient}}
	}
	if len(frame) < binaryPrefix {
		return Reader{err: errors.New("failed to read a frame: a binary frame begins with the length of its messages"), done: true}
	}
	length := binary.BigEndian.Uint32(frame)
	rest := frame[binaryPrefix:]
	if uint64(length) > uint64(len(rest)) {
		return Reader{err: errors.New("failed to read a frame: its messages would be longer than the frame"), done: true}
	}
	return Reader{scan: scanner{text: rest[:length:length], lenient: lenient}, binary: true, bytes: rest[length:]}
}

// AppendPrefix begins a binary frame. SetPrefix completes it.
func AppendPrefix(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// SetPrefix notes that the messages of a binary frame are complete: frame holds
// the prefix and them, and the bytes follow.
func SetPrefix(frame []byte) { binary.BigEndian.PutUint32(frame, uint32(len(frame)-binaryPrefix)) }

// IsBinary tells whether a frame is a binary one that holds bytes.
func IsBinary(frame []byte) bool {
	return len(frame) >= binaryPrefix && frame[0] != '[' && frame[0] != 'p'
}

// extras are members that go with others.
type extras struct {
	open, broken         bool
	window, text, before uint64
}

// read reads the member that the scanner has gone to.
func (x *extras) read(s *scanner) {
	name := s.name[0]
	v := s.value()
	if s.err != nil || s.isNull(v) {
		return
	}
	if name == 'o' {
		x.open = s.text[v.from] == 't'
		x.broken = x.broken || !x.open && s.text[v.from] != 'f'
		return
	}
	n, ok := s.count(v)
	x.broken = x.broken || !ok
	switch name {
	case 'w':
		x.window = n
	case 't':
		x.text = n
	case 'f':
		x.before = n
	}
}

// add adds them to a message that they go with.
func (x *extras) add(m *Message) {
	if x.broken {
		m.Key = 0
		return
	}
	if m.Kind == DataKind || m.Kind == TakenKind {
		m.Window = clamp(x.window)
	}
	if m.Kind == DataKind {
		m.Open, m.Text = x.open, clamp(x.text)
	}
	if m.Kind == PartsKind || m.Kind == ChunkKind {
		m.Count = x.before
	}
}

func clamp(n uint64) int { return int(min(n, math.MaxInt)) }

// count reads a number from 0 to MaxKey.
func (s *scanner) count(v span) (n uint64, ok bool) {
	if s.text[v.from] == '0' && v.to-v.from == 1 {
		return 0, true
	}
	k := s.key(v)
	if k == 0 && s.lenient {
		whole, ok := integral(s.text[v.from:v.to])
		return 0, ok && whole == 0
	}
	return uint64(k), k != 0
}

// part completes a message of one of the kinds of parts, or with bytes, of what
// its member holds. What breaks the protocol gets the key 0.
func (r *Reader) part(body span) {
	s, m := &r.scan, &r.msg
	ok := false
	switch m.Kind {
	case GotKind, TakenKind:
		m.Count, ok = s.count(body)
	case PartsKind:
		ok = s.text[body.from] == '['
		m.Body, m.Depth = s.text[body.from:body.to], body.depth-1
	case EndKind:
		ok = s.text[body.from] == 't'
	case ChunkKind, bytesKind:
		var n uint64
		if n, ok = s.count(body); ok && n <= uint64(len(r.bytes)) {
			m.Body, r.bytes = r.bytes[:n:n], r.bytes[n:]
		} else {
			ok = false
		}
		if m.Kind == bytesKind {
			m.Kind, m.Bytes = DataKind, true
		}
	}
	if !ok {
		m.Key = 0
	}
}

// Elements yields what stands in a JSON array that a Reader has checked, each
// without space around it.
func Elements(array []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		s := scanner{text: array, at: 1}
		for s.space(); s.peek() != ']' && s.err == nil; s.space() {
			v := s.value()
			if s.err != nil || !yield(array[v.from:v.to]) {
				return
			}
			s.space()
			s.take(',')
		}
	}
}

// AppendParts begins a message with parts of JSON: with the first. AppendNext
// adds others, and AppendPartsEnd completes it. from is how many parts of the
// call came before, which only a client says; -1: a server.
func AppendParts(dst []byte, key Key, from int64, data []byte) []byte {
	dst = appendFrom(appendKey(dst, key), from)
	dst = append(dst, `,"parts":[`...)
	return append(dst, data...)
}

// AppendPartsEnd completes a message with parts of JSON.
func AppendPartsEnd(dst []byte) []byte { return append(dst, "]}"...) }

// AppendChunk appends a part of so many bytes, which stand behind the messages.
// from is that of AppendParts.
func AppendChunk(dst []byte, key Key, from int64, size int) []byte {
	dst = appendFrom(appendKey(dst, key), from)
	return append(appendUint(dst, `,"chunk":`, uint64(size)), '}')
}

func appendFrom(dst []byte, from int64) []byte {
	if from < 0 {
		return dst
	}
	return appendUint(dst, `,"from":`, uint64(from))
}

// AppendBytes appends a request or a reply whose payload is so many bytes, which
// stand behind the messages.
func AppendBytes(dst []byte, key Key, size int) []byte {
	return append(appendUint(appendKey(dst, key), `,"bytes":`, uint64(size)), '}')
}

// AppendText appends a request or a reply whose payload is JSON of so many
// bytes, which follow in chunks.
func AppendText(dst []byte, key Key, size int) []byte {
	return append(appendUint(appendKey(dst, key), `,"text":`, uint64(size)), '}')
}

// AppendOptions adds to the request that dst ends with that its body follows,
// and how many bytes of parts the server may send at first; 0: it wants none.
func AppendOptions(dst []byte, open bool, window int) []byte {
	dst = dst[:len(dst)-1]
	if open {
		dst = append(dst, `,"open":true`...)
	}
	if window > 0 {
		dst = appendUint(dst, `,"window":`, uint64(window))
	}
	return append(dst, '}')
}

// AppendEnd appends that a body is complete.
func AppendEnd(dst []byte, key Key) []byte { return append(appendKey(dst, key), `,"end":true}`...) }

// AppendTaken appends that the reader has taken the first n parts, and how many
// bytes of the others the peer may have sent.
func AppendTaken(dst []byte, key Key, n uint64, window int) []byte {
	dst = appendUint(appendKey(dst, key), `,"taken":`, n)
	return append(appendUint(dst, `,"window":`, uint64(window)), '}')
}

// AppendGot appends that the first n parts have arrived.
func AppendGot(dst []byte, key Key, n uint64) []byte {
	return append(appendUint(appendKey(dst, key), `,"got":`, n), '}')
}
