package topic

import (
	"sync"

	"github.com/sockjax/sockjax/protocol"
)

// A Feed is what one connection has subscribed to. It holds positions and no
// messages: Fill takes from the logs what a frame has room for.
type Feed struct {
	wake func()
	most int // subscriptions

	mutex   sync.Mutex // protects following
	topics  map[string]*subscription
	ready   []*subscription // with something to send, in turn
	pulling bool            // wake was called, and Fill has not said since that there is no more
	closed  bool

	texts [][]byte // memory of the goroutine that calls Fill
}

// A subscription is to one topic.
type subscription struct {
	reader
	feed     *Feed
	answered bool // the subscriber has been told where it begins
	lost     bool // its position was none of this history, of which it must be told

	// Under the feed's mutex.
	queued bool // in ready
	ended  bool
}

// Init must be called before anything else. There may be so many subscriptions.
// wake is called, by any goroutine, when there is something to send: once, until
// Fill has returned that there is no more. It must not call the Feed.
func (f *Feed) Init(most int, wake func()) { f.most, f.wake = most, wake }

// Subscribe subscribes to a topic: to what comes after a position or, if that is
// nil, from now on. A position without an epoch stands for all that is kept. The
// subscription takes the place of one that the topic has, whose log is returned
// so that it can be released; nil if there is none. If there are too many
// subscriptions, or the Feed is closed, it returns false, and l itself.
func (f *Feed) Subscribe(l *Log, since *Position) (released *Log, ok bool) {
	s := &subscription{feed: f}
	s.reader.wake = s.woken
	s.lost = l.start(&s.reader, since)
	f.mutex.Lock()
	if f.closed || f.topics[l.name] == nil && len(f.topics) >= f.most {
		f.mutex.Unlock()
		return l, false
	}
	released = f.remove(l.name)
	if f.topics == nil {
		f.topics = make(map[string]*subscription)
	}
	f.topics[l.name] = s
	wake := f.queue(s)
	f.mutex.Unlock()
	if wake {
		f.wake()
	}
	return released, true
}

// Room tells whether a subscription to a topic would not be one too many.
func (f *Feed) Room(topic string) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.topics) < f.most || f.topics[topic] != nil
}

// Unsubscribe ends the subscription to a topic. It returns the log, which is to
// be released; nil if there is no such subscription.
func (f *Feed) Unsubscribe(topic string) (released *Log) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.remove(topic)
}

// Close ends all subscriptions, and returns their logs, which are to be
// released.
func (f *Feed) Close() (released []*Log) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.closed = true
	for topic := range f.topics {
		released = append(released, f.remove(topic))
	}
	f.topics, f.ready = nil, nil
	return released
}

func (f *Feed) remove(topic string) *Log {
	s := f.topics[topic]
	if s == nil {
		return nil
	}
	delete(f.topics, topic)
	s.ended = true
	s.log.leave(&s.reader)
	return s.log
}

// woken puts the subscription among those with something to send.
func (s *subscription) woken(*reader) {
	s.feed.mutex.Lock()
	wake := s.feed.queue(s)
	s.feed.mutex.Unlock()
	if wake {
		s.feed.wake()
	}
}

// queue tells whether wake must be called.
func (f *Feed) queue(s *subscription) bool {
	if s.ended || s.queued {
		return false
	}
	s.queued = true
	f.ready = append(f.ready, s)
	wake := !f.pulling
	f.pulling = true
	return wake
}

// next takes the subscription whose turn it is.
func (f *Feed) next() *subscription {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for len(f.ready) > 0 {
		s := f.ready[0]
		f.ready[0] = nil
		f.ready = f.ready[1:]
		if s.queued = false; !s.ended {
			return s
		}
	}
	f.ready, f.pulling = nil, false
	return nil
}

const (
	// atOnce is how many messages are taken from a log at once, and portion how
	// many bytes of one topic before it is another's turn.
	atOnce  = 128
	portion = 16 << 10
)

// Fill appends messages to a frame, as protocol.Join joins them, until it has
// about so many bytes. It returns false when there are no more: then wake is
// called again when there are. It is for one goroutine at a time.
func (f *Feed) Fill(frame []byte, size int) (_ []byte, more bool) {
	for len(frame) < size {
		s := f.next()
		if s == nil {
			return frame, false
		}
		frame, more = s.fill(frame, f, min(portion, size-len(frame)))
		f.filled(s, more)
	}
	return frame, true
}

// filled tells what became of the subscription whose turn it was: it may have
// ended meanwhile, and waits in its log then for nothing.
func (f *Feed) filled(s *subscription, more bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch {
	case s.ended:
		s.log.leave(&s.reader)
	case more:
		f.queue(s)
	}
}

func (s *subscription) fill(frame []byte, f *Feed, size int) (_ []byte, more bool) {
	topic := s.log.name
	if !s.answered {
		s.answered = true
		frame = protocol.AppendOn(protocol.Join(frame), protocol.On{Topic: topic, Since: true, Position: s.at})
		if s.lost {
			frame = protocol.AppendPublished(protocol.Join(frame), protocol.Published{Topic: topic,
				Gap: protocol.Gap{Epoch: s.at.Epoch, To: s.at.Offset}})
		}
	}
	if f.texts == nil {
		f.texts = make([][]byte, 0, atOnce)
	}
	texts, missed, more := s.read(f.texts, size)
	if missed.some {
		frame = protocol.AppendPublished(protocol.Join(frame), protocol.Published{Topic: topic, Gap: missed.gap})
	}
	for _, text := range texts {
		frame = append(protocol.Join(frame), text...)
	}
	clear(texts) // or they would be kept for as long as the connection is idle
	return frame, more
}
