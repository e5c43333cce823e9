package server

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/sockjax/sockjax/protocol"
)

// What a connection does with on and off.

// on acts on a subscription.
func (c *conn) on(m *protocol.Message) *ending {
	o, err := m.On()
	if err != nil {
		return closing(protocol.CloseBadMessage, "%v", err)
	}
	topics := c.options.Topics
	if topics == nil {
		c.refuseTopic(o.Topic, &Error{Code: "not_found", Message: "this server has no topics"})
		return nil
	}
	if why := topics.check(o.Topic); why != nil {
		c.refuseTopic(o.Topic, why)
		return nil
	}
	if c.topics == nil {
		c.topics = newSubscriptions(topics, c.log, c.wakeTopics)
		c.queue.SetSource(&c.topics.feed)
	}
	a := &ask{}
	if o.Since {
		a.since = &o.Position
	}
	if s := c.topics; s.slots != nil {
		s.slots <- struct{}{} // authorize gives each back
		s.asks(o.Topic, a)
		s.running.Add(1)
		go c.authorize(o.Topic, a)
		return nil
	}
	if err := c.topics.subscribe(c.ctx, o.Topic, a); err != nil {
		c.refuseTopic(o.Topic, err)
	}
	return nil
}

// authorize asks whether the client may subscribe, and acts on the answer unless
// the client has changed its mind. It goes on whatever the program's Authorize
// does.
func (c *conn) authorize(name string, a *ask) {
	s := c.topics
	err := error(&Error{Code: internal.Code, Message: internal.Message})
	returned := false
	defer func() {
		if p := recover(); p != nil {
			c.log(slog.LevelError, "sockjax: TopicsOptions.Authorize panicked", "panic", describe(p), "stack", string(debug.Stack()))
		} else if !returned {
			c.log(slog.LevelError, "sockjax: TopicsOptions.Authorize called runtime.Goexit")
		}
		if s.answered(name, a) {
			if err == nil {
				err = s.subscribe(c.ctx, name, a)
			}
			if err != nil {
				c.refuseTopic(name, err)
				c.writeIf(c.queue.FlushControl())
			}
		}
		<-s.slots
		s.running.Done()
	}()
	ctx, cancel := context.WithTimeout(c.ctx, authorizing)
	defer cancel()
	known := c.client.Load()
	err = s.options.Authorize(ctx, Subscriber{c.http, known.id, known.principal}, name)
	returned = true
}

// refuseTopic tells the client that it is not subscribed to a topic, or no more.
func (c *conn) refuseTopic(name string, err error) {
	c.topics.unsubscribe(name)
	why := protocol.Error{Code: "forbidden", Message: err.Error()}
	if own := (*Error)(nil); errors.As(err, &own) && own != nil {
		why = protocol.Error{Code: own.code(), Message: own.Message}
	}
	c.tell(protocol.AppendOff(nil, protocol.Off{Topic: name, Why: why}))
}

// off acts on the end of a subscription.
func (c *conn) off(m *protocol.Message) *ending {
	o, err := m.Off()
	if err != nil {
		return closing(protocol.CloseBadMessage, "%v", err)
	}
	c.topics.unsubscribe(o.Topic)
	return nil
}

// wakeTopics has the messages of topics sent.
func (c *conn) wakeTopics() {
	if c.queue.Pull() {
		go c.queue.WriteParts()
	}
}
