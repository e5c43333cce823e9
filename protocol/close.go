package protocol

import (
	"strings"
	"unicode/utf8"
)

// CloseCode is the status of a WebSocket close frame. A browser's close()
// takes only 1000 and 3000 to 4999. Our own codes start at 4400, which RFC
// 6455, 7.4.2, leaves to applications, and follow HTTP's.
type CloseCode int

// The codes that have a meaning here. Fatal says which of them end a client's
// attempts.
const (
	CloseNormal      CloseCode = 1000
	CloseGoingAway   CloseCode = 1001
	CloseUnsupported CloseCode = 1003
	CloseAbnormal    CloseCode = 1006 // never on the wire: the connection broke
	CloseNotUTF8     CloseCode = 1007
	ClosePolicy      CloseCode = 1008
	CloseTooLarge    CloseCode = 1009
	CloseExtension   CloseCode = 1010
	CloseInternal    CloseCode = 1011
	CloseRestart     CloseCode = 1012
	CloseTryLater    CloseCode = 1013

	CloseBadMessage   CloseCode = 4400
	CloseUnauthorized CloseCode = 4401
	CloseForbidden    CloseCode = 4403
	CloseVersion      CloseCode = 4406
	CloseHandshake    CloseCode = 4408
	CloseReplaced     CloseCode = 4409
	CloseExpired      CloseCode = 4410
	CloseHeartbeat    CloseCode = 4411
)

// Fatal reports whether connecting again after this code is pointless,
// because the peer would say the same again. All other codes, unknown ones
// too, are worth another try: proxies close with 1000, 1001, 1006 and
// whatever they like.
func (c CloseCode) Fatal() bool {
	switch c {
	case CloseUnsupported, // the server does not take frames of our kind
		ClosePolicy,     // the server does not want this client
		CloseExtension,  // the handshake can't end otherwise next time
		CloseBadMessage, // one of us has a bug; repeating it helps nobody
		CloseUnauthorized,
		CloseForbidden,
		CloseVersion,
		CloseReplaced: // the session goes on on another connection, which ours would cut
		return true
	}
	return false
}

// Reason cuts text to what a close frame holds, between characters, and
// replaces what is not UTF-8. A longer one would make a browser's close()
// throw and the socket stay open; a broken one fails the connection with
// CloseNotUTF8 in place of the code that it explains.
func Reason(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= MaxReason {
		return text
	}
	end := MaxReason
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
