package topic

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func publish(t *testing.T, m *Memory, topic string, n int) Position {
	t.Helper()
	p, err := m.Publish(context.Background(), topic, number(n))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t *testing.T, m *Memory, topic string) *Log {
	t.Helper()
	l, err := m.Open(context.Background(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPublishCounts(t *testing.T) {
	m := NewMemory(nil)
	first, second, other := publish(t, m, "a", 1), publish(t, m, "a", 2), publish(t, m, "b", 1)
	if first.Offset != 1 || second.Offset != 2 || first.Epoch != second.Epoch || other.Offset != 1 || other.Epoch == first.Epoch {
		t.Errorf("positions %v, %v, and %v of another topic", first, second, other)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Publish(ctx, "a", number(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestConfigOfEachTopic(t *testing.T) {
	m := NewMemory(&MemoryOptions{Config: func(topic string) Config { return Config{Count: len(topic)} }})
	for n := 1; n <= 5; n++ {
		publish(t, m, "a", n)
		publish(t, m, "abc", n)
	}
	for topic, want := range map[string]string{"a": "on 0 gap 1-4 5:5", "abc": "on 0 gap 1-2 3:3 4:4 5:5"} {
		s := newSubscriber(t)
		l := open(t, m, topic)
		s.subscribe(l, at(l.epoch, 0))
		s.want(want)
	}
}

// A topic is remembered for an hour after its last message is gone.
func TestForgetsIdleTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(nil)
		p := publish(t, m, "news", 1)
		held := open(t, m, "held")
		time.Sleep(DefaultAge + keep/2)
		synctest.Wait()
		if l := open(t, m, "news"); l.epoch != p.Epoch || l.history.last != 1 || l.history.bytes != 0 {
			t.Errorf("epoch %s, offset %d, %d bytes", l.epoch, l.history.last, l.history.bytes)
		} else {
			m.Release(l)
		}
		time.Sleep(keep + 2*sweepEvery)
		if l := open(t, m, "news"); l.epoch == p.Epoch || l.history.last != 0 {
			t.Error("the topic is still there")
		} else {
			m.Release(l)
		}
		if l := open(t, m, "held"); l != held {
			t.Error("a topic with a subscriber was forgotten")
		}
		m.Release(held)
		m.Release(held)
		time.Sleep(keep + 2*sweepEvery)
		m.mutex.RLock()
		defer m.mutex.RUnlock()
		if len(m.topics) != 0 || m.sweeping || m.total.topics.Load() != 0 {
			t.Errorf("%d topics are left, a timer: %v", len(m.topics), m.sweeping)
		}
	})
}

func TestTooManyTopics(t *testing.T) {
	m := NewMemory(&MemoryOptions{MaxTopics: 10})
	for n := range 5 {
		publish(t, m, fmt.Sprint("used", n), n)
	}
	for n := range 1000 { // of strangers
		m.Release(open(t, m, fmt.Sprint("empty", n)))
	}
	for n := range 5 {
		if l := m.topics[fmt.Sprint("used", n)]; l == nil || l.history.last != 1 {
			t.Errorf("topic %d had to go for one that nobody publishes to", n)
		}
	}
	var held []*Log
	for n := range 10 {
		held = append(held, open(t, m, fmt.Sprint("held", n)))
	}
	if _, err := m.Open(context.Background(), "one more"); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	if _, err := m.Publish(context.Background(), "one more", number(1)); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	m.Release(held[3])
	publish(t, m, "one more", 1)
	if len(m.topics) > 10 {
		t.Errorf("%d topics", len(m.topics))
	}
}

func TestTotalBytes(t *testing.T) {
	const most = 100_000
	m := NewMemory(&MemoryOptions{MaxTotalBytes: most})
	data := quoted(strings.Repeat("x", 900))
	for n := range 2000 {
		if _, err := m.Publish(context.Background(), fmt.Sprint(n%20), Message{Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	sum := int64(0)
	for _, l := range m.topics {
		sum += int64(l.history.bytes)
		if l.history.count == 0 {
			t.Error("a topic has nothing left")
		}
	}
	if got := m.total.bytes.Load(); got != sum || sum > most || sum < most/3 {
		t.Errorf("%d bytes are counted, there are %d", got, sum)
	}
}

// Topics that are forgotten while somebody publishes lose no message that a
// subscriber waits for.
func TestPublishBesideForgetting(t *testing.T) {
	m := NewMemory(&MemoryOptions{MaxTopics: 4})
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 2000 {
				if _, err := m.Publish(context.Background(), fmt.Sprint(i, n%3), number(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	sum := int64(0)
	for _, l := range m.topics {
		sum += int64(l.history.bytes)
	}
	if got := m.total.bytes.Load(); got != sum || len(m.topics) > 4 {
		t.Errorf("%d bytes are counted, there are %d; %d topics", got, sum, len(m.topics))
	}
}
