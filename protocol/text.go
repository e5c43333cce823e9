package protocol

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON strings, without encoding/json: it costs a wasm 48 kB for its init, and
// 640 kB once something calls it.

// appendString appends text as a JSON string. It escapes only what JSON
// demands, and puts U+FFFD in the place of each byte that is not UTF-8.
func appendString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0 // how much of text stands in dst
	for i, c := range text {
		var short byte
		switch {
		case c == utf8.RuneError:
			// What is not UTF-8 is one byte long, U+FFFD itself three. Writing
			// the latter anew does no harm, but its length must be known.
			_, size := utf8.DecodeRuneInString(text[i:])
			dst = append(append(dst, text[done:i]...), "\uFFFD"...)
			done = i + size
			continue
		case c == '"' || c == '\\':
			short = byte(c)
		case c >= ' ':
			continue
		case c == '\n':
			short = 'n'
		case c == '\r':
			short = 'r'
		case c == '\t':
			short = 't'
		}
		dst = append(dst, text[done:i]...)
		done = i + 1
		if short != 0 {
			dst = append(dst, '\\', short)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, text[done:]...), '"')
}

// unquote decodes what stands between the quotes of a JSON string that the
// scanner has taken. U+FFFD takes the place of each half of a surrogate pair
// that stands alone, and of each byte that is not UTF-8, which a Reader's
// frame does not hold.
func unquote(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		return string(text)
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		c, size := utf8.DecodeRune(text)
		if c == '\\' {
			c, size = unescape(text)
		}
		out, text = utf8.AppendRune(out, c), text[size:]
	}
	return string(out)
}

// unescape decodes the escape, or the pair of escapes, that text starts with.
func unescape(text []byte) (c rune, size int) {
	switch text[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		c = hex4(text[2:6])
		if !utf16.IsSurrogate(c) {
			return c, 6
		}
		if rest := text[6:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
			if pair := utf16.DecodeRune(c, hex4(rest[2:6])); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return rune(text[1]), 2 // '"', '\\' and '/'
}

// hex4 is the number that four hex digits write.
func hex4(digits []byte) (n rune) {
	for _, c := range digits[:4] {
		switch {
		case c >= 'a':
			c -= 'a' - 10
		case c >= 'A':
			c -= 'A' - 10
		default:
			c -= '0'
		}
		n = n<<4 | rune(c)
	}
	return n
}
