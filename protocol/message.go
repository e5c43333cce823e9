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
	// OnKind subscribes to a topic, OffKind ends that, and TopicKind is one of
	// its messages, or a gap in them: see On, Off and Published.
	OnKind
	OffKind
	TopicKind
	// GotKind says how many parts have arrived, TakenKind how many were taken
	// by the reader, and how much may follow.
	GotKind
	TakenKind
	// PartsKind are parts of JSON, ChunkKind is a part of bytes, and EndKind
	// says that a request's body is complete.
	PartsKind
	ChunkKind
	EndKind
	bytesKind // DataKind with Bytes
	// DataKind is a request from a client, and a reply from a server.
	DataKind
)

// Message is one element of a frame. Its slices point into the frame and are
// valid for as long as that is.
type Message struct {
	Kind Kind
	// Key is set for CancelKind, ErrorKind, RefusedKind, ForgottenKind,
	// DataKind and all that concerns parts; 0 stands for one that breaks the
	// protocol: out of range, or not written as an integer, as 7.0 and 1e3 are
	// not. (See NewLenientReader.)
	Key Key
	// Series is set for DataKind where the message is part of a series.
	Series bool
	// Ack is set for AckKind; 0 stands for one that breaks the protocol, as
	// for Key.
	Ack uint64
	// Bytes is set for DataKind where the payload is bytes, and no JSON.
	Bytes bool
	// Open is set for a request whose body follows in parts.
	Open bool
	// Text is how many bytes follow in chunks as the payload of a request or
	// reply, of JSON unless Bytes is set, 0 if it stands here.
	Text int
	// Window is how many bytes of parts the peer may have sent that were not
	// taken: of a request that wants a streamed reply, and of TakenKind.
	Window int
	// Ask is set for PartsKind and ChunkKind where the sender asks to be told
	// when the parts were taken.
	Ask bool
	// Count is the number of parts of GotKind and TakenKind, and the number of
	// those before of PartsKind and ChunkKind from a client.
	Count uint64
	// Body is what stands under the member that names the kind: the payload
	// of a request or reply, or the body of a hello, welcome, token, error
	// or refusal, or an array of parts, as JSON without space around it. It is
	// the bytes themselves for ChunkKind, and where Bytes is set; and the whole
	// message for OnKind, OffKind and TopicKind. It is nil where the member is
	// missing, and for all other kinds.
	Body []byte
	// Depth is how deep the arrays and objects of Body nest: 0 for a plain
	// value, 1 for an array or object without others inside. Of PartsKind it is
	// that of the deepest part, and of OnKind, OffKind and TopicKind it is 0.
	Depth int

	lenient bool // it was read by a client: of OnKind, OffKind and TopicKind
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
	Frame    int `json:"frame"`             // bytes
	Requests int `json:"requests"`          // in flight
	Message  int `json:"message,omitempty"` // bytes of a request that comes in pieces; 0: none may
	Window   int `json:"window,omitempty"`  // bytes of a body before the server has granted more; 0: no bodies
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

// A Position is where a subscriber stands in a topic: behind the message of that
// offset, of the history that the epoch names.
type Position struct {
	Epoch  string
	Offset uint64
}

// On asks for a topic's messages or, from a server, says where they begin.
type On struct {
	Topic    string
	Since    bool // from behind Position; otherwise from now on. A server always names a Position
	Position Position
}

// Off ends a subscription. A server says why.
type Off struct {
	Topic string
	Why   Error
}

// Published is a message of a topic, or a gap.
type Published struct {
	Topic  string
	Offset uint64
	Data   []byte // JSON; nil: there is a gap
	Gap    Gap
}

// A Gap is what a subscriber has missed for good: the messages From to To; or,
// with an Epoch, everything up to To, in a history that begins anew.
type Gap struct {
	From, To uint64
	Epoch    string
}
