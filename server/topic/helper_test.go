package topic

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// A subscriber reads a feed as a client would, and keeps to what a client may
// rely on: offsets grow, and each message that it was not sent is in a gap.
type subscriber struct {
	t     testing.TB
	feed  Feed
	wakes chan struct{}
	room  int // bytes of a frame
}

func newSubscriber(t testing.TB) *subscriber {
	s := &subscriber{t: t, wakes: make(chan struct{}, 1), room: 64 << 10}
	s.feed.Init(1000, func() { s.wakes <- struct{}{} })
	return s
}

// fill is the messages of the next frame, without the name of the topic where
// there is only one.
func (s *subscriber) fill() (messages []string, more bool) {
	s.t.Helper()
	frame, more := s.feed.Fill(nil, s.room)
	if len(frame) == 0 {
		return nil, more
	}
	r := protocol.NewReader(append(frame, ']'))
	for r.Next() {
		switch m := r.Message(); m.Kind {
		case protocol.OnKind:
			o, err := m.On()
			if err != nil {
				s.t.Fatal(err)
			}
			messages = append(messages, fmt.Sprintf("on %d", o.Position.Offset))
		case protocol.TopicKind:
			p, err := m.Published()
			if err != nil {
				s.t.Fatal(err)
			}
			messages = append(messages, told(p))
		default:
			s.t.Fatalf("unexpected: %s", m.Body)
		}
	}
	if r.Err() != nil {
		s.t.Fatalf("%v: %s", r.Err(), frame)
	}
	return messages, more
}

func told(p protocol.Published) string {
	switch {
	case p.Data != nil:
		return fmt.Sprintf("%d:%s", p.Offset, p.Data)
	case p.Gap.Epoch != "":
		return fmt.Sprintf("lost to %d", p.Gap.To)
	}
	return fmt.Sprintf("gap %d-%d", p.Gap.From, p.Gap.To)
}

// want waits until it is woken, and fills frames until there is no more.
func (s *subscriber) want(want string) {
	s.t.Helper()
	<-s.wakes
	var got []string
	for more := true; more; {
		var messages []string
		messages, more = s.fill()
		got = append(got, messages...)
	}
	if text := strings.Join(got, " "); text != want {
		s.t.Fatalf("got  %s\nwant %s", text, want)
	}
}

// quiet checks that it was not woken.
func (s *subscriber) quiet() {
	s.t.Helper()
	select {
	case <-s.wakes:
		messages, _ := s.fill()
		s.t.Fatalf("woken for %v", messages)
	default:
	}
}

func (s *subscriber) subscribe(l *Log, since *Position) {
	s.t.Helper()
	if _, ok := s.feed.Subscribe(l, since); !ok {
		s.t.Fatal("refused")
	}
}

func number(n int) Message { return Message{Data: []byte(fmt.Sprint(n))} }

func keyed(key string, n int) Message { return Message{Data: []byte(fmt.Sprint(n)), Key: key} }

// add adds messages that say their own offsets.
func add(l *Log, from, to int) {
	for n := from; n <= to; n++ {
		l.Add(number(n))
	}
}

func at(epoch string, offset uint64) *Position { return &Position{Epoch: epoch, Offset: offset} }

func quoted(s string) []byte { b, _ := json.Marshal(s); return b }
