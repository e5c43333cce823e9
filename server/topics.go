package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/sockjax/sockjax/server/topic"
)

// What package topic holds and a program that imports this one types.
type (
	// A Position is where a subscriber stands in a topic: behind the message of
	// that Offset, of the history that Epoch names.
	Position = topic.Position

	// A Broker is a topic.Broker, which takes messages and keeps the histories of
	// topics.
	Broker = topic.Broker
	// TopicConfig is a topic.Config: what is kept of a topic.
	TopicConfig = topic.Config
	// A MemoryBroker is a topic.Memory, the Broker of one process.
	MemoryBroker = topic.Memory
	// MemoryBrokerOptions are the bounds of a MemoryBroker, and the TopicConfig of
	// each topic.
	MemoryBrokerOptions = topic.MemoryOptions
)

// NewMemoryBroker makes a MemoryBroker. opts may be nil. It panics on options
// that can't work.
func NewMemoryBroker(opts *MemoryBrokerOptions) *MemoryBroker { return topic.NewMemory(opts) }

// Defaults of TopicsOptions.
const (
	DefaultMaxSubscriptions = 1000 // of one connection
	DefaultMaxTopicName     = 200  // bytes
	DefaultMaxPublished     = 1 << 20
)

// TopicsOptions are the limits and hooks of Topics. The zero value of each field
// means its default.
type TopicsOptions struct {
	// Broker keeps the histories, and says how much of them. Default:
	// NewMemoryBroker(nil), which keeps the last 1000 messages of each topic, of
	// at most 1 MiB and 10 minutes.
	Broker Broker

	// Authorize, if set, decides whether a client may subscribe to a topic. The
	// text of its error is what the client is told; of an *Error, code and
	// message. It is asked again after each reconnect. ctx ends after 10 s, and
	// with the connection. It is called for up to 16 topics of a connection at
	// once, and may hold up this connection only. Default: whoever may connect
	// may subscribe to every topic.
	Authorize func(ctx context.Context, s Subscriber, topic string) error

	// MaxSubscriptions is how many topics one connection may be subscribed to. A
	// further one is refused as overloaded. Default: DefaultMaxSubscriptions,
	// 1000.
	MaxSubscriptions int

	// MaxTopicName is how many bytes a topic's name may have. A longer one is
	// refused as invalid, and can't be published to. Default:
	// DefaultMaxTopicName, 200.
	MaxTopicName int

	// MaxPublished is how many bytes of JSON a message may have. Publish fails for
	// a larger one. Default: DefaultMaxPublished, 1 MiB.
	MaxPublished int
}

// A Subscriber is who wants to subscribe.
type Subscriber struct {
	HTTP      *http.Request // that opened the connection: see Request.HTTP
	Session   string        // see Request.Session
	Principal string        // whom Options.Authenticate took the client for
}

// Topics push messages to the clients that have subscribed to them. Servers may
// share one, by their Options.Topics. A client that was away gets what it has
// missed, as far as the topic's history reaches, and is told what is missing
// beyond that. One that is slow holds up neither Publish nor others.
type Topics struct{ options TopicsOptions }

// NewTopics makes Topics. opts may be nil. It panics on options that can't work.
func NewTopics(opts *TopicsOptions) *Topics {
	t := &Topics{}
	if opts != nil {
		t.options = *opts
	}
	o := &t.options
	setBound("MaxSubscriptions", &o.MaxSubscriptions, DefaultMaxSubscriptions)
	setBound("MaxTopicName", &o.MaxTopicName, DefaultMaxTopicName)
	setBound("MaxPublished", &o.MaxPublished, DefaultMaxPublished)
	if o.Broker == nil {
		o.Broker = NewMemoryBroker(nil)
	}
	return t
}

func setBound(name string, field *int, value int) {
	if *field == 0 {
		*field = value
	}
	if *field < 1 {
		panic(fmt.Sprintf("sockjax: TopicsOptions.%s is %d and must be at least 1", name, *field))
	}
}

// A PublishOption is an option of Publish.
type PublishOption func(*topic.Message)

// MessageKey says what a message is about. In a topic with TopicConfig.Conflate
// it takes the place of the message before it with the same key, for whoever has
// not got that yet.
func MessageKey(key string) PublishOption { return func(m *topic.Message) { m.Key = key } }

// Publish sends a message to all who have subscribed to a topic, and returns its
// position. data becomes JSON as what a handler returns does. Publish waits for
// no subscriber.
func (t *Topics) Publish(ctx context.Context, name string, data any, opts ...PublishOption) (Position, error) {
	p, err := t.publish(ctx, name, data, opts)
	if err != nil {
		return p, fmt.Errorf("failed to publish: %w", err)
	}
	return p, nil
}

func (t *Topics) publish(ctx context.Context, name string, data any, opts []PublishOption) (Position, error) {
	if why := t.check(name); why != nil {
		return Position{}, why
	}
	text, err := encode(data)
	if err != nil {
		return Position{}, err
	}
	if len(text) > t.options.MaxPublished {
		return Position{}, &Error{Code: "invalid", Message: fmt.Sprintf(
			"the message has %d bytes: see server.TopicsOptions.MaxPublished, which is %d", len(text), t.options.MaxPublished)}
	}
	m := topic.Message{Data: text}
	for _, option := range opts {
		option(&m)
	}
	return t.options.Broker.Publish(ctx, name, m)
}

// PublishFunc makes a Handler that publishes for clients, which can't do so
// otherwise. Its data is {topic, data, key?}, its reply the Position as {epoch,
// offset}. allow decides; its error goes to the caller as that of a handler.
func (t *Topics) PublishFunc(allow func(ctx context.Context, r *Request, topic string) error) HandlerFunc {
	type in struct {
		Topic string          `json:"topic"`
		Data  json.RawMessage `json:"data"`
		Key   string          `json:"key"`
	}
	type out struct {
		Epoch  string `json:"epoch"`
		Offset uint64 `json:"offset"`
	}
	if allow == nil {
		panic("sockjax: PublishFunc needs a function that decides")
	}
	return func(ctx context.Context, r *Request) (any, error) {
		var m in
		if err := r.Decode(&m); err != nil {
			return nil, err
		}
		if err := allow(ctx, r, m.Topic); err != nil {
			return nil, err
		}
		p, err := t.publish(ctx, m.Topic, m.Data, []PublishOption{MessageKey(m.Key)})
		return out(p), err
	}
}

// check says what is wrong with a topic's name.
func (t *Topics) check(name string) *Error {
	switch {
	case name == "":
		return &Error{Code: "invalid", Message: "a topic must have a name"}
	case len(name) > t.options.MaxTopicName:
		return &Error{Code: "invalid", Message: fmt.Sprintf("the name of a topic may have %d bytes", t.options.MaxTopicName)}
	case !utf8.ValidString(name):
		return &Error{Code: "invalid", Message: "the name of a topic must be UTF-8"}
	}
	return nil
}
