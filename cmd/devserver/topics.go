package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/sockjax/sockjax/server"
)

const (
	// demoTopics is what the names of topics begin with to which pages may
	// publish.
	demoTopics = "demo/"

	// clockTopic ticks every second: {"now": RFC 3339, "unix": milliseconds}.
	clockTopic = demoTopics + "clock"
)

// newTopics are the demo's, of which each keeps the last 100 messages of 10
// minutes.
func newTopics() *server.Topics {
	return server.NewTopics(&server.TopicsOptions{
		Broker: server.NewMemoryBroker(&server.MemoryBrokerOptions{
			Config:    func(string) server.TopicConfig { return server.TopicConfig{Count: 100, Age: 10 * time.Minute} },
			MaxTopics: 1000,
		}),
	})
}

// publish makes the handler of publish {topic, data}: {"offset": of the message}.
func publish(topics *server.Topics) server.Handler {
	type in struct {
		Topic string
		Data  json.RawMessage
	}
	type out struct {
		Offset uint64 `json:"offset"`
	}
	return server.Func(func(ctx context.Context, m in) (out, error) {
		if !strings.HasPrefix(m.Topic, demoTopics) {
			return out{}, &server.Error{Code: "bad_request", Message: "topic must begin with " + demoTopics}
		}
		p, err := topics.Publish(ctx, m.Topic, m.Data)
		return out{p.Offset}, err
	})
}

// A clock publishes the time.
type clock struct {
	topics *server.Topics

	mutex   sync.Mutex // protects following
	timer   *time.Timer
	stopped bool
}

func startClock(topics *server.Topics) *clock {
	c := &clock{topics: topics}
	c.next()
	return c
}

// next waits for the next whole second.
func (c *clock) next() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.stopped {
		return
	}
	now := time.Now()
	c.timer = time.AfterFunc(now.Truncate(time.Second).Add(time.Second).Sub(now), c.tick)
}

func (c *clock) tick() {
	// An error would mean that there are too many topics.
	_, _ = c.topics.Publish(context.Background(), clockTopic, now())
	c.next()
}

// stop may let a tick pass that is under way.
func (c *clock) stop() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.stopped = true
	c.timer.Stop()
}
