package server

import "encoding/json"

// object walks over the members of a JSON object without decoding it. The text
// must be valid JSON; of a value that is no object it finds no members.
type object struct {
	text    []byte
	at      int
	rawName []byte // with its quotes
	value   []byte
	from    int // where the member begins, and
	to      int // where its value ends
}

func (o *object) next() bool {
	if o.at == 0 {
		o.space()
		if o.at == len(o.text) || o.text[o.at] != '{' {
			return false
		}
	}
	o.at++ // the '{' or ','
	o.space()
	if o.at >= len(o.text) || o.text[o.at] != '"' {
		return false // the object was empty, or has ended
	}
	o.from = o.at
	o.str()
	o.rawName = o.text[o.from:o.at]
	o.space()
	o.at++ // the ':'
	o.space()
	start := o.at
	o.skip()
	o.to = o.at
	o.value = o.text[start:o.to]
	o.space()
	return true
}

func (o *object) name() []byte { return stringContent(o.rawName) }

func (o *object) space() {
	for o.at < len(o.text) {
		switch o.text[o.at] {
		case ' ', '\t', '\n', '\r':
			o.at++
		default:
			return
		}
	}
}

func (o *object) str() {
	for o.at++; o.text[o.at] != '"'; o.at++ {
		if o.text[o.at] == '\\' {
			o.at++
		}
	}
	o.at++
}

func (o *object) skip() {
	for depth := 0; ; {
		switch c := o.text[o.at]; c {
		case '"':
			o.str()
		case '{', '[':
			depth++
			o.at++
		case '}', ']':
			depth--
			o.at++
		case ',', ':', ' ', '\t', '\n', '\r':
			o.at++
		default: // a number or a word
			for o.at < len(o.text) && !endsWord(o.text[o.at]) {
				o.at++
			}
		}
		if depth == 0 {
			return
		}
	}
}

func endsWord(c byte) bool {
	switch c {
	case ',', '}', ']', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// stringContent is what a valid JSON string holds.
func stringContent(raw []byte) []byte {
	content := raw[1 : len(raw)-1]
	for _, c := range content {
		if c == '\\' {
			var s string
			if json.Unmarshal(raw, &s) != nil {
				return content // can't be: the text is valid
			}
			return []byte(s)
		}
	}
	return content
}
