package protocol_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"strconv"

	"github.com/sockjax/sockjax/protocol"
)

// decode does what a Reader does by way of encoding/json. rest is what stands
// behind the messages of a binary frame, nil in a text frame.
func decode(frame, rest []byte, lenient bool) (messages []string, ok bool) {
	e := expectation{rest: rest, lenient: lenient}
	var elements []json.RawMessage
	if json.Unmarshal(frame, &elements) != nil || elements == nil {
		return nil, false
	}
	for _, element := range elements {
		var series []json.RawMessage
		if json.Unmarshal(element, &series) == nil && series != nil {
			if len(series) < 2 && !lenient {
				return nil, false
			}
			if len(series) < 2 {
				messages = append(messages, show(&protocol.Message{Kind: protocol.DataKind, Series: true}))
				continue
			}
			first := e.number(series[0])
			for i, data := range series[1:] {
				m := &protocol.Message{Kind: protocol.DataKind, Series: true, Body: data, Depth: depth(data)}
				if next := first + protocol.Key(i); first != 0 && next <= protocol.MaxKey {
					m.Key = next
				}
				messages = append(messages, show(m))
			}
			continue
		}
		var members map[string]json.RawMessage
		switch notObject := json.Unmarshal(element, &members) != nil || members == nil; {
		case notObject && !lenient:
			return nil, false
		case notObject:
			messages = append(messages, show(&protocol.Message{Kind: protocol.DataKind}))
		default:
			messages = append(messages, show(e.message(element, members)))
		}
	}
	return messages, len(e.rest) == 0
}

// expectation is what a reader should find in a frame.
type expectation struct {
	rest    []byte // bytes that no message has had yet
	lenient bool
	members map[string]json.RawMessage // of the present message
}

func (e *expectation) has(name string) bool { return e.members[name] != nil }

// number is the key that stands in text, 0 if it is none.
func (e *expectation) number(text json.RawMessage) protocol.Key {
	if e.lenient {
		return byValue(text)
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || n > 1<<53-1 {
		return 0
	}
	return protocol.Key(n)
}

// byValue is the key that stands in text for a page.
func byValue(text json.RawMessage) protocol.Key {
	var n float64
	if text[0] == 'n' || json.Unmarshal(text, &n) != nil || n != math.Trunc(n) || n < 0 || n > 1<<53-1 {
		return 0
	}
	return protocol.Key(n)
}

// message is the message that has these members.
func (e *expectation) message(element json.RawMessage, members map[string]json.RawMessage) *protocol.Message {
	maps.DeleteFunc(members, func(name string, value json.RawMessage) bool {
		return string(value) == "null" && name != "key" && name != "data"
	})
	e.members = members
	key := func(name string) protocol.Key { return e.number(members[name]) }
	body := func(kind protocol.Kind, key protocol.Key, name string) *protocol.Message {
		return &protocol.Message{Kind: kind, Key: key, Body: members[name], Depth: depth(members[name])}
	}
	whole := func(kind protocol.Kind) *protocol.Message {
		return &protocol.Message{Kind: kind, Body: element}
	}
	has := e.has
	switch {
	case has("hello"):
		return body(protocol.HelloKind, 0, "hello")
	case has("welcome"):
		return body(protocol.WelcomeKind, 0, "welcome")
	case has("token"):
		return body(protocol.TokenKind, 0, "token")
	case has("ack"):
		return &protocol.Message{Kind: protocol.AckKind, Ack: uint64(key("ack"))}
	case has("cancel"):
		return &protocol.Message{Kind: protocol.CancelKind, Key: key("cancel")}
	case !has("key") && (has("error") || has("refused") || has("forgotten")):
		return &protocol.Message{}
	case has("error"):
		return body(protocol.ErrorKind, key("key"), "error")
	case has("refused"):
		return body(protocol.RefusedKind, key("key"), "refused")
	case string(members["forgotten"]) == "true":
		return &protocol.Message{Kind: protocol.ForgottenKind, Key: key("key")}
	case has("forgotten"):
		return &protocol.Message{}
	case has("on"):
		return whole(protocol.OnKind)
	case has("off"):
		return whole(protocol.OffKind)
	case has("topic"):
		return whole(protocol.TopicKind)
	case !has("key"):
		return &protocol.Message{}
	}
	return e.part(key("key"))
}

// part is the message if it is about parts, or else a request or reply.
func (e *expectation) part(key protocol.Key) *protocol.Message {
	m := &protocol.Message{Key: key}
	has := e.has
	switch {
	case has("got"):
		m.Kind, m.Count = protocol.GotKind, e.count(m, "got")
	case has("taken"):
		m.Kind, m.Count, m.Window = protocol.TakenKind, e.count(m, "taken"), int(e.count(m, "window"))
	case has("parts"):
		m.Kind, m.Count, m.Ask = protocol.PartsKind, e.count(m, "from"), e.flag(m, "ask")
		if parts := e.members["parts"]; parts[0] == '[' {
			m.Body, m.Depth = parts, depth(parts)-1
		} else {
			m.Key = 0
		}
	case has("chunk"):
		m.Kind, m.Count, m.Ask = protocol.ChunkKind, e.count(m, "from"), e.flag(m, "ask")
		m.Body = e.bytes(m, "chunk")
	case has("end"):
		if m.Kind = protocol.EndKind; string(e.members["end"]) != "true" {
			m.Key = 0
		}
	case has("part") && !has("data") && !has("bytes"):
		return &protocol.Message{}
	default:
		m.Kind, m.Window = protocol.DataKind, int(e.count(m, "window"))
		m.Open = e.flag(m, "open")
		if m.Bytes = has("bytes"); m.Bytes {
			m.Body = e.bytes(m, "bytes")
		} else if m.Body = e.members["data"]; m.Body == nil {
			m.Text = int(e.count(m, "text"))
		} else {
			m.Depth = depth(m.Body)
		}
	}
	return m
}

// flag is the boolean that stands under a name, false if there is none. What is
// none breaks the message.
func (e *expectation) flag(m *protocol.Message, name string) bool {
	set := string(e.members[name]) == "true"
	if !set && e.has(name) && string(e.members[name]) != "false" {
		m.Key = 0
	}
	return set
}

// count is flag for a count.
func (e *expectation) count(m *protocol.Message, name string) uint64 {
	if !e.has(name) {
		return 0
	}
	n, ok := e.isCount(e.members[name])
	if !ok {
		m.Key = 0
	}
	return n
}

func (e *expectation) isCount(text json.RawMessage) (n uint64, ok bool) {
	if n := e.number(text); n != 0 {
		return uint64(n), true
	}
	var f float64
	isZero := json.Unmarshal(text, &f) == nil && f == 0
	return 0, string(text) == "0" || e.lenient && isZero
}

// bytes takes as many of the frame's bytes as a member says.
func (e *expectation) bytes(m *protocol.Message, name string) []byte {
	n, ok := e.isCount(e.members[name])
	if !ok || e.rest == nil || n > uint64(len(e.rest)) {
		m.Key = 0
		return nil
	}
	taken := e.rest[:n]
	e.rest = e.rest[n:]
	return taken
}

// depth counts the brackets that encoding/json finds in valid text.
func depth(text []byte) (deepest int) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
			deepest = max(deepest, depth)
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}
