package protocol

import (
	"math"
	"strconv"
)

// number skips a number: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() {
	s.take('-')
	if !s.take('0') && !s.digits() {
		s.fail(s.unexpected("expected a value"))
		return
	}
	if s.take('.') && !s.digits() {
		s.fail(s.unexpected("expected a digit after '.'"))
		return
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			s.fail(s.unexpected("expected a digit in the exponent"))
		}
	}
}

func (s *scanner) digits() bool {
	from := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > from
}

// key is the key that stands in v, 0 if it is none.
func (s *scanner) key(v span) Key {
	if s.err != nil {
		return 0
	}
	if v.to-v.from > len("9007199254740991") {
		return s.oddKey(v)
	}
	var key Key
	for _, c := range s.text[v.from:v.to] {
		if c < '0' || c > '9' {
			return s.oddKey(v)
		}
		key = key*10 + Key(c-'0')
	}
	if key > MaxKey {
		return 0
	}
	return key
}

// oddKey is a key that is not written as an integer, 0 if it is none.
func (s *scanner) oddKey(v span) Key {
	if !s.lenient {
		return 0
	}
	n, ok := integral(s.text[v.from:v.to])
	if !ok || n < 0 || n > int64(MaxKey) {
		return 0
	}
	return Key(n)
}

// integral is the integer that a number in JSON stands for, however it is
// written, as a JavaScript number has it, and cut to an int64. It returns false
// for a fraction and for what is no number.
func integral(text []byte) (n int64, ok bool) {
	if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return 0, false
	}
	// An error means that it is out of range, with f infinite: the scanner has
	// checked the syntax.
	f, _ := strconv.ParseFloat(string(text), 64)
	switch {
	case f != math.Trunc(f):
		return 0, false
	case f >= 1<<63:
		return math.MaxInt64, true
	case f < -1<<63:
		return math.MinInt64, true
	}
	return int64(f), true
}
