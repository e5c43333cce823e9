package protocol

// Kind tells what a message is. Where members of several kinds stand in one
// message, the kind that is named first here decides.
type Kind uint8

const (
	// Unknown is a message of a later version: ignore it.
	Unknown Kind = iota
	HelloKind
	WelcomeKind
	// TokenKind is a fresh token from a client, and a server's answer that
	// it has taken one.
	TokenKind
	AckKind
	CancelKind
	ErrorKind
	RefusedKind
	ForgottenKind
	// DataKind is a request from a client, and a reply from a server.
	DataKind
)

// Message is one element of a frame. Its slices point into the frame and are
// valid for as long as that is.
type Message struct {
	Kind Kind
	// Key is set for CancelKind, ErrorKind, RefusedKind, ForgottenKind and
	// DataKind; 0 stands for one that breaks the protocol: out of range, or
	// not written as an integer, as 7.0 and 1e3 are not. (See
	// NewLenientReader.)
	Key Key
	// Series is set for DataKind where the message is part of a series.
	Series bool
	// Ack is set for AckKind; 0 stands for one that breaks the protocol, as
	// for Key.
	Ack uint64
	// Body is what stands under the member that names the kind: the payload
	// of a request or reply, or the body of a hello, welcome, token, error
	// or refusal, as JSON without space around it. It is nil where the
	// member is missing, and for all other kinds.
	Body []byte
	// Depth is how deep the arrays and objects of Body nest: 0 for a plain
	// value, 1 for an array or object without others inside.
	Depth int
}

// The bodies of messages follow, with the names of their members on the wire.
// A member with omitempty is left out where it is 0 or empty.
//
// Times are in milliseconds. Reading cuts them to what a time.Duration holds
// from 0 on, 292 years.

// Hello is the first message of a connection.
type Hello struct {
	Session string `json:"session"`         // a version 4 uuid
	Resume  bool   `json:"resume"`          // false on a session's first connection
	Ack     uint64 `json:"ack,omitempty"`   // outcomes of the session that have arrived; 0: not known
	Token   string `json:"token,omitempty"` // credentials
}

// Welcome is the server's answer to Hello.
type Welcome struct {
	Session   string `json:"session"`
	Resumed   bool   `json:"resumed"`           // whether the server still knows the session's calls
	Acked     uint64 `json:"acked,omitempty"`   // the next outcome of the session is number Acked+1
	Heartbeat int64  `json:"heartbeat"`         // the longest silence before the client pings
	Expires   int64  `json:"expires,omitempty"` // how long the token is good; 0: for ever
	Jitter    int64  `json:"jitter,omitempty"`  // the longest random wait before the first new connection; 0: none
	Limits    Limits `json:"limits"`
}

// Limits is what a server accepts on one connection. Reading cuts them to what
// an int holds from 0 on: a server without a limit may write the largest number
// that it has.
type Limits struct {
	Frame    int `json:"frame"`    // bytes
	Requests int `json:"requests"` // in flight
}

// Error is the body of an error or a refusal.
type Error struct {
	Code    string
	Message string
	Data    []byte // JSON; empty: none
	After   int64  // refusals only: try again then; 0: the server does not say
	NotRun  bool   // errors only: "executed":false, no handler ran and none will
}

// Authorized is the server's answer to a fresh token that it has taken.
type Authorized struct {
	Expires int64 // how long the token is good; 0: for ever
}
