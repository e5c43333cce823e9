package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/sockjax/sockjax/internal/e2e"
)

// A page that goes into the back/forward cache and comes back finds its client
// at work again, and its calls settled.
func TestBackForwardCache(t *testing.T) {
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

// Chromium's own idea of being offline: open sockets go deaf and stay open,
// new ones fail, and what was under way is delivered afterwards.
func TestOffline(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	server := e2e.NewServer(t)
	outage := func(t *testing.T, during, after, want string) {
		t.Parallel()
		page := e2e.Open(t, site.URL)
		e2e.Eval[any](t, page, fmt.Sprintf(`
			globalThis.api = sockjax.connect(%q, { heartbeat: { after: 60_000, timeout: 10_000 } });
			await T.engine(api);
			await api.request(1);`, server.URL()+"/ws"))
		setOffline(t, page, true)
		e2e.Eval[any](t, page, during)
		setOffline(t, page, false)
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

// setOffline takes a page's network away, or gives it back, and then tells the
// page so.
func setOffline(t *testing.T, page *e2e.Page, is bool) {
	t.Helper()
	conditions := []*network.Conditions{}
	if is {
		conditions = append(conditions, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	if _, err := chromedp.Call(page.Context(), network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(page.Context(), network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: conditions}); err != nil {
		t.Fatal(err)
	}
	// The command is done before the network is: an event that comes earlier
	// has the page probe a connection that still answers.
	e2e.Eval[any](t, page, fmt.Sprintf(`await T.until(() => fetch("/empty", { cache: "no-store" }).then(() => %t, () => %t))`, !is, is))
	if _, err := chromedp.Call(page.Context(), network.OverrideNetworkState,
		network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		t.Fatal(err)
	}
	e2e.Eval[any](t, page, fmt.Sprintf(`await T.until(() => navigator.onLine !== %t)`, is))
}
