package protocol

import "math"

// What streams and bodies add to messages. Bytes stand in binary frames: four
// bytes with the length of the messages, the highest first, the messages as in a
// text frame, then the bytes that they name, in their order.

// binaryPrefix is the length of what stands before the messages.
const binaryPrefix = 4

// AppendPrefix begins a binary frame. SetPrefix completes it.
func AppendPrefix(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// SetPrefix notes that the messages of a binary frame are complete: frame holds
// the prefix and them, and the bytes follow.
func SetPrefix(frame []byte) {
	n := uint32(len(frame) - binaryPrefix)
	frame[0], frame[1], frame[2], frame[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}

// IsBinary tells whether a frame is a binary one that holds bytes.
func IsBinary(frame []byte) bool {
	return len(frame) >= binaryPrefix && frame[0] != '[' && frame[0] != 'p'
}

// extras are members that go with others. Each counts only with the kinds that
// have it.
type extras struct {
	open, ask            bool
	broken               extra // those whose value is none
	window, text, before uint64
}

// extra is a set of these members.
type extra uint8

const (
	extraOpen extra = 1 << iota
	extraWindow
	extraText
	extraFrom
	extraAsk
)

// read reads the member that the scanner has gone to. The last of two counts,
// and null is none.
func (x *extras) read(s *scanner) {
	name := s.name[0]
	v := s.value()
	if s.err != nil {
		return
	}
	var n uint64
	ok := s.isNull(v)
	switch first := s.text[v.from]; name {
	case 'o':
		x.open = first == 't'
		x.note(extraOpen, ok || x.open || first == 'f')
		return
	case 'a':
		x.ask = first == 't'
		x.note(extraAsk, ok || x.ask || first == 'f')
		return
	}
	if !ok {
		n, ok = s.count(v)
	}
	switch name {
	case 'w':
		x.window = n
		x.note(extraWindow, ok)
	case 't':
		x.text = n
		x.note(extraText, ok)
	case 'f':
		x.before = n
		x.note(extraFrom, ok)
	}
}

func (x *extras) note(e extra, ok bool) {
	if x.broken &^= e; !ok {
		x.broken |= e
	}
}

// add adds them to a message that they go with. One that is broken breaks the
// message.
func (x *extras) add(m *Message) {
	var has extra
	switch m.Kind {
	case TakenKind:
		has = extraWindow
		m.Window = clamp(x.window)
	case PartsKind, ChunkKind:
		has = extraFrom | extraAsk
		m.Count, m.Ask = x.before, x.ask
	case DataKind:
		has = extraOpen | extraWindow
		m.Open, m.Window = x.open, clamp(x.window)
		if m.Body == nil || m.Bytes && len(m.Body) == 0 {
			has |= extraText
			m.Text = clamp(x.text)
		}
	}
	if x.broken&has != 0 {
		m.Key = 0
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

// tail is what stands behind the messages of a frame.
type tail struct {
	binary bool   // bytes may stand there
	bytes  []byte // of the messages that have not come yet
}

// part completes a message of one of the kinds of parts, or with bytes, of what
// its member holds. What breaks the protocol gets the key 0.
func (t *tail) part(m *Message, s *scanner, body span) {
	ok := false
	switch m.Kind {
	case GotKind, TakenKind:
		m.Count, ok = s.count(body)
	case PartsKind:
		if ok = s.text[body.from] == '['; ok {
			m.Body, m.Depth = s.text[body.from:body.to], body.depth-1
		}
	case EndKind:
		ok = s.text[body.from] == 't'
	case ChunkKind, bytesKind:
		var n uint64
		n, ok = s.count(body)
		if ok = ok && t.binary && n <= uint64(len(t.bytes)); ok {
			m.Body, t.bytes = t.bytes[:n:n], t.bytes[n:]
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

// AppendPartsEnd completes a message with parts of JSON. size is how many bytes
// these are together, which only a server says: a page can't count them. 0: a
// client.
func AppendPartsEnd(dst []byte, size int) []byte {
	dst = append(dst, ']')
	if size > 0 {
		dst = appendUint(dst, `,"size":`, uint64(size))
	}
	return append(dst, '}')
}

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

// AppendLargeBytes is AppendText for a payload that is bytes.
func AppendLargeBytes(dst []byte, key Key, size int) []byte {
	dst = append(appendKey(dst, key), `,"bytes":0`...)
	return append(appendUint(dst, `,"text":`, uint64(size)), '}')
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

// AppendAsk adds to the parts that dst ends with that the sender asks to be told
// when they were taken.
func AppendAsk(dst []byte) []byte { return append(dst[:len(dst)-1], `,"ask":true}`...) }

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
