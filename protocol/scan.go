package protocol

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// scanner walks over JSON text, which is valid UTF-8, and checks its syntax
// without decoding it. The first error sticks in err and ends every loop. It
// does not recurse: a payload's nesting costs one bit a level, of which
// MaxDepth are on the stack and the rest grow with the frame that holds them.
type scanner struct {
	text []byte
	at   int
	err  error
	name []byte // of the member that member went to, without quotes
	more bool   // inside an object, after its first member

	lenient bool // integers count however they are written
}

// span is a value's place in the text.
type span struct {
	from, to, depth int
	set             bool
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end. A 0 in the text is no valid JSON
// anywhere, so the two need no telling apart.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.at >= len(s.text) {
		return false
	}
	s.at++
	return true
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// unexpected says what was wanted and what stands there instead.
func (s *scanner) unexpected(want string) error {
	if s.at >= len(s.text) {
		return errors.New(want + ", but the frame ends")
	}
	c, _ := utf8.DecodeRune(s.text[s.at:])
	return errors.New(want + ", not " + strconv.QuoteRune(c))
}

// end checks that nothing follows the frame's array.
func (s *scanner) end() error {
	s.space()
	if s.at < len(s.text) {
		return s.unexpected("nothing may follow the array")
	}
	return nil
}

// member goes to the value of an object's next member and puts the member's
// name into s.name, which keeps escapes where it can't be one that the
// protocol knows. It returns false at the object's end.
func (s *scanner) member() bool {
	if s.err != nil {
		return false
	}
	s.space()
	if s.take('}') {
		s.more = false
		return false
	}
	if s.more {
		if !s.take(',') {
			s.fail(s.unexpected("',' or '}' after a member"))
			return false
		}
		s.space()
	}
	s.more = true
	from := s.at
	escaped := s.str()
	if s.err != nil {
		return false
	}
	s.name = s.text[from+1 : s.at-1]
	if escaped {
		s.name = plainName(s.name)
	}
	s.space()
	if !s.take(':') {
		s.fail(s.unexpected("':' after a member's name"))
		return false
	}
	s.space()
	return true
}

// isNull reports whether v is null.
func (s *scanner) isNull(v span) bool { return v.set && s.text[v.from] == 'n' }

// value skips one value of any kind.
func (s *scanner) value() span {
	from := s.at
	depth := s.skip()
	return span{from: from, to: s.at, depth: depth, set: s.err == nil}
}

// skip is value's loop: a bit of nest for each open array (0) or object (1).
func (s *scanner) skip() (deepest int) {
	var first [MaxDepth / 64]uint64
	nest, depth := first[:], 0
	for s.err == nil {
		// A value starts here.
		switch c := s.peek(); c {
		case '{', '[':
			s.at++
			if depth/64 == len(nest) {
				nest = append(nest, 0)
			}
			bit := uint64(1) << (depth % 64)
			nest[depth/64] &^= bit
			if c == '{' {
				nest[depth/64] |= bit
			}
			depth++
			deepest = max(deepest, depth)
			s.space()
			if !s.take(c + 2) { // '}' is '{'+2, and ']' is '['+2
				if c == '{' {
					s.memberName()
				}
				continue
			}
			depth--
		case '"':
			s.str()
		case 't':
			s.word("true")
		case 'f':
			s.word("false")
		case 'n':
			s.word("null")
		default:
			s.number()
		}
		// A value has ended: close what ends with it.
		for s.err == nil {
			if depth == 0 {
				return deepest
			}
			object := nest[(depth-1)/64]>>((depth-1)%64)&1 == 1
			s.space()
			if s.take(',') {
				s.space()
				if object {
					s.memberName()
				}
				break
			}
			closer := byte(']')
			if object {
				closer = '}'
			}
			if !s.take(closer) {
				s.fail(s.unexpected("',' or a closing bracket after a value"))
			}
			depth--
		}
	}
	return deepest
}

func (s *scanner) memberName() {
	s.str()
	if s.err != nil {
		return
	}
	s.space()
	if !s.take(':') {
		s.fail(s.unexpected("':' after a member's name"))
		return
	}
	s.space()
}

func (s *scanner) word(w string) {
	for i := range len(w) {
		if !s.take(w[i]) {
			s.fail(s.unexpected("expected " + w))
			return
		}
	}
}

// str skips a string and tells whether there are escapes in it.
func (s *scanner) str() (escaped bool) {
	if !s.take('"') {
		s.fail(s.unexpected("expected a string"))
		return false
	}
	text, i := s.text, s.at
	for i < len(text) {
		// Names and escapes end within a word: look at single bytes first.
		for end := min(i+8, len(text)); i < end; i++ {
			switch c := text[i]; {
			case c == '"':
				s.at = i + 1
				return escaped
			case c < ' ':
				s.at = i
				s.fail(errors.New("a control character in a string"))
				return escaped
			case c == '\\':
				n := escape(text[i:])
				if n == 0 {
					s.at = i
					s.fail(errors.New("an unknown escape in a string"))
					return escaped
				}
				escaped = true
				i += n - 1
				end = min(i+8, len(text))
			}
		}
		i += plain(text[i:])
	}
	s.at = len(text)
	s.fail(errors.New("a string without an end"))
	return escaped
}

// plain is how many bytes text starts with that stand for themselves in a
// string, in whole words: no '"', '\\' or control character. (w-0x20)&^w has
// the top bit set for each byte of w below 0x20, and xor makes "equal to c"
// out of "below 1". A borrow may set it for the bytes above such a one too.
func plain(text []byte) (n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(text)-n >= 8; n += 8 {
		w := load(text[n:])
		quote, slash := w^ones*'"', w^ones*'\\'
		if ((w-ones*' ')&^w|(quote-ones)&^quote|(slash-ones)&^slash)&tops != 0 {
			break
		}
	}
	return n
}

// load is the first 8 bytes of text, the first lowest, in one load. It is
// encoding/binary's, which imports reflect.
func load(text []byte) uint64 {
	_ = text[7]
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}

// plainName decodes a name that may be one of the protocol's: short, and of
// ASCII only. It returns all others as they are, which still tells them apart
// from those, by the '\\'.
func plainName(name []byte) []byte {
	text := make([]byte, 0, len("heartbeat")) // none is longer
	for rest := name; len(rest) > 0; {
		c, size := rune(rest[0]), 1
		if c == '\\' {
			c, size = unescape(rest)
		}
		if c >= utf8.RuneSelf || len(text) == cap(text) {
			return name
		}
		text, rest = append(text, byte(c)), rest[size:]
	}
	return text
}

// escape is the length of the escape that text starts with, 0 if it is none.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return 0
		}
		for _, c := range text[2:6] {
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// Valid reports whether text is one JSON value in valid UTF-8, and how deep
// it nests: what a server asks of a reply that is handed to it as bytes.
func Valid(text []byte) (depth int, ok bool) {
	if !utf8.Valid(text) {
		return 0, false
	}
	s := scanner{text: text}
	s.space()
	depth = s.skip()
	s.space()
	return depth, s.err == nil && s.at == len(text)
}
