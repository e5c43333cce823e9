package topic

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// Defaults of MemoryOptions.
const (
	DefaultMaxTopics     = 100_000
	DefaultMaxTotalBytes = 256 << 20
)

// MemoryOptions are the bounds of a Memory. The zero value of each field means
// its default.
type MemoryOptions struct {
	// Config, if set, says what is kept of a topic. It is called when the topic
	// comes into being, with the first message or the first subscriber, and must
	// return at once. Default: the zero Config for all.
	Config func(topic string) Config

	// MaxTopics is how many topics there may be. A topic is forgotten an hour
	// after it was last used, if no message is left; one whose history begins
	// anew after that has another epoch. When there are too many, those without
	// subscribers are forgotten sooner: first the ones to which nothing was ever
	// published. If all have subscribers, a further topic is refused. Default:
	// DefaultMaxTopics, 100,000; each takes about 300 bytes beside its history.
	MaxTopics int

	// MaxTotalBytes bounds the histories of all topics. Beyond half of it, a
	// topic may have no more than its equal share of that half, but for its
	// newest message. Default: DefaultMaxTotalBytes, 256 MiB.
	MaxTotalBytes int
}

// Memory is the Broker of one process. Its histories begin anew when that does.
type Memory struct {
	options MemoryOptions
	total   total

	mutex    sync.RWMutex // protects following, and users and used of the logs
	topics   map[string]*Log
	sweeping bool // a timer runs
}

// NewMemory makes a Memory. opts may be nil. It panics on options that can't
// work.
func NewMemory(opts *MemoryOptions) *Memory {
	m := &Memory{topics: make(map[string]*Log)}
	if opts != nil {
		m.options = *opts
	}
	o := &m.options
	setDefault("MemoryOptions.MaxTopics", &o.MaxTopics, DefaultMaxTopics, 1)
	setDefault("MemoryOptions.MaxTotalBytes", &o.MaxTotalBytes, DefaultMaxTotalBytes, 1)
	if o.Config == nil {
		o.Config = func(string) Config { return Config{} }
	}
	m.total.most = int64(o.MaxTotalBytes)
	return m
}

// Publish implements Broker. It returns ErrFull where there can be no such topic.
func (m *Memory) Publish(ctx context.Context, topic string, msg Message) (Position, error) {
	if err := ctx.Err(); err != nil {
		return Position{}, err
	}
	m.mutex.RLock()
	l := m.topics[topic]
	m.mutex.RUnlock()
	for {
		if l == nil {
			var err error
			if l, err = m.open(topic, 0); err != nil {
				return Position{}, err
			}
		}
		if p, ok := l.addUnlessClosed(msg); ok {
			return p, nil
		}
		l = nil // forgotten at this moment
	}
}

func (l *Log) addUnlessClosed(m Message) (p Position, ok bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed {
		return p, false
	}
	return l.add(m), true
}

// Open implements Broker. It returns ErrFull where there can be no such topic.
func (m *Memory) Open(_ context.Context, topic string) (*Log, error) { return m.open(topic, 1) }

// Release implements Broker.
func (m *Memory) Release(l *Log) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	l.users--
	l.used = time.Now()
}

// open returns a topic's log, which has so many more users.
func (m *Memory) open(topic string, users int) (*Log, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	l := m.topics[topic]
	if l == nil {
		if len(m.topics) >= m.options.MaxTopics && !m.makeRoom() {
			return nil, ErrFull
		}
		l = NewLog(topic, m.options.Config(topic), newEpoch(), 0)
		l.history.total = &m.total
		m.total.topics.Add(1)
		m.topics[topic] = l
		m.sweepLater()
	}
	l.users += users
	l.used = time.Now()
	return l, nil
}

// newEpoch is 60 random bits.
func newEpoch() string { return rand.Text()[:12] }

const (
	// sweepEvery is how often messages are looked for that are too old. Nobody
	// gets one that is: this only frees the memory.
	sweepEvery = time.Minute

	// keep is for how long a topic's epoch and offset are remembered that has no
	// messages and no subscribers.
	keep = time.Hour
)

// sweepLater starts a timer, unless one runs.
func (m *Memory) sweepLater() {
	if !m.sweeping {
		m.sweeping = true
		time.AfterFunc(sweepEvery, m.sweep)
	}
}

func (m *Memory) sweep() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	now := time.Now()
	for _, l := range m.topics {
		l.mutex.Lock()
		l.history.trim(now)
		idle := l.users == 0 && l.history.count == 0 && now.Sub(l.lastUsed()) >= keep
		l.mutex.Unlock()
		if idle {
			m.forget(l)
		}
	}
	if m.sweeping = false; len(m.topics) > 0 {
		m.sweepLater()
	}
}

// lastUsed needs both mutexes.
func (l *Log) lastUsed() time.Time {
	if l.history.added.After(l.used) {
		return l.history.added
	}
	return l.used
}

// forget is for topics that nobody has opened.
func (m *Memory) forget(l *Log) {
	delete(m.topics, l.name)
	m.total.topics.Add(-1)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.closed = true
	l.history.clear()
}

// makeRoom forgets topics without subscribers: those without any message ever,
// or else an eighth of all, the longest unused first. It returns false if there
// are none.
func (m *Memory) makeRoom() bool {
	type candidate struct {
		log  *Log
		used time.Time
	}
	var empty, others []candidate
	for _, l := range m.topics {
		if l.users > 0 {
			continue
		}
		l.mutex.Lock()
		c := candidate{l, l.lastUsed()}
		if l.history.last == 0 {
			empty = append(empty, c)
		} else {
			others = append(others, c)
		}
		l.mutex.Unlock()
	}
	if len(empty) == 0 {
		slices.SortFunc(others, func(a, b candidate) int { return a.used.Compare(b.used) })
		empty = others[:min(len(others), 1+len(m.topics)/8)]
	}
	for _, c := range empty {
		m.forget(c.log)
	}
	return len(empty) > 0
}
