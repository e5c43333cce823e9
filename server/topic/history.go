package topic

import (
	"slices"
	"sort"
	"sync/atomic"
	"time"
)

// An entry is a message of a history. Nothing in it changes any more, but for
// gone.
type entry struct {
	offset uint64
	text   []byte // as it goes on the wire
	at     time.Time
	key    string
	gone   bool // a newer one of the same key has come
}

// entryOverhead is about what an entry takes in bytes, beside its text.
const entryOverhead = 96

func (e *entry) size() int { return len(e.text) + entryOverhead }

// history is the messages that a topic keeps: those behind dropped, but for the
// ones that newer ones of their keys have replaced.
type history struct {
	config  Config
	total   *total    // nil: this history is the only one
	added   time.Time // when the newest message came
	last    uint64    // the offset of the newest message ever
	dropped uint64    // the offset of the newest one that a bound has driven out
	entries []entry   // by offset
	count   int       // of those that are not gone
	bytes   int       // of these
	newest  map[string]uint64
}

// A total is what the histories of a broker take together.
type total struct {
	bytes  atomic.Int64
	topics atomic.Int64
	most   int64 // bytes
}

// exceeded tells whether a history of so many bytes is too large.
func (t *total) exceeded(bytes int) bool {
	if t == nil {
		return false
	}
	sum := t.bytes.Load()
	return sum > t.most || sum > t.most/2 && int64(bytes) > t.most/2/max(1, t.topics.Load())
}

// takes notes that there are so many more messages, and bytes of them.
func (h *history) takes(count, bytes int) {
	h.count += count
	h.bytes += bytes
	if h.total != nil {
		h.total.bytes.Add(int64(bytes))
	}
}

// begin forgets everything: the next message has the offset last + 1.
func (h *history) begin(last uint64) {
	h.takes(-h.count, -h.bytes)
	h.entries, h.newest = nil, nil
	h.last, h.dropped = last, last
}

// add adds the message that follows the last one.
func (h *history) add(e entry) {
	if h.config.Conflate && e.key != "" {
		if h.newest == nil {
			h.newest = make(map[string]uint64)
		}
		if before, ok := h.newest[e.key]; ok {
			h.replace(before)
		}
		h.newest[e.key] = e.offset
	}
	h.last, h.added = e.offset, e.at
	h.entries = append(h.entries, e)
	h.takes(1, e.size())
	h.trim(e.at)
}

// replace takes out the message of an offset, which a newer one replaces.
func (h *history) replace(offset uint64) {
	e := &h.entries[h.behind(offset-1)]
	h.takes(-1, -e.size())
	e.text, e.gone = nil, true
	if len(h.entries) > 2*h.count+16 {
		h.entries = slices.DeleteFunc(h.entries, func(e entry) bool { return e.gone })
	}
}

// trim drops what the bounds don't let stay.
func (h *history) trim(now time.Time) {
	for h.count > 0 {
		e := &h.entries[0]
		for e.gone {
			h.entries = h.entries[1:]
			e = &h.entries[0]
		}
		old := now.Sub(e.at) >= h.config.Age
		large := h.count > h.config.Count || h.bytes > h.config.Bytes || h.total.exceeded(h.bytes)
		if !old && (h.count == 1 || !large) {
			return
		}
		h.drop()
	}
}

// drop drops the oldest message, which is the first entry.
func (h *history) drop() {
	e := &h.entries[0]
	h.dropped = e.offset
	h.takes(-1, -e.size())
	if e.key != "" && h.newest[e.key] == e.offset {
		delete(h.newest, e.key)
	}
	*e = entry{} // the memory of the slice goes later
	if h.entries = h.entries[1:]; h.count == 0 {
		h.entries = nil
		h.dropped = h.last // nothing of what was replaced can be had either
	}
}

// clear drops all messages.
func (h *history) clear() {
	for h.count > 0 {
		for h.entries[0].gone {
			h.entries = h.entries[1:]
		}
		h.drop()
	}
}

// behind is where the first entry stands whose offset is greater.
func (h *history) behind(offset uint64) int {
	return sort.Search(len(h.entries), func(i int) bool { return h.entries[i].offset > offset })
}
