package sockjax_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

// The thirteen defects of the script that sockjax grew out of, in a real
// browser. Each test plays one scenario against sockjax, which must behave, and
// against that script, which must show the defect: otherwise the scenario would
// prove nothing. test/browser has all other tests in a browser.

func TestMain(m *testing.M) { e2e.Main(m) }

// scenario is the body of an async function of (server, connect) and what it
// returns, as JSON, for each client. See testdata/clients.js for connect and
// internal/e2e/page.js for the rest.
type scenario struct {
	js      string
	sockjax string
	plain   string // sockjax in plain mode; default: as sockjax
	seed    string
	mended  string // the seed with its two broken lines mended; default: not played
}

func (s scenario) play(t *testing.T) {
	t.Parallel()
	site := e2e.NewSite(t)
	clients := `<script src="/testdata/clients.js"></script>`
	site.Script("/seed.js", e2e.SeedScript)
	site.Script("/seed-mended.js", e2e.MendedSeedScript())
	site.Page("/sockjax", `<script src="/sockjax.global.js"></script>`+clients, nil)
	site.Page("/seed", `<script src="/seed.js"></script>`+clients, nil)
	site.Page("/mended", `<script src="/seed-mended.js"></script>`+clients, nil)
	if s.plain == "" {
		s.plain = s.sockjax
	}
	pages := map[string]*e2e.Page{} // opened by t, since subtests share them
	for _, c := range []struct{ client, page, want string }{
		{"sockjax", "/sockjax", s.sockjax},
		{"plain", "/sockjax", s.plain},
		{"seed", "/seed", s.seed},
		{"mended", "/mended", s.mended},
	} {
		if c.want == "" {
			continue
		}
		page := pages[c.page]
		if page == nil {
			page = e2e.Open(t, site.URL+c.page)
			pages[c.page] = page
		}
		t.Run(c.client, func(t *testing.T) {
			out := page.Case(t, e2e.NewServer(t), fmt.Sprintf(`async (server) => {
				const { until, within, cb } = T;
				const connect = (options) => clients.%s(server, options);
				%s
			}`, c.client, s.js))
			if c.page != "/sockjax" {
				out.Uncaught = nil
			}
			out.Check(t)
			if got, want := decode(t, out.Result), decode(t, []byte(c.want)); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %s\nwant %s", out.Result, c.want)
			}
		})
	}
}

func decode(t *testing.T, text []byte) (v any) {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestA1_EachKeyLeavesTheMapOnce(t *testing.T) {
	scenario{
		js: `
			const client = connect();
			await client.opened();
			await server.set({ times: 2 });
			client.send({ key: "a" }, cb("a", () => "reply"));
			await until(() => T.log.length > 0);
			await server.set({ times: 1 });
			client.send({ key: "b" }, cb("b", () => "reply"));
			await until(() => T.log.includes("b: reply"));
			return { log: T.log, held: client.held() };`,
		sockjax: `{"log": ["a: reply", "b: reply"], "held": 0}`,
		seed:    `{"log": ["a: reply", "a: reply", "b: reply"], "held": 2}`,
	}.play(t)
}

func TestA2_EveryCallEnds(t *testing.T) {
	scenario{
		js: `
			const client = connect();
			await client.opened();
			client.send({ key: "a", do: "silent" }, cb("a"));
			await server.until((seen) => seen.requests.length === 1);
			await server.fin();
			await server.until((seen) => seen.opened === 2);
			await client.opened();
			client.send({ key: "b", do: "silent" }, cb("b"), { timeout: 150 });
			client.send({ key: "c" }, cb("c", () => "reply"));
			await until(() => T.log.includes("c: reply"));
			await within(client.patience, () => T.log.length === 3);
			return T.log.sort();`,
		sockjax: `["a: lost/unknown", "b: timeout/unknown", "c: reply"]`,
		seed:    `["c: reply"]`,
	}.play(t)
}

func TestA3_WhatIsNoJSONIsCountedNotThrown(t *testing.T) {
	scenario{
		js: `
			const client = connect();
			await client.opened();
			await server.push("pong");
			await server.push("what?");
			client.send({ key: "a" }, cb("a", () => "reply"));
			await until(() => T.log.length > 0);
			return { log: T.log, garbage: client.garbage(), thrown: T.uncaught.length };`,
		sockjax: `{"log": ["a: reply"], "garbage": 1, "thrown": 0}`,
		seed:    `{"log": ["a: reply"], "garbage": 0, "thrown": 2}`,
	}.play(t)
}

func TestA4_UnknownKeyIsAnEvent(t *testing.T) {
	scenario{
		js: `
			const client = connect();
			await client.opened();
			await client.push(server, { key: 9007, data: "nobody asked" });
			client.send({ key: "a" }, cb("a", () => "reply"));
			await until(() => T.log.length > 0);
			return { unmatched: client.unmatched, thrown: T.uncaught.length };`,
		sockjax: `{"unmatched": [{"key": 9007, "message": {"key": 9007, "data": "nobody asked"}}], "thrown": 0}`,
		plain:   `{"unmatched": [{"key": "9007", "message": {"key": 9007, "data": "nobody asked"}}], "thrown": 0}`,
		seed:    `{"unmatched": [], "thrown": 1}`,
	}.play(t)
}

func TestA5_QueueIsSentInOrderOnOpen(t *testing.T) {
	scenario{
		js: `
			const client = connect({ idle: true });
			for (const key of ["a", "b", "c"]) client.send({ key }, cb(key));
			await within(client.patience, () => T.log.length === 3);
			return (await server.seen()).requests.map((data) => data.key);`,
		sockjax: `["a", "b", "c"]`,
		seed:    `[]`,
	}.play(t)
}

func TestA6_OneHeartbeatPerConnection(t *testing.T) {
	scenario{
		// n reconnects leave the seed with n more intervals, all of which ping
		// the newest socket. Gaps are measured where the pings are made.
		js: `
			const ping = 120;
			const client = connect({ ping, dead: 1000, retry: 10 });
			for (let opened = 1; opened <= 6; opened++) {
				await server.until((seen) => seen.opened === opened);
				await client.opened();
				if (opened < 6) await server.fin();
			}
			const last = () => T.there(({ sockets }) => sockets.at(-1).pings);
			await until(async () => (await last()).length >= 8);
			const pings = await last();
			return (pings[7] - pings[0]) / ping > 5 ? "one" : "many";`,
		sockjax: `"one"`,
		seed:    `"many"`,
	}.play(t)
}

func TestA7_NothingIsSentIntoADeadSocket(t *testing.T) {
	scenario{
		js: `
			await server.set({ refuse: true });
			let failed = false;
			T.onSocketError = () => {
				if (!failed) client.send({ key: "a" }, cb("a", () => "reply"));
				failed = true;
			};
			const client = connect();
			await until(() => failed);
			await server.set({ refuse: false });
			await client.opened();
			client.send({ key: "b" }, cb("b", () => "reply"));
			await within(client.patience, () => T.log.length === 2);
			return T.log.sort();`,
		sockjax: `["a: reply", "b: reply"]`,
		seed:    `["b: reply"]`,
	}.play(t)
}

func TestA8_RetriesAreCountedAnewAfterGoodTimes(t *testing.T) {
	scenario{
		// Twelve drops, each after a connection that held for six seconds by
		// the client's clock; sockjax gives up after 20 in a row, see clients.js.
		js: `
			const client = connect({ retry: 10 });
			for (let drops = 0; drops < 24; drops++) {
				const opened = async () => (await server.seen()).opened === drops + 1;
				if (!(await within(client.patience, opened))) return "dead";
				await client.opened();
				await T.advance(6000);
				await server.fin();
			}
			return "alive";`,
		sockjax: `"alive"`,
		seed:    `"dead"`,
	}.play(t)
}

func TestA9_AtMostOneSocket(t *testing.T) {
	scenario{
		js: `
			const client = connect({ idle: true });
			for (const key of ["a", "b", "c", "d", "e"]) client.send({ key }, cb(key));
			await within(client.patience, () => T.log.length === 5);
			return T.there(({ sockets }) => sockets.length);`,
		sockjax: `1`,
		seed:    `5`,
	}.play(t)
}

func TestA10_SilenceIsMeasured(t *testing.T) {
	scenario{
		// Through a network that swallows everything and closes nothing.
		js: `
			T.record = true;
			const client = connect({ ping: 60, dead: 400, proxied: true });
			const look = () => T.there(({ sockets }) => [sockets.length, sockets.find(({ pongs }) => pongs > 0)?.pings.length]);
			await until(async () => (await look())[1] > 0);
			await server.stall();
			const [sockets, pings] = await look();
			const now = await until(async () => {
				const now = await look();
				return (now[0] > sockets || now[1] > pings + 10) && now;
			});
			await server.heal();
			return now[0] > sockets;`,
		sockjax: `true`,
		seed:    `false`,
	}.play(t)
}

func TestA11_RepliesNeverCross(t *testing.T) {
	scenario{
		js: `
			const client = connect();
			await client.opened();
			client.send({ key: "x", n: 1 }, cb("first", (reply) => reply.n));
			client.send({ key: "x", n: 2 }, cb("second", (reply) => reply.n));
			await until(() => T.log.length === 2);
			return T.log.sort();`,
		sockjax: `["first: 1", "second: 2"]`,
		plain:   `["first: 1", "second: invalid/unsent"]`,
		seed:    `["second: 1", "second: 2"]`,
	}.play(t)
}

func TestA12_ReconnectingIsPatientAndSpreadOut(t *testing.T) {
	t.Run("outage", func(t *testing.T) {
		scenario{
			js: `
				await server.set({ refuse: true });
				const client = connect({ retry: 10 });
				await server.until((seen) => seen.refused >= 12);
				await within(client.patience, async () => (await server.seen()).refused > 12);
				await server.set({ refuse: false });
				return within(client.patience, async () => (await server.seen()).opened > 0);`,
			sockjax: `true`,
			seed:    `false`,
		}.play(t)
	})
	t.Run("herd", func(t *testing.T) {
		scenario{
			js: `
				await server.set({ refuse: true });
				const { delays } = connect({ retry: 20 });
				await until(() => delays.length >= 6);
				return new Set(delays).size > 1;`,
			sockjax: `true`,
			seed:    `false`,
		}.play(t)
	})
	t.Run("online", func(t *testing.T) {
		scenario{
			js: `
				await server.set({ refuse: true });
				const client = connect({ retry: 100_000_000 });
				await until(() => client.delays.length > 0);
				await server.set({ refuse: false });
				dispatchEvent(new Event("online"));
				return within(client.patience, async () => (await server.seen()).opened > 0);`,
			sockjax: `true`,
			seed:    `false`,
		}.play(t)
	})
}

func TestA13_QueueIsBoundedAndExpires(t *testing.T) {
	scenario{
		js: `
			await server.set({ refuse: true });
			const client = connect({ retry: 10, calls: 10, idle: true });
			for (let i = 0; i < 12; i++) client.send({ key: "old" + i }, cb("old"), { timeout: 200 });
			await within(client.patience, () => T.log.length === 12);
			const told = T.log.reduce((n, entry) => ({ ...n, [entry]: (n[entry] ?? 0) + 1 }), {});
			const queued = client.queued();
			await server.set({ refuse: false });
			const send = () => (client.send({ key: "new" }, cb("new", () => "reply")), true);
			await until(() => { try { return send(); } catch { return false; } }); // the seed's may still connect
			const broken = () => T.uncaught.some((error) => error.startsWith("ReferenceError"));
			await until(() => T.log.includes("new: reply") || broken());
			const stale = (await server.seen()).requests.filter(({ key }) => key.startsWith("old"));
			return { told, queued, stale: stale.length };`,
		sockjax: `{"told": {"old: overloaded/unsent": 2, "old: timeout/unsent": 10}, "queued": 0, "stale": 0}`,
		seed:    `{"told": {}, "queued": 12, "stale": 0}`,
		mended:  `{"told": {}, "queued": 12, "stale": 12}`,
	}.play(t)
}
