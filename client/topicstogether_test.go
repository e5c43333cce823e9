//go:build !js

package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/client"
	"github.com/sockjax/sockjax/server"
	"pgregory.net/rapid"
)

// follow is topics with both ends, over lines that fall silent and break at any
// moment. Each message says at which position it is.
type follow struct {
	*nodes
	client *client.Client
	server *server.Server
	broker *server.MemoryBroker
	topics *server.Topics
	stop   []func()

	mu        sync.Mutex     // protects following
	epochs    int            // how often the history was lost
	published map[string]int // in the present epoch, by topic
	followers []*follower
	wrong     []string
}

// follower is a handler. It checks that nothing is missing but what it was told
// is, and that nothing comes twice.
type follower struct {
	*follow
	topic   string
	off     func()
	ended   bool
	slow    time.Duration
	begun   bool // it has been told something
	epoch   int
	offset  int // of the last message or gap
	handled int
	missed  int
}

// sent is a message.
type said struct{ Epoch, Offset int }

// renew loses all histories.
func (w *follow) renew(count int) {
	w.broker = server.NewMemoryBroker(&server.MemoryBrokerOptions{Config: func(string) server.TopicConfig {
		return server.TopicConfig{Count: count, Age: time.Hour}
	}})
	w.topics = server.NewTopics(&server.TopicsOptions{Broker: w.broker})
	w.mu.Lock()
	w.epochs++
	w.published = map[string]int{}
	w.mu.Unlock()
	w.server = server.New(server.HandlerFunc(func(context.Context, *server.Request) (any, error) { return nil, nil }),
		&server.Options{Topics: w.topics, Logger: slog.New(slog.DiscardHandler)})
	s := w.server
	stop := w.listen(s)
	w.stop = append(w.stop, func() {
		ctx, done := context.WithTimeout(context.Background(), time.Hour)
		defer done()
		s.Shutdown(ctx)
		stop()
	})
	w.nodes.mu.Lock()
	w.now = len(w.nodes.nodes) - 1
	w.nodes.mu.Unlock()
}

func (w *follow) publish(topic string, n int) {
	for range n {
		w.mu.Lock()
		w.published[topic]++
		m := said{w.epochs, w.published[topic]}
		w.mu.Unlock()
		p, err := w.topics.Publish(context.Background(), topic, m)
		if err != nil || int(p.Offset) != m.Offset {
			w.fail("published %v at %v: %v", m, p, err)
		}
	}
}

func (w *follow) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

func (w *follow) follow(topic string, slow time.Duration, since *client.Position) {
	f := &follower{follow: w, topic: topic, slow: slow}
	off, err := w.client.Subscribe(topic, f.message, &client.SubscribeOptions{Since: since, Gap: f.gap,
		Refused: func(r *client.Refusal) { w.fail("refused: %v", r) }})
	if err != nil {
		w.fail("%v", err)
	}
	f.off = off
	w.mu.Lock()
	defer w.mu.Unlock()
	w.followers = append(w.followers, f)
}

func (f *follower) message(m client.Message) {
	var got said
	if err := json.Unmarshal(m.Data, &got); err != nil || got.Offset != int(m.Offset) || m.Topic != f.topic {
		f.fail("%s at %v holds %s: %v", m.Topic, m.Position, m.Data, err)
	}
	f.mu.Lock()
	switch {
	case f.ended:
		f.wrong = append(f.wrong, "told after off")
	case !f.begun:
	case got.Epoch == f.epoch && got.Offset == f.offset+1:
	default:
		f.wrong = append(f.wrong, fmt.Sprintf("%s: told %v after %d of epoch %d", f.topic, got, f.offset, f.epoch))
	}
	f.begun, f.epoch, f.offset = true, got.Epoch, got.Offset
	f.handled++
	f.mu.Unlock()
	time.Sleep(f.slow)
}

func (f *follower) gap(g client.Gap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if g.Epoch != "" {
		// Which epoch that is, the next message says.
		f.begun, f.missed = false, f.missed+1
		return
	}
	if f.begun && (int(g.From) != f.offset+1 || g.To < g.From) {
		f.wrong = append(f.wrong, fmt.Sprintf("%s: a gap from %d to %d after %d", f.topic, g.From, g.To, f.offset))
	}
	f.offset = int(g.To)
	f.missed++
}

func (w *follow) check(t *rapid.T) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) > 0 {
		t.Fatal(w.wrong)
	}
}

func (w *follow) actions() map[string]func(*rapid.T) {
	topic := func(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b"}).Draw(t, "topic") }
	advance := func(t *rapid.T, most int) {
		time.Sleep(time.Duration(rapid.IntRange(1, most).Draw(t, "ms")) * time.Millisecond)
	}
	atLine := func(do func(*line)) {
		w.nodes.mu.Lock()
		defer w.nodes.mu.Unlock()
		do(w.line)
	}
	return map[string]func(*rapid.T){
		"publish": func(t *rapid.T) {
			w.publish(topic(t), rapid.SampledFrom([]int{1, 1, 5, 30, 300}).Draw(t, "n"))
		},
		"follow": func(t *rapid.T) {
			if len(w.followers) > 10 {
				t.Skip("enough")
			}
			var since *client.Position
			switch rapid.IntRange(0, 3).Draw(t, "since") {
			case 0:
				since = &client.Position{}
			case 1:
				since = &client.Position{Epoch: "another", Offset: 7}
			}
			w.follow(topic(t), rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 100 * time.Millisecond}).Draw(t, "slow"), since)
		},
		"off": func(t *rapid.T) {
			if len(w.followers) == 0 {
				t.Skip("nobody")
			}
			f := rapid.SampledFrom(w.followers).Draw(t, "follower")
			f.off()
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			f.ended = true
		},
		"call":      func(*rapid.T) { go w.client.Request(context.Background(), 1, nil) },
		"cut":       func(*rapid.T) { atLine((*line).cut) },
		"cutSoon":   func(t *rapid.T) { advance(t, 20); atLine((*line).cut) },
		"deaf":      func(*rapid.T) { atLine(func(l *line) { l.deaf.Store(true) }) },
		"dumb":      func(*rapid.T) { atLine(func(l *line) { l.dumb.Store(true) }) },
		"reconnect": func(*rapid.T) { w.client.Reconnect() },
		"advance":   func(t *rapid.T) { advance(t, 10) },
		"wait":      func(t *rapid.T) { advance(t, 30_000) },
		"lose": func(t *rapid.T) {
			if w.epochs > 3 {
				t.Skip("enough")
			}
			atLine((*line).cut)
			w.renew(rapid.SampledFrom([]int{1, 20, 1000}).Draw(t, "count"))
		},
		"": w.check,
	}
}

// Whatever the network does: each handler gets each message once and in order, or
// is told that it is missing, and in the end has got the last one.
func TestTopicsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(virtual{t}, func(t *rapid.T) {
			w := &follow{nodes: &nodes{}}
			w.renew(rapid.SampledFrom([]int{1, 20, 1000}).Draw(t, "count"))
			transport := &http.Transport{DialContext: w.dial}
			c, err := client.Dial(context.Background(), "http://node/", &client.DialOptions{
				Options:    client.Options{Reconnect: client.Reconnect{Min: 10 * time.Millisecond, Max: time.Second}},
				Timeout:    -1,
				HTTPClient: &http.Client{Transport: transport},
			})
			if err != nil {
				t.Fatal(err)
			}
			w.client = c
			defer w.close()
			t.Repeat(w.actions())
			w.calm(t)
		})
	})
}

// calm lets everything arrive.
func (w *follow) calm(t *rapid.T) {
	w.nodes.mu.Lock()
	w.line.cut()
	w.nodes.mu.Unlock()
	w.client.Reconnect()
	time.Sleep(3 * time.Minute)
	w.publish("a", 1)
	w.publish("b", 1)
	time.Sleep(3 * time.Minute)
	w.check(t)
	for i, f := range w.followers {
		if !f.ended && (!f.begun || f.epoch != w.epochs || f.offset != w.published[f.topic]) {
			t.Fatalf("follower %d of %s is at %d of epoch %d, begun %v; it should be at %d of %d: %d handled, %d gaps", i, f.topic, f.offset, f.epoch, f.begun,
				w.published[f.topic], w.epochs, f.handled, f.missed)
		}
	}
	if s := w.client.Stats(); s.Garbage > 0 {
		t.Fatalf("%+v", s)
	}
}

func (w *follow) close() {
	w.client.Close()
	w.line.cut()
	for _, stop := range w.stop {
		stop()
	}
	synctest.Wait()
}
