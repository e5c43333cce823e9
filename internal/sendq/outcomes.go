package sendq

import (
	"slices"
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// outcomes are a frame of outcomes, with their keys.
type outcomes struct {
	text []byte
	keys []protocol.Key
	next protocol.Key // what the series at the end goes on with; 0: there is none
}

var outcomesPool = sync.Pool{New: func() any { return &outcomes{text: make([]byte, 0, 16<<10)} }}

func newOutcomes() *outcomes { return outcomesPool.Get().(*outcomes) }

func (f *outcomes) free() {
	if cap(f.text) <= maxPooled {
		f.text, f.keys = f.text[:0], f.keys[:0]
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

// encoded adds an outcome that has been encoded.
func (f *outcomes) encoded(key protocol.Key, text []byte) {
	f.join(key, len(text))
	f.text = append(f.text, text...)
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
}

// end completes the frame.
func (f *outcomes) end() {
	f.endSeries()
	f.text = append(f.text, ']')
}
