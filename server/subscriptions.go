package server

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server/topic"
)

// subscriptions are what a connection is subscribed to. The messages leave by way
// of the feed: the send queue takes them from there when it can send.
type subscriptions struct {
	*Topics
	feed topic.Feed
	log  logFunc

	slots   chan struct{}  // one for each call of Authorize; nil without it
	running sync.WaitGroup // of these

	mutex  sync.Mutex      // protects following
	asking map[string]*ask // what Authorize was asked about, as far as it still counts
}

// An ask is a wish to subscribe.
type ask struct{ since *topic.Position }

const (
	authorizing    = 10 * time.Second // Authorize may take, and the broker
	maxAuthorizing = 16               // calls of Authorize for one connection
)

func newSubscriptions(t *Topics, log logFunc, wake func()) *subscriptions {
	s := &subscriptions{Topics: t, log: log}
	if t.options.Authorize != nil {
		s.slots = make(chan struct{}, maxAuthorizing)
		s.asking = make(map[string]*ask)
	}
	s.feed.Init(t.options.MaxSubscriptions, wake)
	return s
}

// asks notes that Authorize is asked. What it was asked before about the topic
// counts no more.
func (s *subscriptions) asks(name string, a *ask) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.asking[name] = a
}

// answered tells whether an answer of Authorize counts.
func (s *subscriptions) answered(name string, a *ask) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.asking[name] != a {
		return false
	}
	delete(s.asking, name)
	return true
}

// subscribe begins a subscription, in the place of the one that the topic has.
func (s *subscriptions) subscribe(ctx context.Context, name string, a *ask) error {
	if !s.feed.Room(name) { // before a topic comes into being for it
		return tooManySubscriptions
	}
	log, err := s.open(ctx, name)
	switch {
	case errors.Is(err, topic.ErrFull):
		return &Error{Code: protocol.Overloaded, Message: err.Error()}
	case err != nil:
		s.log(slog.LevelError, "sockjax: failed to open a topic", "topic", name, "err", err)
		return &Error{Code: internal.Code, Message: "the topic can't be reached: try again later"}
	}
	released, ok := s.feed.Subscribe(log, a.since)
	s.release(released)
	if !ok {
		return tooManySubscriptions
	}
	return nil
}

var tooManySubscriptions = &Error{Code: protocol.Overloaded,
	Message: "the connection has too many subscriptions: see server.TopicsOptions.MaxSubscriptions"}

// unsubscribe ends a subscription, and the wish for one. Nil has none.
func (s *subscriptions) unsubscribe(name string) {
	if s == nil {
		return
	}
	s.mutex.Lock()
	delete(s.asking, name)
	s.mutex.Unlock()
	s.release(s.feed.Unsubscribe(name))
}

// close ends all subscriptions. What calls of Authorize that still run subscribe
// to, the closed feed gives back.
func (s *subscriptions) close() {
	if s == nil {
		return
	}
	for _, log := range s.feed.Close() {
		s.release(log)
	}
}

// wait returns when no Authorize runs.
func (s *subscriptions) wait() {
	if s != nil {
		s.running.Wait()
	}
}

func (s *subscriptions) open(ctx context.Context, name string) (l *topic.Log, err error) {
	defer s.guard("Open", &err)
	ctx, cancel := context.WithTimeout(ctx, authorizing)
	defer cancel()
	if l, err = s.options.Broker.Open(ctx, name); err == nil && l == nil {
		err = errors.New("server.TopicsOptions.Broker: Open returned neither a log nor an error")
	}
	return l, err
}

func (s *subscriptions) release(l *topic.Log) {
	if l == nil {
		return
	}
	var err error
	defer s.guard("Release", &err)
	s.options.Broker.Release(l)
}

// guard is deferred around a method of the broker.
func (s *subscriptions) guard(method string, err *error) {
	if p := recover(); p != nil {
		s.log(slog.LevelError, "sockjax: TopicsOptions.Broker panicked", "method", method, "panic", describe(p), "stack", string(debug.Stack()))
		*err = errors.New("the broker panicked")
	}
}
