package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/internal/fault"
	"github.com/sockjax/sockjax/server"
)

// press publishes, and counts who subscribes. Pages drive it by tell in
// testdata/topics.js.
type press struct {
	topics *server.Topics

	mu  sync.Mutex     // protects following
	Ons map[string]int `json:"ons"` // by topic: how often somebody has subscribed
}

func newPress() *press {
	p := &press{Ons: map[string]int{}}
	p.topics = server.NewTopics(&server.TopicsOptions{
		Authorize: p.authorize,
		Broker: server.NewMemoryBroker(&server.MemoryBrokerOptions{
			Config: func(topic string) server.TopicConfig {
				if topic == "short" {
					return server.TopicConfig{Count: 3}
				}
				return server.TopicConfig{Count: 10_000}
			}})})
	return p
}

func (p *press) authorize(_ context.Context, _ server.Subscriber, topic string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Ons[topic]++
	if topic == "secret" {
		return errors.New("not for you")
	}
	return nil
}

// publish publishes ?from=1&to=5 to ?topic=x, and answers with the position of
// the last one and who has subscribed.
func (p *press) publish(w http.ResponseWriter, r *http.Request) {
	var from, to int
	var at server.Position
	fmt.Sscan(r.FormValue("from"), &from)
	fmt.Sscan(r.FormValue("to"), &to)
	for n := from; n <= to; n++ {
		at, _ = p.topics.Publish(r.Context(), r.FormValue("topic"), n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]any{"epoch": at.Epoch, "offset": at.Offset, "ons": p.Ons})
}

// Topics between a page, or its workers, and a real server.
func TestTopics(t *testing.T) {
	t.Parallel()
	p := newPress()
	s := server.New(server.HandlerFunc(func(_ context.Context, r *server.Request) (any, error) { return r.Data, nil }),
		&server.Options{Origins: []string{"*"}, Topics: p.topics, Logger: slog.New(slog.DiscardHandler)})
	defer s.Shutdown(context.Background())
	http1 := httptest.NewServer(s)
	defer http1.Close()
	proxy, err := fault.New(http1.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	site := e2e.NewSite(t)
	site.Script("/where.js", `globalThis.where = "ws://`+proxy.Addr()+`"`)
	site.Script("/mortal.js", fmt.Sprintf("new BroadcastChannel('die').onmessage = () => close(); importScripts('/%s')", workerFile(t)))
	site.Page("/topics", `<script src="/sockjax.global.js"></script><script src="/where.js"></script>`, nil)
	site.Handle("/press/publish", p.publish)
	for path, act := range map[string]func(){
		"cut":   func() { proxy.Cut(fault.RST) },
		"stall": func() { proxy.Change(func(c *fault.Conditions) { c.Stalled = fault.Both }) },
		"heal":  proxy.Heal,
	} {
		site.Handle("/press/"+path, func(w http.ResponseWriter, r *http.Request) {
			act()
			p.publish(w, r)
		})
	}
	site.Cases(t, "/topics", "topics.js")
}
