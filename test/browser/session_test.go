package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/internal/fault"
	"github.com/sockjax/sockjax/server"
)

// counter is a real server that counts what it runs, behind a network that
// misbehaves. Pages drive it by tell in testdata/session.js.
type counter struct {
	mu     sync.Mutex     // protects following
	Ran    map[string]int `json:"ran"`    // by name
	Opened int            `json:"opened"` // handshakes
	Tokens []string       `json:"tokens"` // in order
}

// work counts, and answers how often it has.
func (c *counter) work(_ context.Context, in struct {
	Name string
	Pad  string
}) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Ran[in.Name]++
	return c.Ran[in.Name], nil
}

// check takes tokens that begin with "good", for 5 s.
func (c *counter) check(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Tokens = append(c.Tokens, token)
	switch {
	case token == "":
		return server.Identity{}, nil
	case strings.HasPrefix(token, "good"):
		return server.Identity{Principal: "ada", Expires: time.Now().Add(5 * time.Second)}, nil
	}
	return server.Identity{}, errors.New("log in again")
}

// Sessions, tokens and back-pressure between a page and a real server.
func TestSession(t *testing.T) {
	t.Parallel()
	c := &counter{Ran: map[string]int{}}
	options := &server.Options{Origins: []string{"*"}, Authenticate: c.check, Logger: slog.New(slog.DiscardHandler)}
	paced := *options
	paced.Rate, paced.Burst = 500, 50
	mux := http.NewServeMux()
	for path, o := range map[string]*server.Options{"/ws": options, "/paced": &paced} {
		s := server.New(server.Func(c.work), o)
		defer s.Shutdown(context.Background())
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			c.mu.Lock()
			c.Opened++
			c.mu.Unlock()
			s.ServeHTTP(w, r)
		})
	}
	http1 := httptest.NewServer(mux)
	defer http1.Close()
	proxy, err := fault.New(http1.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	site := e2e.NewSite(t)
	site.Script("/where.js", `globalThis.where = "ws://`+proxy.Addr()+`"`)
	site.Page("/session", `<script src="/sockjax.global.js"></script><script src="/where.js"></script>`, nil)
	for path, act := range map[string]func(){
		"look":    func() {},
		"stall":   func() { proxy.Change(func(c *fault.Conditions) { c.Stalled = fault.Both }) },
		"deafen":  func() { proxy.Change(func(c *fault.Conditions) { c.Stalled = fault.Down }) },
		"swallow": func() { proxy.Swallow(fault.Both) },
		"reset":   func() { proxy.Cut(fault.RST) },
		"heal":    proxy.Heal,
	} {
		site.Handle("/counter/"+path, func(w http.ResponseWriter, _ *http.Request) {
			act()
			c.mu.Lock()
			defer c.mu.Unlock()
			_ = json.NewEncoder(w).Encode(c)
		})
	}
	site.FreshCases(t, "/session", "session.js")
}
