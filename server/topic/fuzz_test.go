package topic

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A plain history, which keeps everything and says at each question what the
// bounds would have left.
type model struct {
	count    int
	conflate bool
	epoch    int
	first    uint64 // behind which the epoch began
	messages []modelMessage
}

type modelMessage struct {
	offset uint64
	key    string
}

func (m *model) last() uint64 {
	if n := len(m.messages); n > 0 {
		return m.messages[n-1].offset
	}
	return m.first
}

// kept are the messages that are left, and dropped the newest one that a bound
// has driven out.
func (m *model) kept() (kept []modelMessage, dropped uint64) {
	dropped = m.first
	for _, msg := range m.messages {
		if m.conflate && msg.key != "" {
			kept = slices.DeleteFunc(kept, func(k modelMessage) bool { return k.key == msg.key })
		}
		kept = append(kept, msg)
		for len(kept) > m.count {
			dropped = kept[0].offset
			kept = kept[1:]
		}
	}
	return kept, dropped
}

// answer is what a subscriber must get that stands at a position.
func (m *model) answer(epoch string, offset uint64) string {
	kept, dropped := m.kept()
	var out []string
	switch {
	case epoch == "":
		out = append(out, fmt.Sprintf("on %d", dropped))
		offset = dropped
	case epoch != fmt.Sprint(m.epoch) || offset > m.last():
		out = append(out, fmt.Sprintf("on %d lost to %d", dropped, dropped))
		offset = dropped
	default:
		out = append(out, fmt.Sprintf("on %d", offset))
		if offset < dropped {
			out = append(out, fmt.Sprintf("gap %d-%d", offset+1, dropped))
			offset = dropped
		}
	}
	for _, k := range kept {
		if k.offset > offset {
			out = append(out, fmt.Sprintf("%d:%d", k.offset, k.offset))
		}
	}
	return strings.Join(out, " ")
}

// FuzzLog plays a log against the model: any positions, bounds, keys and epochs.
func FuzzLog(f *testing.F) {
	f.Add([]byte("\x03\x00abcabc"), "1", uint64(2))
	f.Add([]byte("\x02\x01aabbccaddd"), "1", uint64(0))
	f.Add([]byte("\x01\x01a\x00b\x00\x01"), "2", uint64(1<<63))
	f.Add([]byte("\x0a\x01\xff\xff\xff"), "", uint64(5))
	f.Fuzz(func(t *testing.T, ops []byte, epoch string, offset uint64) {
		if len(ops) < 2 || len(ops) > 300 {
			return
		}
		m := &model{count: 1 + int(ops[0]%20), conflate: ops[1]&1 != 0, epoch: 1}
		l := NewLog("x", Config{Count: m.count, Conflate: m.conflate}, "1", 0)
		for _, op := range ops[2:] {
			switch next := m.last() + 1; {
			case op < 4: // the history is lost
				m.epoch++
				m.first = uint64(op)
				m.messages = nil
				l.Begin(fmt.Sprint(m.epoch), m.first)
			default:
				key := ""
				if op > 32 {
					key = string(rune('a' + op%5))
				}
				l.Add(keyed(key, int(next)))
				m.messages = append(m.messages, modelMessage{next, key})
			}
		}
		for _, at := range []struct {
			epoch  string
			offset uint64
		}{{epoch, offset}, {fmt.Sprint(m.epoch), offset}, {fmt.Sprint(m.epoch), m.last() / 2}} {
			s := newSubscriber(t)
			s.subscribe(l, &Position{Epoch: at.epoch, Offset: at.offset})
			s.want(m.answer(at.epoch, at.offset))
		}
	})
}
