package sendq

import (
	"slices"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// outcomes are a frame of outcomes, or of parts, with their keys: 0 for a
// message that counts as an outcome does and ends no call.
type outcomes struct {
	text      []byte
	keys      []protocol.Key
	next      protocol.Key // what the series at the end goes on with; 0: there is none
	bytes     []byte       // what stands behind the messages of a binary frame
	binary    bool
	parts     bool // there is an array of parts at the end, which takes more
	partsSize int  // of these, in bytes
	ask       bool // the client is to tell when it has taken these
	whole     bool // the frame is complete
}

var outcomesPool = sync.Pool{New: func() any { return &outcomes{text: make([]byte, 0, 16<<10)} }}

func newOutcomes() *outcomes { return outcomesPool.Get().(*outcomes) }

func (f *outcomes) free() {
	if cap(f.text) <= maxPooled && cap(f.bytes) <= maxPooled {
		*f = outcomes{text: f.text[:0], keys: f.keys[:0], bytes: f.bytes[:0]}
		outcomesPool.Put(f)
	}
}

// reply adds a reply, as part of a series if the client reads those.
func (f *outcomes) reply(key protocol.Key, data []byte, series bool) {
	if f.next == key {
		f.text = protocol.AppendNext(f.text, data)
		f.keys = append(f.keys, key)
		f.next++
		return
	}
	f.join(key, protocol.RequestSize(key, len(data)))
	if series {
		f.text = protocol.AppendSeries(f.text, key, data)
		f.next = key + 1
	} else {
		f.text = protocol.AppendRequest(f.text, key, data)
	}
}

// replyBytes adds a reply that is bytes.
func (f *outcomes) replyBytes(key protocol.Key, data []byte) {
	f.join(key, messageSize)
	f.text = protocol.AppendBytes(f.text, key, len(data))
	f.bytes, f.binary = append(f.bytes, data...), true
}

// messageSize is more than a message takes that has no data.
const messageSize = 64

// encoded adds an outcome that has been encoded.
func (f *outcomes) encoded(key protocol.Key, text []byte) {
	f.join(key, len(text))
	f.text = append(f.text, text...)
}

// part adds a part of JSON, as the first or the next of an array of parts.
func (f *outcomes) part(key protocol.Key, data []byte, ask bool) {
	f.ask = f.ask || ask
	if f.parts {
		f.partsSize += len(data)
		f.text = protocol.AppendNext(f.text, data)
		f.keys = append(f.keys, 0)
		return
	}
	f.join(0, messageSize+len(data))
	f.text = protocol.AppendParts(f.text, key, -1, data)
	f.parts, f.partsSize = true, len(data)
}

// chunk adds a part of bytes.
func (f *outcomes) chunk(key protocol.Key, data []byte, ask bool) {
	f.join(0, messageSize)
	f.text = asking(protocol.AppendChunk(f.text, key, -1, len(data)), ask)
	f.bytes, f.binary = append(f.bytes, data...), true
}

// asking is a message with parts that asks the client to tell when it has taken
// them, if it is to.
func asking(message []byte, ask bool) []byte {
	if ask {
		return protocol.AppendAsk(message)
	}
	return message
}

// lone makes the frame hold nothing but messages that are followed by data,
// without the copy that bytes are made with elsewhere.
func (f *outcomes) lone(key protocol.Key, messages func(dst []byte) []byte, data []byte) {
	f.text = protocol.AppendPrefix(slices.Grow(f.text, 2*messageSize+len(data)))
	f.text = append(messages(append(f.text, '[')), ']')
	protocol.SetPrefix(f.text)
	f.text = append(f.text, data...)
	f.keys, f.whole = append(f.keys, key), true
}

// join makes room for the text of an outcome.
func (f *outcomes) join(key protocol.Key, size int) {
	f.endSeries()
	f.text = protocol.Join(slices.Grow(f.text, size+2))
	f.keys = append(f.keys, key)
}

func (f *outcomes) endSeries() {
	if f.next != 0 {
		f.text, f.next = append(f.text, ']'), 0
	}
	if f.parts {
		f.text = asking(protocol.AppendPartsEnd(f.text, f.partsSize), f.ask)
		f.parts, f.ask = false, false
	}
}

// size is how large the frame is so far, or when it is complete.
func (f *outcomes) size() int { return len(f.text) + len(f.bytes) }

// end completes the frame.
func (f *outcomes) end() {
	if f.whole {
		return
	}
	f.endSeries()
	f.text, f.whole = append(f.text, ']'), true
	if f.binary {
		f.text = slices.Insert(f.text, 0, protocol.AppendPrefix(nil)...)
		protocol.SetPrefix(f.text)
		f.text, f.bytes = append(f.text, f.bytes...), f.bytes[:0]
	}
}
