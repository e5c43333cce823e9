package browser_test

import (
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/sockjax/sockjax/internal/e2e"
)

// outboxPage adds a page that has the modules of the outbox under "modules".
func outboxPage(t *testing.T, site *e2e.Site) {
	t.Helper()
	out := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{ResolveDir: "../../web", Contents: `
			export { SockjaxError } from "./shared/errors.js";
			export { Outbox, lockName } from "./store/outbox.js";
			export { Store } from "./store/store.js";`},
		Bundle:     true,
		Format:     api.FormatIIFE,
		GlobalName: "modules",
	})
	if len(out.Errors) > 0 {
		t.Fatal(out.Errors[0].Text)
	}
	site.Script("/modules.js", string(out.OutputFiles[0].Contents))
	const scripts = `<script src="/modules.js"></script><script>globalThis.sockjax = modules</script><body>`
	site.Page("/outbox", scripts, nil)
	site.Page("/sandboxed", scripts+`<script>
		const call = { name: "n", session: "s", key: 1, size: 1, text: "1", idempotent: false, sent: false };
		const bounds = { calls: 1, bytes: 1 };
		const told = (promise) => promise.then(() => "stored", ({ code, fate, message }) => code + "/" + fate + ": " + message);
		Promise.all([told(new modules.Store().put(call, bounds)), told(new modules.Outbox({ name: "n", ...bounds }, "s").add(call))])
			.then((ends) => parent.postMessage(ends, "*"));
	</script>`, nil)
}

// What the outbox of durable calls is made of, without a client.
func TestOutboxStore(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	outboxPage(t, site)
	site.FreshCases(t, "/outbox", "outbox.js")
}
