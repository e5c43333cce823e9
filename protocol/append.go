package protocol

import (
	"math/bits"
	"strconv"
)

const null = "null"

// The Append functions write one message each. A frame is '[', messages with
// ',' between them, and ']': call Join before each message, and append the
// ']' when the frame leaves. Text that is not UTF-8 is sent with U+FFFD in the
// place of each wrong byte.

// AppendRequest appends a request, or a server's reply, which has the same
// shape. Data must be JSON that Valid takes, which is not checked here; empty
// data stands for null.
func AppendRequest(dst []byte, key Key, data []byte) []byte {
	dst = appendKey(dst, key)
	dst = append(dst, `,"data":`...)
	if len(data) == 0 {
		dst = append(dst, null...)
	}
	dst = append(dst, data...)
	return append(dst, '}')
}

// AppendSeries begins a series of requests, or replies: with the first of them.
// AppendNext adds the others, under the keys that follow. Append a ']' behind
// the last one.
func AppendSeries(dst []byte, key Key, data []byte) []byte {
	return AppendNext(appendUint(dst, "[", uint64(key)), data)
}

// AppendNext appends the next request, or reply, of a series. What AppendRequest
// says of data holds here too.
func AppendNext(dst, data []byte) []byte {
	dst = append(dst, ',')
	if len(data) == 0 {
		return append(dst, null...)
	}
	return append(dst, data...)
}

// RequestSize is the number of bytes that AppendRequest adds for data of the
// given size in bytes. In a series it takes less.
func RequestSize(key Key, data int) int {
	if data == 0 {
		data = len(null)
	}
	return len(`{"key":`) + digits(key) + len(`,"data":`) + data + len(`}`)
}

// powers are those of ten that a Key can have digits for.
var powers = [...]Key{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// digits is the length of key in decimal. It is on the way of each call, and
// wasm has no quick division: 1233/4096 is the logarithm of 2.
func digits(key Key) int {
	n := bits.Len64(uint64(key)) * 1233 >> 12
	if key >= powers[n] {
		n++
	}
	return max(n, 1)
}

// AppendCancel appends a cancel.
func AppendCancel(dst []byte, key Key) []byte {
	return append(appendUint(dst, `{"cancel":`, uint64(key)), '}')
}

// AppendAck appends that the first n outcomes of the session have arrived.
func AppendAck(dst []byte, n uint64) []byte {
	return append(appendUint(dst, `{"ack":`, n), '}')
}

// AppendError appends the error that a handler returned or, with e.NotRun, that
// there is no handler. It panics if e.Data is not empty and Valid does not take
// it: the frame is shared with others.
func AppendError(dst []byte, key Key, e Error) []byte {
	dst = append(appendKey(dst, key), `,"error":`...)
	return append(AppendErrorBody(dst, e), '}')
}

// AppendRefused appends a refusal, whose code is Overloaded or Invalid. A
// refusal carries no Data, and need not say NotRun.
func AppendRefused(dst []byte, key Key, e Error) []byte {
	e.NotRun = false
	dst = append(appendKey(dst, key), `,"refused":`...)
	return append(AppendErrorBody(dst, e), '}')
}

// AppendErrorBody appends what stands under error or refused, for plain mode,
// whose messages are made elsewhere. It panics as AppendError does.
func AppendErrorBody(dst []byte, e Error) []byte {
	dst = append(dst, `{"code":`...)
	dst = appendString(dst, e.Code)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, e.Message)
	if len(e.Data) > 0 {
		if _, ok := Valid(e.Data); !ok {
			panic("protocol: the data of an error is not JSON")
		}
		dst = append(dst, `,"data":`...)
		dst = append(dst, e.Data...)
	}
	dst = appendMillis(dst, `,"after":`, e.After)
	if e.NotRun {
		dst = append(dst, `,"executed":false`...)
	}
	return append(dst, '}')
}

// AppendForgotten appends that the outcome of key has been let go.
func AppendForgotten(dst []byte, key Key) []byte {
	return append(appendKey(dst, key), `,"forgotten":true}`...)
}

// AppendToken appends a fresh token.
func AppendToken(dst []byte, token string) []byte {
	dst = append(dst, `{"token":`...)
	return append(appendString(dst, token), '}')
}

// AppendAuthorized appends that a fresh token has been taken.
func AppendAuthorized(dst []byte, a Authorized) []byte {
	dst = append(dst, `{"token":{`...)
	dst = appendMillis(dst, `"expires":`, a.Expires)
	return append(dst, "}}"...)
}

// AppendHello appends a hello.
func AppendHello(dst []byte, h Hello) []byte {
	dst = append(dst, `{"hello":{"session":`...)
	dst = appendString(dst, h.Session)
	dst = append(dst, `,"resume":`...)
	dst = strconv.AppendBool(dst, h.Resume)
	if h.Ack > 0 {
		dst = appendUint(dst, `,"ack":`, h.Ack)
	}
	if h.Token != "" {
		dst = append(dst, `,"token":`...)
		dst = appendString(dst, h.Token)
	}
	return append(dst, "}}"...)
}

// AppendWelcome appends a welcome.
func AppendWelcome(dst []byte, w Welcome) []byte {
	dst = append(dst, `{"welcome":{"session":`...)
	dst = appendString(dst, w.Session)
	dst = append(dst, `,"resumed":`...)
	dst = strconv.AppendBool(dst, w.Resumed)
	if w.Acked > 0 {
		dst = appendUint(dst, `,"acked":`, w.Acked)
	}
	dst = append(dst, `,"heartbeat":`...)
	dst = strconv.AppendInt(dst, w.Heartbeat, 10)
	dst = appendMillis(dst, `,"expires":`, w.Expires)
	dst = appendMillis(dst, `,"jitter":`, w.Jitter)
	dst = append(dst, `,"limits":{"frame":`...)
	dst = strconv.AppendInt(dst, int64(w.Limits.Frame), 10)
	dst = append(dst, `,"requests":`...)
	dst = strconv.AppendInt(dst, int64(w.Limits.Requests), 10)
	dst = appendMillis(dst, `,"message":`, int64(w.Limits.Message))
	dst = appendMillis(dst, `,"window":`, int64(w.Limits.Window))
	return append(dst, "}}}"...)
}

func appendKey(dst []byte, key Key) []byte { return appendUint(dst, `{"key":`, uint64(key)) }

func appendUint(dst []byte, before string, n uint64) []byte {
	return strconv.AppendUint(append(dst, before...), n, 10)
}

// appendMillis leaves out a time that says nothing.
func appendMillis(dst []byte, before string, ms int64) []byte {
	if ms <= 0 {
		return dst
	}
	return appendUint(dst, before, uint64(ms))
}

// Join appends what stands before the next message of a frame: '[' to an
// empty buf, and ',' to one that holds messages already. It does not write
// the ']' at the end.
func Join(buf []byte) []byte {
	if len(buf) == 0 {
		return append(buf, '[')
	}
	return append(buf, ',')
}
