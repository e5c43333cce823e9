package protocol

import "iter"

// Member is a member of a JSON object, as it stands in the text.
type Member struct {
	Name  []byte // without quotes, and with its escapes where it can't be one of this protocol's
	Value []byte // without space around it
	Text  []byte // name, colon and value
}

// Members are the members of an object, in their order. Of a text that is not
// JSON it yields those before the fault, and none of a value that is no object.
func Members(text []byte) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		s := scanner{text: text}
		s.space()
		if !s.take('{') {
			return
		}
		for {
			from := s.at
			if !s.member() {
				return
			}
			for text[from] != '"' { // space and the comma
				from++
			}
			v := s.value()
			if s.err != nil || !yield(Member{s.name, text[v.from:v.to], text[from:v.to]}) {
				return
			}
		}
	}
}
