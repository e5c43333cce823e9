package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/server"
)

// The pages of the chaos tests follow topics, on which the servers publish all
// the time. A message says its place in the history, so that pages can tell
// whether it is the one that its offset says.
type message struct {
	Topic string `json:"topic"`
	N     uint64 `json:"n"` // counts from 1 in a history, as offsets do
	G     int    `json:"g"` // counts the histories
}

// The topics, as in testdata/followers.js.
const (
	kept   = "chaos/kept"   // remembers everything: no message may be missing
	short  = "chaos/short"  // remembers a few: who is away for long gets gaps
	prices = "chaos/prices" // remembers the newest message of each key
)

const (
	shortest = 20 // messages that the short topic remembers
	keys     = 7  // of the prices; the key of a message is its number modulo this
)

// posted is what was published.
type posted struct {
	mu        sync.Mutex // protects following
	topics    *server.Topics
	g         int                  // counts topics
	histories map[string][]history // of each topic, in their order
}

type history struct {
	epoch string
	g     int
	last  uint64
}

func newPosted() *posted {
	p := &posted{histories: map[string][]history{}}
	p.begin()
	return p
}

// begin has all topics begin anew, with those who subscribe from now on.
func (p *posted) begin() {
	long := server.TopicConfig{Count: 1 << 30, Bytes: 1 << 30, Age: 1000 * time.Hour}
	configs := map[string]server.TopicConfig{kept: long, short: {Count: shortest}, prices: long}
	conflated := configs[prices]
	conflated.Conflate = true
	configs[prices] = conflated
	broker := server.NewMemoryBroker(&server.MemoryBrokerOptions{Config: func(topic string) server.TopicConfig { return configs[topic] }})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.topics = server.NewTopics(&server.TopicsOptions{Broker: broker})
	p.g++
}

func (p *posted) present() *server.Topics {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.topics
}

// publish publishes on a topic, and notes it.
func (p *posted) publish(topic string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := message{Topic: topic, N: 1, G: p.g}
	all := p.histories[topic]
	if len(all) > 0 && all[len(all)-1].g == p.g {
		m.N = all[len(all)-1].last + 1
	}
	var options []server.PublishOption
	if topic == prices {
		options = append(options, server.MessageKey(fmt.Sprint(m.N%keys)))
	}
	at, err := p.topics.Publish(context.Background(), topic, m, options...)
	switch {
	case err != nil:
		return err
	case at.Offset != m.N:
		return fmt.Errorf("message %d of %s got the offset %d", m.N, topic, at.Offset)
	case m.N == 1:
		all = append(all, history{epoch: at.Epoch, g: p.g})
	case all[len(all)-1].epoch != at.Epoch:
		return fmt.Errorf("message %d of %s has begun another history", m.N, topic)
	}
	all[len(all)-1].last = m.N
	p.histories[topic] = all
	return nil
}

// publishing publishes until all is over: message by message, or so many at
// once that the short topic forgets some before anybody has got them.
func (m mischief) publishing(p *posted) error {
	for m.between(5*time.Millisecond, 80*time.Millisecond) {
		topic := []string{kept, short, prices}[m.IntN(3)]
		n := 1
		if m.IntN(10) == 0 {
			n += m.IntN(2 * shortest)
		}
		for range n {
			if err := p.publish(topic); err != nil {
				return err
			}
		}
	}
	return nil
}

// ends is where each topic ends, as JSON for a page.
func (p *posted) ends(t *testing.T) []byte {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]server.Position{}
	for topic, histories := range p.histories {
		end := histories[len(histories)-1]
		all[topic] = server.Position{Epoch: end.epoch, Offset: end.last}
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// made is how many messages there were.
func (p *posted) made() (n uint64) {
	for _, histories := range p.histories {
		for _, h := range histories {
			n += h.last
		}
	}
	return n
}

// Whoever is away for long gets a gap, and a history that is lost is named.
func TestChaosPosts(t *testing.T) {
	p := newPosted()
	for range 3 {
		if err := p.publish(kept); err != nil {
			t.Fatal(err)
		}
	}
	p.begin()
	for range 2 {
		if err := p.publish(kept); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.histories[kept]; len(got) != 2 || got[0].last != 3 || got[1].last != 2 || got[0].epoch == got[1].epoch {
		t.Errorf("got %+v", got)
	}
	if p.made() != 5 {
		t.Errorf("got %d messages, want 5", p.made())
	}
}
