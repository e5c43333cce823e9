package browser_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sockjax/sockjax/internal/e2e"
)

// A durable call that a page makes while it is being left reaches the server,
// and runs once, whether or not the browser has had time to store it. Where the
// browser has closed the socket by then, it is stored if the database is open.
func TestDurableWhileThePageIsLeft(t *testing.T) {
	e2e.Needs(t, e2e.LastWords)
	t.Parallel()
	for name, making := range map[string]string{
		"pagehide":                        `addEventListener("pagehide", listener)`,
		"pagehide, in a microtask":        `addEventListener("pagehide", () => Promise.resolve().then(listener))`,
		"just before":                     `globalThis.before = true`,
		"visibilitychange":                `document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && listener())`,
		"visibilitychange, at the window": `addEventListener("visibilitychange", listener)`,
		"beforeunload":                    `addEventListener("beforeunload", listener)`,
		"just before a reload":            `globalThis.before = globalThis.reload = true`,
	} {
		for _, cached := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, cached %t", name, cached), func(t *testing.T) {
				if name != "beforeunload" {
					e2e.Needs(t, e2e.SocketToTheEnd)
				}
				t.Parallel()
				leavePage(t, making, cached)
			})
			t.Run(fmt.Sprintf("%s, cached %t, not the first", name, cached), func(t *testing.T) {
				t.Parallel()
				leavePage(t, making, cached, "first")
			})
		}
	}
}

// leavePage opens a page that makes a durable call when it is left, and others
// before, leaves it, and comes back.
func leavePage(t *testing.T, making string, cached bool, before ...string) {
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	arrived := make(chan struct{}, 10)
	site.Handle("/arrived", func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} })
	header := http.Header{}
	if !cached {
		header.Set("Cache-Control", "no-store") // such a page is in no cache
	}
	const arrive = `<script>fetch("/arrived")</script>`
	site.Page("/left", `<script src="/sockjax.global.js"></script>`+arrive, header)
	site.Page("/next", arrive, nil)
	page := e2e.Open(t, site.URL+"/left")
	<-arrived
	e2e.Eval[any](t, page, fmt.Sprintf(`
		globalThis.api = sockjax.connect(%q);
		globalThis.make = () => {
			api.send({ job: "a", hold: true }, null, { durable: true, timeout: 0 });
			globalThis.make = () => {};
		};
		await T.engine(api);
		for (const job of %s ?? []) await api.request({ job }, { durable: true });
		const listener = () => make();
		%s;`, w.url()+"/ws", jsonOf(t, before), making))
	e2e.Eval[any](t, page, `
		setTimeout(() => {
			if (globalThis.before) make();
			if (globalThis.reload) location.reload();
			else location.href = "/next";
		});`)
	<-arrived
	next := page.Another(t, site.URL)
	e2e.Eval[any](t, next, fmt.Sprintf(`
		globalThis.api = sockjax.connect(%q);
		api.addEventListener("outbox", ({ detail }) => T.note(detail.data.job + ": " + (detail.reply?.job ?? detail.error.code)));
		await T.engine(api);`, w.url()+"/ws"))
	for began := time.Now(); !w.hasRun("a"); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("the call has not reached the server")
		}
	}
	close(w.gate("a"))
	told := e2e.Eval[[]string](t, next, `
		await T.until(async () => (await T.sessionLocks()).length === 0);
		await api.request({ job: "b" });
		return T.log`)
	// Nobody was told where there was no time to store it. What the page has heard
	// just before it was left may be told again: the store could not note it.
	told = slices.DeleteFunc(told, func(what string) bool { return len(before) > 0 && what == "first: first" })
	if len(told) > 1 || len(told) == 1 && told[0] != "a: a" {
		t.Errorf("the next page was told %q", told)
	}
	w.wantRan(t, append(before, "a", "b")...)
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (w *workshop) hasRun(job string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.ran, job)
}
