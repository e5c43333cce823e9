package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockjax/sockjax/server"
)

func TestPublish(t *testing.T) {
	h := publish(newTopics())
	for n := 1; n <= 2; n++ {
		if got, err := ask(t, h, `{"api":"publish","topic":"demo/a","data":[1]}`); got != fmt.Sprintf(`{"offset":%d}`, n) {
			t.Errorf("got %s, %v", got, err)
		}
	}
	for _, data := range []string{`{"topic":"other","data":1}`, `{"data":1}`, `{"topic":7}`, `{"topic":"demo/` + strings.Repeat("x", 1000) + `"}`} {
		var e *server.Error
		if got, err := ask(t, h, data); !errors.As(err, &e) {
			t.Errorf("%.50s: got %s, %v", data, got, err)
		}
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSocket((&origins{}).allowed, io.Discard)
		time.Sleep(3*time.Second + time.Millisecond)
		synctest.Wait()
		p, err := s.options.Topics.Publish(context.Background(), clockTopic, nil)
		if err != nil || p.Offset != 4 {
			t.Errorf("after 3 s, the next is %v: %v", p, err)
		}
		s.Shutdown(context.Background())
		time.Sleep(time.Minute)
		if p, err = s.options.Topics.Publish(context.Background(), clockTopic, nil); err != nil || p.Offset != 5 {
			t.Errorf("a stopped clock ticks: %v, %v", p, err)
		}
	})
}
