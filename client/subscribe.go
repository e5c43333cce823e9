//go:build !js

package client

import (
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/sockjax/sockjax/protocol"
)

// Subscribe has a handler called with the messages of a topic, one at a time and
// in their order, each once, across all connections: after a reconnect the
// server first sends what was missed. What it does not have any more, o.Gap is
// told. A nil o stands for all defaults.
//
// It works whatever the state, and does not wait for the server. Handlers of one
// topic share one subscription at the server. Each has a goroutine of its own
// while there is something for it; one that is slow is skipped for a while and
// then catches up from the server's history. What the client has received for it
// waits across reconnects.
//
// off ends it: no call of the handler begins after that, and one that has begun
// is not waited for. The handler may call everything, off and Close too. In plain
// mode there are no topics.
func (c *Client) Subscribe(topic string, handler func(Message), o *SubscribeOptions) (off func(), err error) {
	if failure := c.unfit(topic, handler); failure != nil {
		return nil, fmt.Errorf("failed to subscribe: %w", failure)
	}
	s := &subscription{handler: handler}
	if o != nil {
		s.options = *o
	}
	if !c.topics.add(topic, s) {
		return nil, fmt.Errorf("failed to subscribe: %w", &Error{Code: CodeClosed, Fate: Unsent, Message: "the client was closed"})
	}
	return sync.OnceFunc(func() { c.topics.remove(s) }), nil
}

// longestTopic is how many bytes the name of a topic may have, far more than
// servers take, so that it fits into every frame.
const longestTopic = protocol.FirstFrame / 16

func (c *Client) unfit(topic string, handler func(Message)) *Error {
	why := ""
	switch {
	case c.opts.Plain:
		why = "in plain mode there are no topics"
	case handler == nil:
		why = "a subscription needs a handler"
	case topic == "" || len(topic) > longestTopic:
		why = fmt.Sprintf("the name of a topic must have 1 to %d bytes", longestTopic)
	case !utf8.ValidString(topic):
		why = "the name of a topic must be UTF-8"
	default:
		return nil
	}
	return &Error{Code: CodeInvalid, Fate: Unsent, Message: why}
}
