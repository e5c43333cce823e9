package topic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

func TestFromNowOn(t *testing.T) {
	l := NewLog("news", Config{}, "e", 0)
	add(l, 1, 3)
	s := newSubscriber(t)
	s.subscribe(l, nil)
	s.want("on 3")
	add(l, 4, 4)
	s.want("4:4")
	s.quiet()
}

// What was published between the subscription and the moment that the connection
// is ready belongs to it.
func TestBeginsWhereItWasAsked(t *testing.T) {
	l := NewLog("news", Config{}, "e", 0)
	s := newSubscriber(t)
	s.subscribe(l, nil)
	add(l, 1, 2)
	s.want("on 0 1:1 2:2")
}

func TestSince(t *testing.T) {
	for _, c := range []struct {
		name  string
		since *Position
		want  string
	}{
		{"all there", at("e", 7), "on 7 8:8 9:9"},
		{"nothing new", at("e", 9), "on 9"},
		{"just there", at("e", 6), "on 6 7:7 8:8 9:9"},
		{"one is gone", at("e", 5), "on 5 gap 6-6 7:7 8:8 9:9"},
		{"all are gone", at("e", 0), "on 0 gap 1-6 7:7 8:8 9:9"},
		{"another epoch", at("f", 8), "on 6 lost to 6 7:7 8:8 9:9"},
		{"another epoch, from its start", at("f", 0), "on 6 lost to 6 7:7 8:8 9:9"},
		{"the future", at("e", 10), "on 6 lost to 6 7:7 8:8 9:9"},
		{"the far future", at("e", 1<<53-1), "on 6 lost to 6 7:7 8:8 9:9"},
		{"whatever there is", at("", 0), "on 6 7:7 8:8 9:9"},
		{"whatever there is, with a number", at("", 1<<53-1), "on 6 7:7 8:8 9:9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := NewLog("news", Config{Count: 3}, "e", 0)
			add(l, 1, 9)
			s := newSubscriber(t)
			s.subscribe(l, c.since)
			s.want(c.want)
			add(l, 10, 10)
			s.want("10:10")
		})
	}
}

// A subscriber that falls out of the history is told exactly what is missing.
func TestSlowSubscriberGetsAGap(t *testing.T) {
	l := NewLog("news", Config{Count: 3}, "e", 0)
	s := newSubscriber(t)
	s.subscribe(l, nil)
	s.want("on 0")
	add(l, 1, 10)
	s.want("gap 1-7 8:8 9:9 10:10")
	add(l, 11, 12)
	s.want("11:11 12:12")
}

func TestHistoryIsBoundedByBytes(t *testing.T) {
	l := NewLog("news", Config{Bytes: 2 * (entryOverhead + 50)}, "e", 0)
	add(l, 1, 5)
	s := newSubscriber(t)
	s.subscribe(l, at("e", 0))
	s.want("on 0 gap 1-3 4:4 5:5")
	l.Add(Message{Data: quoted(strings.Repeat("x", 1000))}) // too large for the bound, and the newest
	<-s.wakes
	if got, _ := s.fill(); len(got) != 1 || len(got[0]) != len("6:")+1002 {
		t.Fatalf("got %v", got)
	}
	add(l, 7, 7)
	s.want("7:7")
	other := newSubscriber(t)
	other.subscribe(l, at("e", 4))
	other.want("on 4 gap 5-6 7:7")
}

func TestHistoryIsBoundedByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLog("news", Config{Age: time.Minute}, "e", 0)
		for n := 1; n <= 3; n++ {
			l.Add(number(n))
			time.Sleep(20 * time.Second)
		}
		since := func(want string) {
			t.Helper()
			s := newSubscriber(t)
			s.subscribe(l, at("e", 0))
			s.want(want)
		}
		since("on 0 gap 1-1 2:2 3:3") // the first is a minute old
		time.Sleep(20*time.Second - 1)
		since("on 0 gap 1-1 2:2 3:3")
		time.Sleep(time.Nanosecond)
		since("on 0 gap 1-2 3:3")
		time.Sleep(20 * time.Second)
		since("on 0 gap 1-3")
		l.Add(number(4))
		since("on 0 gap 1-3 4:4")
	})
}

func TestConflate(t *testing.T) {
	l := NewLog("prices", Config{Conflate: true}, "e", 0)
	quick, slow := newSubscriber(t), newSubscriber(t)
	quick.subscribe(l, nil)
	slow.subscribe(l, nil)
	quick.want("on 0")
	slow.want("on 0")
	for n := 1; n <= 6; n++ {
		l.Add(keyed([]string{"a", "b"}[n%2], n))
		quick.want(fmt.Sprintf("%d:%d", n, n))
	}
	l.Add(number(7)) // about nothing: it stays
	l.Add(keyed("c", 8))
	slow.want("5:5 6:6 7:7 8:8")
	quick.want("7:7 8:8")
	again := newSubscriber(t)
	again.subscribe(l, at("e", 2))
	again.want("on 2 5:5 6:6 7:7 8:8")
}

// Bounds drive conflated messages out as any others, and only that is a gap.
func TestConflateWithBounds(t *testing.T) {
	l := NewLog("prices", Config{Conflate: true, Count: 2}, "e", 0)
	for n, key := range []string{"a", "b", "a", "a", "b", "c"} {
		l.Add(keyed(key, n+1))
	}
	// 1 and 3 were replaced by 4, 2 by 5; then 4 had to go.
	s := newSubscriber(t)
	s.subscribe(l, at("e", 0))
	s.want("on 0 gap 1-4 5:5 6:6")
	l.Add(keyed("a", 7)) // drives out 5
	l.Add(keyed("c", 8)) // replaces 6
	other := newSubscriber(t)
	other.subscribe(l, at("e", 5))
	other.want("on 5 7:7 8:8")
}

// Many messages of few keys take no memory but for the newest.
func TestConflateForgetsWhatWasReplaced(t *testing.T) {
	l := NewLog("prices", Config{Conflate: true}, "e", 0)
	for n := range 100_000 {
		l.Add(keyed(fmt.Sprint(n%10), n))
	}
	if n := len(l.history.entries); n > 100 || l.history.count != 10 {
		t.Errorf("%d entries for %d messages", n, l.history.count)
	}
}

func TestEpochBeginsAnew(t *testing.T) {
	l := NewLog("news", Config{}, "e", 0)
	s := newSubscriber(t)
	s.subscribe(l, nil)
	add(l, 1, 2)
	s.want("on 0 1:1 2:2")
	l.Begin("f", 5)
	s.want("lost to 5")
	add(l, 6, 6)
	s.want("6:6")
}

func TestSecondOnTakesThePlaceOfTheFirst(t *testing.T) {
	l := NewLog("news", Config{}, "e", 0)
	s := newSubscriber(t)
	s.subscribe(l, nil)
	add(l, 1, 2)
	if released, ok := s.feed.Subscribe(l, at("e", 1)); released != l || !ok {
		t.Error("the first one's log is not to be released")
	}
	s.want("on 1 2:2")
	if len(l.parked) != 1 {
		t.Errorf("%d readers wait, want 1", len(l.parked))
	}
}

func TestUnsubscribe(t *testing.T) {
	l := NewLog("news", Config{}, "e", 0)
	s := newSubscriber(t)
	s.subscribe(l, nil)
	if s.feed.Unsubscribe("news") != l || s.feed.Unsubscribe("news") != nil {
		t.Error("wrong log")
	}
	s.want("")
	add(l, 1, 1)
	s.quiet()
	s.subscribe(l, nil)
	s.want("on 1")
	if got := s.feed.Close(); len(got) != 1 || got[0] != l || len(l.parked) != 0 {
		t.Errorf("closed: %v, %d readers wait", got, len(l.parked))
	}
	if released, ok := s.feed.Subscribe(l, nil); ok || released != l {
		t.Error("subscribed to a closed feed")
	}
}

func TestTooManySubscriptions(t *testing.T) {
	s := newSubscriber(t)
	s.feed.Init(2, func() {})
	a, b, c := NewLog("a", Config{}, "e", 0), NewLog("b", Config{}, "e", 0), NewLog("c", Config{}, "e", 0)
	s.subscribe(a, nil)
	s.subscribe(b, nil)
	if released, ok := s.feed.Subscribe(c, nil); ok || released != c || s.feed.Room("c") || !s.feed.Room("a") {
		t.Error("a third subscription")
	}
	s.subscribe(a, nil)
}

// Topics take turns, so that one with much to say does not hold up the others.
func TestTopicsTakeTurns(t *testing.T) {
	s := newSubscriber(t)
	long := quoted(strings.Repeat("x", 1000))
	var logs []*Log
	for n := range 3 {
		logs = append(logs, NewLog(fmt.Sprint(n), Config{}, "e", 0))
		s.subscribe(logs[n], nil)
		for range 100 {
			logs[n].Add(Message{Data: long})
		}
	}
	frame, more := s.feed.Fill(nil, 64<<10)
	if !more || len(frame) < 64<<10 || len(frame) > 64<<10+2000 {
		t.Errorf("a frame of %d bytes, more: %v", len(frame), more)
	}
	for n := range logs {
		if got := strings.Count(string(frame), fmt.Sprintf(`"topic":"%d"`, n)); got < 10 {
			t.Errorf("topic %d has %d messages in the frame", n, got)
		}
	}
}

// Subscribers of all speeds beside publishers: whatever happens, each gets every
// message once, in order, or is told that it is gone.
func TestEachMessageOnceOrInAGap(t *testing.T) {
	const n, subscribers = 3000, 20
	l := NewLog("news", Config{Count: 50}, "e", 0)
	var all sync.WaitGroup
	for i := range subscribers {
		s := newSubscriber(t)
		s.room = 100 + i*200
		s.subscribe(l, at("e", 0))
		all.Go(func() {
			next := uint64(1)
			for next <= n {
				<-s.wakes
				for more := true; more; {
					var frame []byte
					frame, more = s.feed.Fill(nil, s.room)
					if len(frame) == 0 {
						continue
					}
					r := protocol.NewReader(append(frame, ']'))
					for r.Next() {
						if r.Message().Kind == protocol.OnKind {
							continue
						}
						p, err := r.Message().Published()
						switch {
						case err != nil:
							t.Error(err)
						case p.Data != nil && p.Offset == next:
							next++
						case p.Data == nil && p.Gap.From == next && p.Gap.To >= next:
							next = p.Gap.To + 1
						default:
							t.Errorf("got %s, want %d", told(p), next)
							return
						}
					}
					if i%4 == 0 && rand.N(10) == 0 {
						time.Sleep(time.Microsecond) // slow
					}
				}
			}
		})
	}
	for range 3 {
		all.Go(func() {
			for range n / 3 {
				l.Add(Message{Data: []byte("0")})
			}
		})
	}
	all.Wait()
}

// Subscriptions that come and go beside a publisher leave nothing behind.
func TestComingAndGoing(t *testing.T) {
	l := NewLog("news", Config{}, "e", 0)
	stop := make(chan struct{})
	var all, publisher sync.WaitGroup
	publisher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				l.Add(Message{Data: []byte("0")})
			}
		}
	})
	for range 4 {
		all.Go(func() {
			s := newSubscriber(t)
			var writer sync.WaitGroup
			done := make(chan struct{})
			writer.Go(func() {
				for {
					select {
					case <-s.wakes:
						for more := true; more; {
							_, more = s.feed.Fill(nil, 4000)
						}
					case <-done:
						return
					}
				}
			})
			for range 500 {
				s.feed.Subscribe(l, nil)
				s.feed.Unsubscribe("news")
			}
			s.feed.Close()
			close(done)
			writer.Wait()
		})
	}
	all.Wait()
	close(stop)
	publisher.Wait()
	for l.waiting() {
	}
	if len(l.parked) != 0 {
		t.Errorf("%d readers are left", len(l.parked))
	}
}

func (l *Log) waiting() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.waking
}
