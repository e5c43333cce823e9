//go:build !js || native

package engine

import "github.com/sockjax/sockjax/protocol"

// AppendFrame appends the text of the frame that b stands for to an empty dst.
// The browser's twin is in ../../web/host/frames.js.
func AppendFrame[P any](dst []byte, b *Batch[P], plain bool, data func(P) []byte) []byte {
	if b.Word != "" {
		return append(dst, b.Word...)
	}
	if plain {
		return append(dst, data(b.Items[0].Payload)...)
	}
	if b.Hello != nil {
		dst = protocol.AppendHello(protocol.Join(dst), *b.Hello)
	}
	if b.Token != "" {
		dst = protocol.AppendToken(protocol.Join(dst), b.Token)
	}
	if b.Ack != 0 {
		dst = protocol.AppendAck(protocol.Join(dst), b.Ack)
	}
	return append(appendItems(dst, b.Items, data), ']')
}

// appendItems makes series of requests whose keys follow one another.
func appendItems[P any](dst []byte, items []Item[P], data func(P) []byte) []byte {
	series := false // dst ends inside one
	for i := range items {
		item := &items[i]
		if item.Cancel {
			dst = protocol.AppendCancel(protocol.Join(dst), item.Key)
			continue
		}
		text := data(item.Payload)
		more := i+1 < len(items) && !items[i+1].Cancel && items[i+1].Key == item.Key+1
		switch {
		case series:
			dst = protocol.AppendNext(dst, text)
		case more:
			dst = protocol.AppendSeries(protocol.Join(dst), item.Key, text)
		default:
			dst = protocol.AppendRequest(protocol.Join(dst), item.Key, text)
		}
		if series && !more {
			dst = append(dst, ']')
		}
		series = more
	}
	return dst
}
