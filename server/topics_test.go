package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
	"github.com/sockjax/sockjax/server"
)

func publish(t testing.TB, topics *server.Topics, topic string, data any) server.Position {
	t.Helper()
	p, err := topics.Publish(context.Background(), topic, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// on is the server's answer to a subscription.
func on(topic string, p server.Position) string {
	return string(protocol.AppendOn(nil, protocol.On{Topic: topic, Since: true, Position: p}))
}

func gap(topic string, from, to uint64) string {
	return fmt.Sprintf(`{"topic":%q,"gap":{"from":%d,"to":%d}}`, topic, from, to)
}

func message(topic string, offset uint64, data string) string {
	return fmt.Sprintf(`{"topic":%q,"offset":%d,"data":%s}`, topic, offset, data)
}

func TestTopic(t *testing.T) {
	topics := server.NewTopics(nil)
	f := serve(t, echo, &server.Options{Topics: topics})
	before := publish(t, topics, "news", "before")
	p, other := f.open(t), f.openAs(t, sessionID(1))
	p.send(`[{"on":"news"}]`)
	p.want(on("news", before))
	other.send(`[{"on":"news","since":{"epoch":"` + before.Epoch + `","offset":0}}]`)
	other.want(on("news", server.Position{Epoch: before.Epoch}), message("news", 1, `"before"`))
	if got := publish(t, topics, "news", map[string]int{"n": 1}); got != (server.Position{Epoch: before.Epoch, Offset: 2}) {
		t.Errorf("published at %v", got)
	}
	publish(t, topics, "others", 1)
	publish(t, topics, "news", nil)
	for _, p := range []*peer{p, other} {
		p.want(message("news", 2, `{"n":1}`), message("news", 3, "null"))
	}
	p.send(`[{"off":"news"},{"key":2}]`)
	p.want(`{"key":2,"data":null}`)
	publish(t, topics, "news", 4)
	p.send(`[{"key":3}]`)
	p.want(`{"key":3,"data":null}`)
	other.want(message("news", 4, "4"))
}

// What was missed comes first, then what is new, nothing twice.
func TestTopicGoesOnAfterAReconnect(t *testing.T) {
	topics := server.NewTopics(&server.TopicsOptions{Broker: server.NewMemoryBroker(&server.MemoryBrokerOptions{
		Config: func(string) server.TopicConfig { return server.TopicConfig{Count: 3} }})})
	first, second := serve(t, echo, &server.Options{Topics: topics}), serve(t, echo, &server.Options{Topics: topics})
	p := first.open(t)
	p.send(`[{"on":"news"}]`)
	p.next()
	at := publish(t, topics, "news", 1)
	p.want(message("news", 1, "1"))
	p.conn.CloseNow()
	for n := 2; n <= 4; n++ {
		publish(t, topics, "news", n)
	}
	p = second.open(t) // topics know no sessions, and live on any server
	p.send(`[{"on":"news","since":{"epoch":"` + at.Epoch + `","offset":1}}]`)
	p.want(on("news", at), message("news", 2, "2"), message("news", 3, "3"), message("news", 4, "4"))
	publish(t, topics, "news", 5)
	p.want(message("news", 5, "5"))
	p.send(`[{"on":"news","since":{"epoch":"` + at.Epoch + `","offset":1}}]`)
	p.want(on("news", at), gap("news", 2, 2), message("news", 3, "3"), message("news", 4, "4"), message("news", 5, "5"))
	p.send(`[{"on":"news","since":{"epoch":"another","offset":4}}]`)
	at.Offset = 2
	p.want(on("news", at), `{"topic":"news","gap":{"epoch":"`+at.Epoch+`","to":2}}`,
		message("news", 3, "3"), message("news", 4, "4"), message("news", 5, "5"))
}

func TestServerWithoutTopics(t *testing.T) {
	f := serve(t, echo, nil)
	p := f.open(t)
	p.send(`[{"on":"news"},{"off":"news"},{"key":1}]`)
	p.want(`{"off":"news","why":{"code":"not_found","message":"this server has no topics"}}`, `{"key":1,"data":null}`)
}

func TestTopicRefused(t *testing.T) {
	topics := server.NewTopics(&server.TopicsOptions{MaxSubscriptions: 2, MaxTopicName: 10,
		Broker: server.NewMemoryBroker(&server.MemoryBrokerOptions{MaxTopics: 3})})
	f := serve(t, echo, &server.Options{Topics: topics})
	p := f.open(t)
	p.send(`[{"on":""},{"on":"abcdefghijk"},{"on":"a"},{"on":"b"},{"on":"c"}]`)
	var got []string
	for range 5 {
		got = append(got, p.next())
	}
	for _, want := range []string{
		`{"off":"","why":{"code":"invalid","message":"a topic must have a name"}}`,
		`{"off":"abcdefghijk","why":{"code":"invalid","message":"the name of a topic may have 10 bytes"}}`,
		`{"off":"c","why":{"code":"overloaded","message":"the connection has too many subscriptions: see server.TopicsOptions.MaxSubscriptions"}}`,
		`{"on":"a","since":`, `{"on":"b","since":`,
	} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	other := f.openAs(t, sessionID(1))
	other.send(`[{"on":"d"}]`)
	if got := other.next(); !strings.HasPrefix(got, `{"on":"d"`) {
		t.Fatal(got)
	}
	other.send(`[{"on":"e"}]`)
	other.want(`{"off":"e","why":{"code":"overloaded","message":"there are too many topics"}}`)
}

func TestPublishFails(t *testing.T) {
	topics := server.NewTopics(&server.TopicsOptions{MaxTopicName: 5, MaxPublished: 10})
	for _, c := range []struct {
		topic string
		data  any
		want  string
	}{
		{"", 1, "failed to publish: invalid: a topic must have a name"},
		{"abcdef", 1, "failed to publish: invalid: the name of a topic may have 5 bytes"},
		{"\xff", 1, "failed to publish: invalid: the name of a topic must be UTF-8"},
		{"a", "0123456789", "failed to publish: invalid: the message has 12 bytes: see server.TopicsOptions.MaxPublished, which is 10"},
		{"a", func() {}, "failed to publish: json: unsupported type: func()"},
		{"a", json.RawMessage(`{`), "failed to publish: the handler's json.RawMessage is not JSON in UTF-8"},
	} {
		if _, err := topics.Publish(context.Background(), c.topic, c.data); err == nil || err.Error() != c.want {
			t.Errorf("%q: got %v, want %s", c.topic, err, c.want)
		}
	}
}

func TestAuthorizeTopics(t *testing.T) {
	topics := server.NewTopics(&server.TopicsOptions{
		Authorize: func(_ context.Context, s server.Subscriber, topic string) error {
			switch topic {
			case s.Principal:
				return nil
			case "secret":
				return &server.Error{Code: "no_way", Message: "not for you", Data: "hidden"}
			case "panic":
				panic("oops")
			}
			return errors.New("it is somebody else's")
		}})
	f := serve(t, echo, &server.Options{Topics: topics,
		Authenticate: func(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
			return server.Identity{Principal: token}, nil
		}})
	p := f.dial(t, protocol.Subprotocol)
	p.send(`[` + strings.Replace(hello, `false`, `false,"token":"ann"`, 1) + `]`)
	p.next()
	at := publish(t, topics, "ann", 1)
	for _, c := range [][2]string{
		{"ann", on("ann", at)},
		{"bob", `{"off":"bob","why":{"code":"forbidden","message":"it is somebody else's"}}`},
		{"secret", `{"off":"secret","why":{"code":"no_way","message":"not for you"}}`},
		{"panic", `{"off":"panic","why":{"code":"internal","message":"internal error"}}`},
	} {
		p.send(`[{"on":"` + c[0] + `"}]`)
		p.want(c[1])
	}
	publish(t, topics, "bob", 1)
	publish(t, topics, "ann", 2)
	p.want(message("ann", 2, "2"))
	if !f.log.wait(func(text string) bool { return strings.Contains(text, "Authorize panicked") }) {
		t.Error("the panic was not logged")
	}
}

// A client that changes its mind while Authorize runs gets what it wanted last.
func TestOffWhileAuthorizing(t *testing.T) {
	asked, answer := make(chan string), make(chan error)
	topics := server.NewTopics(&server.TopicsOptions{
		Authorize: func(ctx context.Context, _ server.Subscriber, topic string) error {
			asked <- topic
			select {
			case err := <-answer:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
	at := publish(t, topics, "news", 1)
	f := serve(t, echo, &server.Options{Topics: topics})
	p := f.open(t)
	p.send(`[{"on":"news"},{"off":"news"},{"key":1}]`)
	p.want(`{"key":1,"data":null}`)
	<-asked
	answer <- nil
	p.send(`[{"on":"news"}]`)
	<-asked
	p.send(`[{"on":"news","since":{"epoch":"` + at.Epoch + `","offset":0}},{"key":2}]`)
	<-asked
	p.want(`{"key":2,"data":null}`)
	answer <- nil
	answer <- nil
	p.want(on("news", server.Position{Epoch: at.Epoch}), message("news", 1, "1"))
	p.send(`[{"on":"more"}]`)
	<-asked
	p.conn.CloseNow() // ends its context
}

func TestPublishFunc(t *testing.T) {
	topics := server.NewTopics(nil)
	mux := server.NewMux()
	mux.HandleFunc("publish", topics.PublishFunc(func(_ context.Context, _ *server.Request, topic string) error {
		if topic != "open" {
			return &server.Error{Code: "forbidden", Message: "not there"}
		}
		return nil
	}))
	f := serve(t, mux.ServeCall, &server.Options{Topics: topics})
	p := f.open(t)
	p.send(`[{"on":"open"}]`)
	p.next()
	p.send(`[{"key":1,"data":{"api":"publish","topic":"closed","data":1}}]`)
	p.want(`{"key":1,"error":{"code":"forbidden","message":"not there"}}`)
	p.send(`[{"key":2,"data":{"api":"publish","topic":"open","data":{"a":1}}}]`)
	got := p.next() + p.next()
	if !strings.Contains(got, message("open", 1, `{"a":1}`)) || !strings.Contains(got, `"offset":1}}`) {
		t.Errorf("got %s", got)
	}
}

// A client that reads nothing costs the publisher nothing and the server little;
// the others get everything. When it reads again, it is told what is missing.
func TestSlowSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics := server.NewTopics(&server.TopicsOptions{Broker: server.NewMemoryBroker(&server.MemoryBrokerOptions{
			Config: func(string) server.TopicConfig { return server.TopicConfig{Count: 10} }})})
		f, l, stop := pipes(t, echo, server.Options{Topics: topics})
		defer stop()
		slow, quick := f.dialPipe(t, l, protocol.Subprotocol), f.dialPipe(t, l, protocol.Subprotocol)
		for i, p := range []*peer{slow, quick} {
			p.send(`[{"hello":{"session":"` + sessionID(i) + `","resume":false}},{"on":"news"}]`)
			p.next()
			p.next()
		}
		data := strings.Repeat("x", 10_000)
		for n := uint64(1); n <= 1000; n++ {
			publish(t, topics, "news", data)
			quick.want(message("news", n, `"`+data+`"`))
		}
		synctest.Wait()
		// The slow one gets what was being written, then what there is.
		first := uint64(1)
		for range 100 {
			got := slow.next()
			if got == gap("news", first, 990) {
				break
			}
			if got != message("news", first, `"`+data+`"`) {
				t.Fatalf("got %.100s, want %d", got, first)
			}
			first++
		}
		if first > 5 {
			t.Errorf("%d messages of 10 kB had waited", first-1)
		}
		for n := uint64(991); n <= 1000; n++ {
			slow.want(message("news", n, `"`+data+`"`))
		}
		slow.conn.CloseNow()
		quick.conn.CloseNow()
	})
}

// One that takes nothing for too long is cut off, as with replies.
func TestSubscriberThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics := server.NewTopics(nil)
		f, l, stop := pipes(t, echo, server.Options{Topics: topics})
		defer stop()
		p := f.dialPipe(t, l, protocol.Subprotocol)
		p.send(`[` + hello + `,{"on":"news"}]`)
		p.next()
		p.next()
		for n := range 100 {
			publish(t, topics, "news", n)
		}
		time.Sleep(server.DefaultWriteTimeout)
		synctest.Wait()
		if !strings.Contains(f.log.String(), "the client takes no replies") {
			t.Error("the connection is still there")
		}
		publish(t, topics, "news", 1)
		p.conn.CloseNow()
	})
}

// The end of a connection that has much to send yet waits for none of it.
func TestShutdownWithTopics(t *testing.T) {
	topics := server.NewTopics(nil)
	f := serve(t, echo, &server.Options{Topics: topics})
	p := f.open(t)
	p.send(`[{"on":"news"}]`)
	p.next()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				publish(t, topics, "news", 1)
			}
		}
	}()
	for range 100 {
		p.next()
	}
	done := make(chan error)
	go func() { done <- f.Shutdown(context.Background()) }()
	p.closed(protocol.CloseRestart)
	if err := <-done; err != nil {
		t.Error(err)
	}
	close(stop)
	<-stopped
}
