package browser_test

import (
	"fmt"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// A page that goes into the back/forward cache and comes back finds its client
// at work again, and its calls settled.
func TestBackForwardCache(t *testing.T) {
	e2e.Needs(t, e2e.BackForwardCache)
	t.Parallel()
	site := e2e.NewSite(t)
	server := e2e.NewServer(t)
	page := e2e.Open(t, site.URL)
	// With its engine: a page that is still loading wasm may be thrown out of
	// the cache for that. TestStart has what happens then.
	e2e.Eval[any](t, page, fmt.Sprintf(`
		globalThis.api = sockjax.connect(%q, { reconnect: { min: 60_000_000, max: 60_000_000 } });
		await T.engine(api);
		await api.request(1);
		api.send({ do: "silent" }, T.cb("a"), { timeout: 0 });
		await api.drain();`, server.URL()+"/ws"))
	page.Leave(t, site.URL+"/empty")
	got := e2e.Eval[string](t, page, `
		const reply = await api.request("after");
		await T.logged(1);
		return [reply, api.state, api.stats().opened, T.log].join(" ")`)
	if want := "after open 2 a: lost/unknown"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The browser's own idea of being offline: open sockets go deaf and stay open,
// new ones fail, and what was under way is delivered afterwards.
func TestOffline(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	e2e.Needs(t, e2e.OwnSocket) // no driver takes the network from a worker
	outage := func(t *testing.T, during, after, want string) {
		t.Parallel()
		server := e2e.NewServer(t)
		page := e2e.Open(t, site.URL)
		page.SetOffline(t, server, false) // Chromium's sockets go deaf only where it has heard of that before
		e2e.Eval[any](t, page, fmt.Sprintf(`
			globalThis.api = sockjax.connect(%q, { heartbeat: { after: 60_000, timeout: 10_000 } });
			await T.engine(api);
			await api.request(1);`, server.ProxyURL()+"/ws"))
		page.SetOffline(t, server, true)
		e2e.Eval[any](t, page, during)
		page.SetOffline(t, server, false)
		got := e2e.Eval[string](t, page, after+`; return [T.log, api.state, api.stats().opened].join(" ")`)
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	t.Run("a short one loses nothing, not even the connection", func(t *testing.T) {
		outage(t, `api.send({ n: 2 }, T.cb("a", ({ n }) => n)); await T.wait(100)`, `await T.logged(1)`, "a: 2 open 1")
	})
	t.Run("a long one is found by a probe and ended by the event online", func(t *testing.T) {
		outage(t, `api.send({ n: 3 }, T.cb("b", ({ n }) => n), { idempotent: true, timeout: 0 }); await T.state(api, "waiting")`,
			`await T.logged(1)`, "b: 3 open 2")
	})
}
