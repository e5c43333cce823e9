//go:build !js || native

package engine

import "github.com/sockjax/sockjax/protocol"

// Extra is what the messages of a call have beside the data of a request that is
// JSON.
type Extra struct {
	Bytes  bool // the data is bytes
	Open   bool // see Call, as for Window
	Window int
	// Part is the part of the body behind the first n: JSON, or bytes.
	Part func(n uint64) (data []byte, bytes bool)
}

// AppendFrame appends the frame that b stands for to an empty dst, and reports
// whether it is a binary one. extra returns nil for most calls. The browser's twin
// is in ../../web/host/frames.js.
func AppendFrame[P any](dst []byte, b *Batch[P], plain bool, data func(P) []byte, extra func(P) *Extra) (frame []byte, binary bool) {
	if b.Word != "" {
		return append(dst, b.Word...), false
	}
	if plain {
		return append(dst, data(b.Items[0].Payload)...), false
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
	w := writer[P]{text: dst, data: data, extra: extra}
	w.items(b.Items)
	for i := range b.Parts {
		w.part(&b.Parts[i])
	}
	if len(w.text) == 0 {
		w.text = append(w.text, '[')
	}
	return w.end()
}

// writer puts messages into a frame, and the bytes that stand behind them.
type writer[P any] struct {
	text  []byte
	bytes [][]byte
	data  func(P) []byte
	extra func(P) *Extra
}

func (w *writer[P]) end() (frame []byte, binary bool) {
	w.text = append(w.text, ']')
	if len(w.bytes) == 0 {
		return w.text, false
	}
	messages := len(w.text)
	frame = protocol.AppendPrefix(w.text)
	copy(frame[len(frame)-messages:], frame[:messages])
	protocol.SetPrefix(frame)
	for _, part := range w.bytes {
		frame = append(frame, part...)
	}
	return frame, true
}

// items makes series of requests whose keys follow one another.
func (w *writer[P]) items(items []Item[P]) {
	series := false // the text ends inside one
	for i := range items {
		item := &items[i]
		if item.Cancel {
			w.text = protocol.AppendCancel(protocol.Join(w.text), item.Key)
			continue
		}
		x := w.extra(item.Payload)
		if item.Large || x != nil {
			w.request(item, x)
			continue
		}
		text := w.data(item.Payload)
		more := i+1 < len(items) && w.continues(item.Key, &items[i+1])
		switch {
		case series:
			w.text = protocol.AppendNext(w.text, text)
		case more:
			w.text = protocol.AppendSeries(protocol.Join(w.text), item.Key, text)
		default:
			w.text = protocol.AppendRequest(protocol.Join(w.text), item.Key, text)
		}
		if series && !more {
			w.text = append(w.text, ']')
		}
		series = more
	}
}

// continues reports whether an item may stand in a series behind a key.
func (w *writer[P]) continues(key protocol.Key, next *Item[P]) bool {
	return !next.Cancel && !next.Large && next.Key == key+1 && w.extra(next.Payload) == nil
}

// request adds one that has more than JSON as its data; x may be nil.
func (w *writer[P]) request(item *Item[P], x *Extra) {
	w.text = protocol.Join(w.text)
	data := w.data(item.Payload)
	switch {
	case item.Large && x != nil && x.Bytes:
		w.text = protocol.AppendLargeBytes(w.text, item.Key, len(data))
	case item.Large:
		w.text = protocol.AppendText(w.text, item.Key, len(data))
	case x.Bytes:
		w.text = protocol.AppendBytes(w.text, item.Key, len(data))
		w.bytes = append(w.bytes, data)
	default:
		w.text = protocol.AppendRequest(w.text, item.Key, data)
	}
	if x != nil {
		w.text = protocol.AppendOptions(w.text, x.Open, x.Window)
	}
}

func (w *writer[P]) part(p *Part[P]) {
	switch p.Kind {
	case PartEnd:
		w.text = protocol.AppendEnd(protocol.Join(w.text), p.Key)
	case PartTaken:
		w.text = protocol.AppendTaken(protocol.Join(w.text), p.Key, p.From, int(p.Window))
	case PartPiece:
		w.chunk(p.Key, -1, w.data(p.Payload)[p.From:p.From+uint64(p.Window)])
	case PartData:
		w.run(p, w.extra(p.Payload))
	}
}

// run adds parts of a body. Those of JSON share a message.
func (w *writer[P]) run(p *Part[P], x *Extra) {
	open := false // the text ends inside an array of parts
	for n := p.From; n < p.From+uint64(p.Count); n++ {
		data, bytes := x.Part(n)
		switch {
		case bytes:
			if open {
				w.text = protocol.AppendPartsEnd(w.text, 0)
			}
			w.chunk(p.Key, int64(n), data)
		case open:
			w.text = protocol.AppendNext(w.text, data)
		default:
			w.text = protocol.AppendParts(protocol.Join(w.text), p.Key, int64(n), data)
		}
		open = !bytes
	}
	if open {
		w.text = protocol.AppendPartsEnd(w.text, 0)
	}
}

func (w *writer[P]) chunk(key protocol.Key, from int64, data []byte) {
	w.text = protocol.AppendChunk(protocol.Join(w.text), key, from, len(data))
	w.bytes = append(w.bytes, data)
}
