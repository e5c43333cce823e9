package server

import (
	"strconv"

	"github.com/sockjax/sockjax/protocol"
)

// key names a call: a number in sockjax.1, and in plain mode a text, where 7
// and "7" are the same.
type key struct {
	n protocol.Key
	s string
}

func (k key) String() string {
	if k.n == 0 {
		return k.s
	}
	return strconv.FormatUint(uint64(k.n), 10)
}
