package topic

import (
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A Log is a topic's history, which grows at one end, and those who read it. Each
// message is encoded once, when it is added. Its methods may be called from any
// goroutine, and none waits for a reader.
type Log struct {
	name string

	mutex   sync.Mutex // protects following
	epoch   string
	history history
	parked  []*reader // who have read everything
	waking  bool      // a goroutine is waking those who were parked
	spare   []*reader // memory for the next ones that are parked
	closed  bool      // the Memory has forgotten it

	// Of the Memory that holds the log, under its own mutex.
	users int
	used  time.Time // when it was last let go
}

// NewLog makes the log of a topic, whose history begins under the name epoch
// behind the message last, 0 if it has had none.
func NewLog(name string, c Config, epoch string, last uint64) *Log {
	l := &Log{name: name, epoch: epoch}
	l.history.config = c.withDefaults()
	l.history.begin(last)
	return l
}

// Name is the topic's.
func (l *Log) Name() string { return l.name }

// Add adds a message, and returns its position. Whoever has subscribed is told
// soon, by another goroutine.
func (l *Log) Add(m Message) Position {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.add(m)
}

func (l *Log) add(m Message) Position {
	offset := l.history.last + 1
	text := make([]byte, 0, len(l.name)+len(m.Data)+len(`{"topic":"","offset":9007199254740991,"data":}`))
	text = protocol.AppendPublished(text, protocol.Published{Topic: l.name, Offset: offset, Data: m.Data})
	l.history.add(entry{offset: offset, text: text, at: time.Now(), key: m.Key})
	l.wake()
	return Position{Epoch: l.epoch, Offset: offset}
}

// Begin tells that the history was lost, and begins anew under another epoch,
// behind the message last.
func (l *Log) Begin(epoch string, last uint64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.epoch = epoch
	l.history.begin(last)
	l.wake()
}

// wake has those who are parked read again. Waking a thousand of them takes
// longer than publishing, so it is done beside that, and what is published
// meanwhile they find as well.
func (l *Log) wake() {
	if !l.waking && len(l.parked) > 0 {
		l.waking = true
		go l.wakeAll()
	}
}

func (l *Log) wakeAll() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for len(l.parked) > 0 {
		readers := l.parked
		l.parked, l.spare = l.spare[:0], nil
		for _, r := range readers {
			r.place = 0
		}
		l.mutex.Unlock()
		for _, r := range readers {
			r.wake(r)
		}
		clear(readers)
		l.mutex.Lock()
		l.spare = readers
	}
	l.waking = false
}

// A reader is somebody's place in a log.
type reader struct {
	log  *Log
	wake func(*reader) // there is more to read
	at   Position      // behind what was read; for the goroutine that reads

	place int // among those that are parked, from 1; 0: it is not. Under the log's mutex
}

// start puts a reader where a subscriber wants to begin: behind a position, or
// with what comes from now on. lost says that the position is none of this
// history, so that the reader begins with the oldest message that there is. A
// position without an epoch stands for that too, and nothing is lost then.
func (l *Log) start(r *reader, since *Position) (lost bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.history.trim(time.Now())
	h := &l.history
	r.log, r.at = l, Position{Epoch: l.epoch, Offset: h.dropped}
	switch {
	case since == nil:
		r.at.Offset = h.last
	case since.Epoch == l.epoch && since.Offset <= h.last:
		r.at.Offset = since.Offset
	default:
		return since.Epoch != ""
	}
	return false
}

// What a reader has missed for good, before what it reads next.
type missed struct {
	gap  protocol.Gap
	some bool
}

// read appends the texts of the next messages to an empty texts, up to its
// capacity and about so many bytes. If it has read everything it returns false,
// and the reader is woken when there is more.
func (r *reader) read(texts [][]byte, size int) (_ [][]byte, m missed, more bool) {
	l := r.log
	l.mutex.Lock()
	defer l.mutex.Unlock()
	h := &l.history
	switch {
	case r.at.Epoch != l.epoch:
		m = missed{protocol.Gap{Epoch: l.epoch, To: h.dropped}, true}
		r.at = Position{Epoch: l.epoch, Offset: h.dropped}
	case r.at.Offset < h.dropped:
		m = missed{protocol.Gap{From: r.at.Offset + 1, To: h.dropped}, true}
		r.at.Offset = h.dropped
	}
	for i := h.behind(r.at.Offset); i < len(h.entries); i++ {
		e := &h.entries[i]
		if e.gone {
			continue
		}
		if len(texts) == cap(texts) || size <= 0 {
			return texts, m, true
		}
		texts = append(texts, e.text)
		size -= len(e.text)
		r.at.Offset = e.offset
	}
	r.at.Offset = h.last
	l.park(r)
	return texts, m, false
}

func (l *Log) park(r *reader) {
	if r.place == 0 {
		l.parked = append(l.parked, r)
		r.place = len(l.parked)
	}
}

// leave has a reader woken no more, unless it is being woken.
func (l *Log) leave(r *reader) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if r.place == 0 {
		return
	}
	end := len(l.parked) - 1
	last := l.parked[end]
	l.parked[r.place-1], last.place = last, r.place
	l.parked[end], r.place = nil, 0
	l.parked = l.parked[:end]
}
