package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/internal/fault"
	"github.com/sockjax/sockjax/server"
)

// workshop is a server that notes each job that it runs, behind a network that
// misbehaves. Pages drive it by class Workshop in testdata/durable.js.
type workshop struct {
	http  *httptest.Server
	proxy *fault.Proxy

	mu      sync.Mutex // protects following
	present *server.Server
	opened  int
	ran     []string                 // jobs, in order
	held    map[string]chan struct{} // by job
}

// job is what a request asks for.
type job struct {
	Job  string `json:"job"`
	Hold bool   `json:"hold"` // until it is released
	Fail bool   `json:"fail"` // return an error
	Pad  string `json:"pad"`  // any text
}

func newWorkshop(t *testing.T, site *e2e.Site) *workshop {
	t.Helper()
	w := &workshop{held: map[string]chan struct{}{}}
	w.restart()
	w.http = httptest.NewServer(w)
	proxy, err := fault.New(w.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w.proxy = proxy
	t.Cleanup(func() {
		w.proxy.Close()
		w.restart()
		w.http.Close()
	})
	control := func(path string, do func(body string)) {
		site.Handle("/workshop/"+path, func(rw http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			do(string(body))
			w.mu.Lock()
			defer w.mu.Unlock()
			_ = json.NewEncoder(rw).Encode(map[string]any{"ran": w.ran, "opened": w.opened})
		})
	}
	control("look", func(string) {})
	control("release", func(job string) { close(w.gate(job)) })
	control("restart", func(string) { w.restart() })
	control("stall", func(string) { w.proxy.Change(func(c *fault.Conditions) { c.Stalled = fault.Down }) })
	control("cut", func(string) { w.proxy.Cut(fault.RST) })
	control("block", func(string) {
		w.proxy.Change(func(c *fault.Conditions) { c.Admit = fault.Refuse })
		w.proxy.Cut(fault.FIN)
	})
	control("heal", func(string) { w.proxy.Heal() })
	return w
}

// url is http://host:port of the network before it.
func (w *workshop) url() string { return "http://" + w.proxy.Addr() }

func (w *workshop) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.opened++
	present := w.present
	w.mu.Unlock()
	present.ServeHTTP(rw, r)
}

// restart puts another server in the place of the present one, which knows no
// sessions.
func (w *workshop) restart() {
	w.mu.Lock()
	old := w.present
	w.present = server.New(server.Func(w.work), &server.Options{
		Origins: []string{"*"}, MaxMessage: 1 << 20,
		Authenticate: func(_ context.Context, _ *http.Request, token string) (server.Identity, error) {
			if token == "forged" {
				return server.Identity{}, errors.New("this token is forged")
			}
			return server.Identity{Principal: token}, nil
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	w.mu.Unlock()
	if old != nil {
		dead, cancel := context.WithCancel(context.Background())
		cancel()
		_ = old.Shutdown(dead)
	}
}

func (w *workshop) work(ctx context.Context, in job) (job, error) {
	w.mu.Lock()
	w.ran = append(w.ran, in.Job)
	w.mu.Unlock()
	if in.Hold {
		select {
		case <-w.gate(in.Job):
		case <-ctx.Done():
			return job{}, ctx.Err()
		}
	}
	if in.Fail {
		return job{}, &server.Error{Code: "failed", Data: in.Job}
	}
	return in, nil
}

func (w *workshop) gate(job string) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[job] == nil {
		w.held[job] = make(chan struct{})
	}
	return w.held[job]
}

// Durable calls, with pages that go away as frames of the page that watches.
func TestDurable(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	outboxPage(t, site)
	site.Page("/durable", fmt.Sprintf(`<script src="/sockjax.global.js"></script><script>globalThis.workshopURL = %q</script>
		<script src="/modules.js"></script><body>`, w.url()), nil)
	site.FreshCases(t, "/durable", "durable.js")
}

// recovered makes a client, and returns what its outbox event tells.
const recovered = `
	const api = sockjax.connect(ws, { reconnect: { min: 1, max: 20 } });
	const { data, reply, error, key } = await T.event(api, "outbox");
	await T.until(async () => (await T.sessionLocks()).length === 0);
	return [data.job, reply?.job, error?.code ?? "", String(key)];`

// begin makes a client with a durable call, and returns when its handler runs.
func (w *workshop) begin(t *testing.T, page *e2e.Page, job string) {
	t.Helper()
	e2e.Eval[any](t, page, fmt.Sprintf(`
		globalThis.api = sockjax.connect(%q, { reconnect: { min: 1, max: 20 } });
		api.send({ job: %q, hold: true }, T.cb("a", () => "reply"), { durable: true, timeout: 0 });
		await T.until(async () => (await (await fetch("/workshop/look")).json()).ran?.includes(%[2]q));`, w.url()+"/ws", job))
}

// wantOnce wants a page to be told of the job's reply, and the job to have run
// once.
func (w *workshop) wantOnce(t *testing.T, page *e2e.Page, job string) {
	t.Helper()
	got := e2e.Eval[[]string](t, page, fmt.Sprintf("const ws = %q;", w.url()+"/ws")+recovered)
	if want := []string{job, job, "", "1"}; !slices.Equal(got, want) {
		t.Errorf("the outbox event told %q, want %q", got, want)
	}
	w.wantRan(t, job)
}

func (w *workshop) wantRan(t *testing.T, jobs ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.ran, jobs) {
		t.Errorf("ran: %q, want %q", w.ran, jobs)
	}
}

func TestDurableReload(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	page := e2e.Open(t, site.URL)
	w.begin(t, page, "a")
	page.Navigate(t, site.URL) // the same again
	close(w.gate("a"))
	w.wantOnce(t, page, "a")
}

// The page goes, and the browser keeps it in its back/forward cache, with its
// lock, until the next one asks for that.
func TestDurableNavigate(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	page := e2e.Open(t, site.URL)
	w.begin(t, page, "a")
	page.Navigate(t, site.URL+"/empty")
	close(w.gate("a"))
	page.Navigate(t, site.URL)
	w.wantOnce(t, page, "a")
}

// It comes back from there, and its calls go on.
func TestDurableBack(t *testing.T) {
	e2e.Needs(t, e2e.BackForwardCache)
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	page := e2e.Open(t, site.URL)
	w.begin(t, page, "a")
	page.Leave(t, site.URL+"/empty")
	close(w.gate("a"))
	got := e2e.Eval[[]string](t, page, `
		await T.logged(1);
		await T.until(async () => (await T.sessionLocks()).length === 0);
		return T.log`)
	if !slices.Equal(got, []string{"a: reply"}) {
		t.Errorf("the page was told %q", got)
	}
	w.wantRan(t, "a")
}

func TestDurableTabs(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	first := e2e.Open(t, site.URL)
	w.begin(t, first, "a")

	// Another tab leaves the first its call.
	second := first.Another(t, site.URL)
	e2e.Eval[any](t, second, fmt.Sprintf(`
		globalThis.api = sockjax.connect(%q);
		api.addEventListener("outbox", () => T.note("taken"));
		await api.request({ job: "b" }, { durable: true });`, w.url()+"/ws"))
	close(w.gate("a"))
	if got := e2e.Eval[[]string](t, first, `await T.logged(1); return T.log`); !slices.Equal(got, []string{"a: reply"}) {
		t.Errorf("the first tab was told %q", got)
	}
	if got := e2e.Eval[[]string](t, second, `return T.log`); len(got) > 0 {
		t.Errorf("the second tab was told %q", got)
	}
	w.wantRan(t, "a", "b")
}

// A browser that is killed loses nothing that it was told to store.
func TestDurableBrowserCrash(t *testing.T) {
	e2e.Needs(t, e2e.KeptProfile)
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	profile := t.TempDir()
	page, kill := e2e.OpenProfile(t, profile, site.URL)
	w.begin(t, page, "a")
	kill()
	close(w.gate("a"))
	page, _ = e2e.OpenProfile(t, profile, site.URL)
	w.wantOnce(t, page, "a")
}

// A site that may store no more gets an error, and sends nothing.
func TestDurableQuota(t *testing.T) {
	e2e.Needs(t, e2e.Quota)
	t.Parallel()
	site := e2e.NewSite(t)
	w := newWorkshop(t, site)
	page := e2e.Open(t, site.URL)
	page.SetQuota(t, site.URL, 300_000)
	got := e2e.Eval[[]string](t, page, fmt.Sprintf(`
		globalThis.api = sockjax.connect(%q);
		await api.ready;
		// It is compressed before it is counted.
		const noise = Array.from({ length: 600 }, () => crypto.getRandomValues(new Uint16Array(1000)).reduce((text, n) => text + String.fromCharCode(32 + n %% 90), "")).join("");
		globalThis.told = (job, pad) => api.request({ job, pad }, { durable: true }).then((reply) => reply.job, (error) => error.code + "/" + error.fate + ": " + error.cause.name);
		return [await told("small", ""), await told("big", noise)];`, w.url()+"/ws"))
	page.SetQuota(t, site.URL, 3_000_000) // Chromium frees what it has written of that call when it gets to it
	got = append(got, e2e.Eval[string](t, page, `return told("another", "")`))
	if want := []string{"small", "storage/unsent: QuotaExceededError", "another"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	w.wantRan(t, "small", "another")
}
