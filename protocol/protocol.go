// Package protocol holds what both ends of a sockjax connection say to each
// other: the messages of sockjax.1, how they are read and written, close
// codes, and limits. PROTOCOL.md describes the same for other languages; a
// test holds the two together.
//
// Payloads stay what they are, bytes of JSON: nothing here decodes them. The
// reader checks their syntax, since a reply that carries a broken payload
// would break the frame that it shares with others.
package protocol

import "time"

// Subprotocol is the WebSocket subprotocol that names this version. A client
// that offers none speaks plain mode.
const Subprotocol = "sockjax.1"

// The two text frames that are no JSON. Whoever receives Ping answers Pong.
const (
	Ping = "ping"
	Pong = "pong"
)

// Key names a call within its session. Valid keys run from 1 to MaxKey, so
// that a JavaScript number holds each of them exactly.
type Key uint64

// MaxKey is 2^53-1, JavaScript's Number.MAX_SAFE_INTEGER.
const MaxKey Key = 1<<53 - 1

// Limits that both ends keep.
const (
	// FirstFrame and FirstRequests bind a client until the welcome has
	// named the server's own limits, none of which may be smaller.
	FirstFrame    = 64 << 10 // bytes
	FirstRequests = 64       // in flight

	// MaxDepth is how deep the arrays and objects of a payload may nest.
	MaxDepth = 512

	// MaxReason is how many bytes of text a WebSocket close frame holds
	// (RFC 6455, 5.5: 125 bytes less the code).
	MaxReason = 123
)

// Times that both ends keep. What a client may choose for itself stands in
// client.Options.
const (
	// Handshake is how long either end waits for the other's hello or
	// welcome.
	Handshake = 10 * time.Second

	// Heartbeat is the silence after which a client pings unless told
	// otherwise. Some proxies cut idle connections after 30 s.
	Heartbeat = 25 * time.Second

	// Idle is the silence after which a server gives a client up. Browsers
	// slow the timers of hidden pages to one a minute, so that a healthy
	// client may take Heartbeat and a minute to speak.
	Idle = 90 * time.Second
)

// Refusal codes: the request did not run and will not.
const (
	Overloaded = "overloaded"
	Invalid    = "invalid"
)
