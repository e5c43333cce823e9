package protocol

import (
	"encoding/json"
	"fmt"
	"strconv"
)

const null = "null"

// The Append functions write one message each. A frame is '[', messages with
// ',' between them, and ']': call Join before each message, and append the
// ']' when the frame leaves.

// AppendRequest appends a request, or a server's reply, which has the same
// shape. Data must be JSON that Valid takes, which is not checked here; empty
// data stands for null.
func AppendRequest(dst []byte, key Key, data []byte) []byte {
	dst = append(dst, `{"key":`...)
	dst = strconv.AppendUint(dst, uint64(key), 10)
	dst = append(dst, `,"data":`...)
	if len(data) == 0 {
		dst = append(dst, null...)
	}
	dst = append(dst, data...)
	return append(dst, '}')
}

// RequestSize is the number of bytes that AppendRequest adds for data of the
// given size in bytes.
func RequestSize(key Key, data int) int {
	digits := 1
	for ; key >= 10; key /= 10 {
		digits++
	}
	if data == 0 {
		data = len(null)
	}
	return len(`{"key":`) + digits + len(`,"data":`) + data + len(`}`)
}

// AppendCancel appends a cancel.
func AppendCancel(dst []byte, key Key) []byte {
	dst = append(dst, `{"cancel":`...)
	dst = strconv.AppendUint(dst, uint64(key), 10)
	return append(dst, '}')
}

// AppendError appends the error that a handler returned. It panics if e.Data
// is not empty and Valid does not take it: the frame is shared with others.
func AppendError(dst []byte, key Key, e Error) []byte {
	return appendBody(dst, key, "error", e)
}

// AppendRefused appends a refusal, whose code is Overloaded or Invalid. A
// refusal carries no Data.
func AppendRefused(dst []byte, key Key, e Error) []byte {
	return appendBody(dst, key, "refused", e)
}

func appendBody(dst []byte, key Key, member string, body Error) []byte {
	dst = append(dst, `{"key":`...)
	dst = strconv.AppendUint(dst, uint64(key), 10)
	dst = append(dst, `,"`...)
	dst = append(dst, member...)
	dst = append(dst, `":`...)
	dst = append(dst, `{"code":`...)
	dst = append(dst, marshal(body.Code)...)
	dst = append(dst, `,"message":`...)
	dst = append(dst, marshal(body.Message)...)
	if len(body.Data) > 0 {
		if _, ok := Valid(body.Data); !ok {
			panic("protocol: the data of an error is not JSON")
		}
		dst = append(dst, `,"data":`...)
		dst = append(dst, body.Data...)
	}
	return append(dst, "}}"...)
}

// AppendHello appends a hello.
func AppendHello(dst []byte, h Hello) []byte {
	dst = append(dst, `{"hello":`...)
	dst = append(dst, marshal(h)...)
	return append(dst, '}')
}

// AppendWelcome appends a welcome.
func AppendWelcome(dst []byte, w Welcome) []byte {
	dst = append(dst, `{"welcome":`...)
	dst = append(dst, marshal(w)...)
	return append(dst, '}')
}

// marshal encodes a string or a body without raw JSON inside, which can't
// fail. It replaces what is not UTF-8.
func marshal(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("protocol: failed to encode %T: %v", body, err))
	}
	return text
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
