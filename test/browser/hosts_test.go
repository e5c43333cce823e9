package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// workerFile is the name of the script of workers.
func workerFile(t *testing.T) string {
	t.Helper()
	for name := range e2e.Artefacts(t).Files {
		if strings.HasPrefix(name, "sockjax-worker-") && strings.HasSuffix(name, ".js") {
			return name
		}
	}
	t.Fatal("there is no script of workers")
	return ""
}

// What is different where wasm and socket are in a worker.
func TestHosts(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	site.Script("/mortal.js", fmt.Sprintf("new BroadcastChannel('die').onmessage = () => close(); importScripts('/%s')", workerFile(t)))
	site.Cases(t, "/", "hosts.js")
}

// A page's policy says whether it may have workers, which have policies of
// their own.
func TestHostsUnderPolicies(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	site.Handle("/ws", e2e.NewServer(t).ServeHTTP)
	site.Script("/run.js", `
		globalThis.run = (host) => {
			const api = sockjax.connect("/ws", { host });
			return Promise.any([api.request("hello"), T.event(api, "error").then(({ message }) => message)]);
		};`)
	const scripts = `<script src="/sockjax.global.js"></script><script src="/run.js"></script>`
	const policy = "default-src 'none'; script-src 'self'"
	site.Page("/with", scripts, http.Header{"Content-Security-Policy": {policy}})
	site.Page("/without", scripts, http.Header{"Content-Security-Policy": {policy + "; worker-src 'none'"}})
	for _, host := range []string{"worker", "shared"} {
		run := fmt.Sprintf("return run(%q)", host)
		if got := e2e.Eval[string](t, e2e.Open(t, site.URL+"/with"), run); got != "hello" {
			t.Errorf("%s: %s", host, got)
		}
		got := e2e.Eval[string](t, e2e.Open(t, site.URL+"/without"), run)
		if !strings.Contains(got, "a Content-Security-Policy must allow it in worker-src") {
			t.Errorf("%s under worker-src 'none': %s", host, got)
		}
	}
}
