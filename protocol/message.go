package protocol

import "encoding/json"

// Kind tells what a message is.
type Kind uint8

const (
	// Unknown is a message of a later version: ignore it.
	Unknown Kind = iota
	HelloKind
	WelcomeKind
	// DataKind is a request from a client, and a reply from a server.
	DataKind
	ErrorKind
	RefusedKind
	CancelKind
)

// Message is one element of a frame. Its slices point into the frame and are
// valid for as long as that is.
type Message struct {
	Kind Kind
	// Key is set for DataKind, ErrorKind, RefusedKind and CancelKind; 0
	// stands for one that breaks the protocol: out of range, or not written
	// as an integer, as 7.0 and 1e3 are not.
	Key Key
	// Body is what stands under the member that names the kind: the payload
	// of a request or reply, or the body of a hello, welcome, error or
	// refusal, as JSON without space around it. It is nil where the member
	// is missing, and for CancelKind and Unknown.
	Body []byte
	// Depth is how deep the arrays and objects of Body nest: 0 for a plain
	// value, 1 for an array or object without others inside.
	Depth int
}

// Hello is the first message of a connection.
type Hello struct {
	Session string `json:"session"` // a version 4 uuid
	Resume  bool   `json:"resume"`  // false on a session's first connection
}

// Welcome is the server's answer to Hello.
type Welcome struct {
	Session   string `json:"session"`
	Resumed   bool   `json:"resumed"`   // whether the server still knows the session's calls
	Heartbeat int64  `json:"heartbeat"` // milliseconds
	Limits    Limits `json:"limits"`
}

// Limits is what a server accepts on one connection.
type Limits struct {
	Frame    int `json:"frame"`    // bytes
	Requests int `json:"requests"` // in flight
}

// Error is the body of an error or a refusal.
type Error struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}
