//go:build !js

package client

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

func TestManyTopicsTakeSeveralFrames(t *testing.T) {
	k := newTalk(t)
	name := strings.Repeat("x", 1000)
	for n := range 200 {
		k.topics.add(fmt.Sprint(name, n), &subscription{})
	}
	frames := k.topics.say(1, 1<<20)
	if len(frames) < 3 {
		t.Errorf("%d frames", len(frames))
	}
	ons := 0
	for _, frame := range frames {
		if len(frame) > protocol.FirstFrame {
			t.Errorf("a frame of %d bytes", len(frame))
		}
		var messages []json.RawMessage
		if err := json.Unmarshal(frame, &messages); err != nil {
			t.Error(err)
		}
		ons += len(messages)
	}
	if ons != 200 {
		t.Errorf("%d subscriptions", ons)
	}
}

func TestSubscribeThatCannotWork(t *testing.T) {
	plain := newClient("ws://x", &DialOptions{Options: Options{Plain: true}})
	c := newClient("ws://x", nil)
	closed := newClient("ws://x", nil)
	closed.Close()
	for _, try := range []struct {
		client  *Client
		topic   string
		handler func(Message)
		code    Code
	}{
		{plain, "x", func(Message) {}, CodeInvalid},
		{c, "", func(Message) {}, CodeInvalid},
		{c, strings.Repeat("x", 10_000), func(Message) {}, CodeInvalid},
		{c, "\xff", func(Message) {}, CodeInvalid},
		{c, "x", nil, CodeInvalid},
		{closed, "x", func(Message) {}, CodeClosed},
	} {
		off, err := try.client.Subscribe(try.topic, try.handler, nil)
		if e := errorAs[*Error](err); off != nil || e == nil || e.Code != try.code || e.Fate != Unsent || !strings.HasPrefix(err.Error(), "failed to subscribe: ") {
			t.Errorf("%.10q: %v", try.topic, err)
		}
	}
}

// FuzzTopics lets a server say anything about topics.
func FuzzTopics(f *testing.F) {
	f.Add(answer(3)+","+sent(4), sent(5))
	f.Add(`{"on":"x"},{"off":"x","why":{"code":"a"}}`, `{"topic":"x","gap":{"from":9,"to":3}}`)
	f.Add(fmt.Sprintf(lostF, 2), `{"topic":"x"}`)
	f.Add(`{"topic":"x","offset":9007199254740991,"data":1},{"topic":"x","offset":0,"data":null}`, `{"on":7}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		var k topics
		k.init(func() {})
		last := Position{}
		s := &subscription{handler: func(m Message) {
			if m.Epoch == last.Epoch && m.Offset <= last.Offset {
				t.Errorf("told %v after %v", m.Position, last)
			}
			last = m.Position
		}}
		s.options.Gap = func(g Gap) {
			if g.Epoch == "" && g.From > g.To {
				t.Errorf("gap %+v", g)
			}
		}
		k.add("x", s)
		s.running = true // events are told here
		for conn, frame := range []string{first, second} {
			k.say(conn, 1000)
			d := engine.NewDecoder(engine.New[*request](host{}, Options{}), (*request).end)
			d.Topics(k.message)
			d.Text(nil, []byte("["+frame+"]"))
			for len(s.queue) > 0 {
				e, _ := s.next()
				s.tell(e)
			}
		}
	})
}
