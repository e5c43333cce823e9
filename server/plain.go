package server

import (
	"bytes"
	"encoding/json"

	"github.com/sockjax/sockjax/protocol"
)

// Plain mode: one JSON object a frame, with its key inside.

// plainKey is the key of an object; raw is nil if it has none.
func plainKey(data json.RawMessage) (name key, raw []byte) {
	raw = findMember(data, "key")
	switch {
	case len(raw) == 0:
	case raw[0] == '"':
		return key{s: string(stringContent(raw))}, raw
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		return key{s: string(raw)}, raw
	}
	return key{}, nil
}

// plainReply appends the reply with the key that the client wrote: inside the
// handler's answer if that is an object, else around it.
func plainReply(dst, raw, data []byte) []byte {
	data = bytes.Trim(data, " \t\r\n")
	if data[0] != '{' {
		dst = append(dst, `{"key":`...)
		dst = append(dst, raw...)
		dst = append(dst, `,"data":`...)
		dst = append(dst, data...)
		return append(dst, '}')
	}
	if hasOnlyKey(data, raw) {
		return append(dst, data...)
	}
	dst = append(dst, `{"key":`...)
	dst = append(dst, raw...)
	for o := (object{text: data}); o.next(); {
		if string(o.name()) != "key" {
			dst = append(dst, ',')
			dst = append(dst, data[o.from:o.to]...)
		}
	}
	return append(dst, '}')
}

// hasOnlyKey tells whether an object has one member "key", which is raw: as it
// is where a handler echoes.
func hasOnlyKey(data, raw []byte) bool {
	found := 0
	for o := (object{text: data}); o.next(); {
		if string(o.name()) == "key" {
			if found++; !bytes.Equal(o.value, raw) {
				return false
			}
		}
	}
	return found == 1
}

// plainError appends an error or a refusal; raw is nil for what has no key.
// An error of what has not run is a refusal here, where outcomes are not kept.
func plainError(dst, raw []byte, member string, e protocol.Error) []byte {
	if e.NotRun {
		member, e.NotRun = "refused", false
	}
	dst = append(dst, '{')
	if raw != nil {
		dst = append(dst, `"key":`...)
		dst = append(dst, raw...)
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, member...)
	dst = append(dst, `":`...)
	return append(protocol.AppendErrorBody(dst, e), '}')
}
