package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/sockjax/sockjax/internal/e2e"
	"github.com/sockjax/sockjax/server"
)

// independent is a server as somebody might have written it who has never
// heard of sockjax: one JSON object in, an object with the same key out,
// slower for some than for others. It answers pings with an object.
func independent(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-WebSocket-Protocol") != "" {
		http.Error(w, "no subprotocols here", http.StatusBadRequest)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	for {
		_, frame, err := ws.Read(context.Background())
		if err != nil {
			return
		}
		if string(frame) == "ping" {
			_ = ws.Write(context.Background(), websocket.MessageText, []byte(`{"type":"pong"}`))
			continue
		}
		var in map[string]any
		if err := json.Unmarshal(frame, &in); err != nil || in["key"] == nil {
			_ = ws.Close(4000, "one object with a key, please")
			return
		}
		go func() {
			if ms, slow := in["ms"].(float64); slow {
				time.Sleep(time.Duration(ms) * time.Millisecond)
			}
			out, _ := json.Marshal(map[string]any{"key": in["key"], "code": 0, "result": in["n"]})
			_ = ws.Write(context.Background(), websocket.MessageText, out)
		}()
	}
}

func TestPlainModeAgainstAServerThatIsNotOurs(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(independent))
	t.Cleanup(other.Close)
	page := e2e.Open(t, e2e.NewSite(t).URL)
	page.Case(t, e2e.NewServer(t), fmt.Sprintf(`async () => {
		const { equal, ok, outcome, until } = T;
		const api = T.connect(%q, { protocol: "plain", heartbeat: { after: 30, timeout: 20_000 } });
		// The caller's keys, strings and numbers, and none.
		equal(await api.request({ key: "mine", n: 1 }), { code: 0, key: "mine", result: 1 });
		equal(await api.request({ key: 7, n: 2 }), { code: 0, key: 7, result: 2 });
		const own = await api.request({ n: 3 });
		equal(own.result, 3);
		ok(/^[0-9a-f-]{36}$/.test(own.key), "a uuid: " + own.key);
		equal(api.send({ key: "k" }), "k");
		equal(typeof api.send({}), "string");
		// Replies in any order find their callbacks.
		const all = Array.from({ length: 200 }, (_, n) => api.request({ n, ms: (n * 7919) %% 50 }));
		equal((await Promise.all(all)).map(({ result }) => result), Array.from({ length: 200 }, (_, n) => n));
		// What cannot be sent in this mode.
		for (const data of [1, "x", null, [], { key: {} }, { key: true }, { key: [1] }]) {
			equal(await outcome(api.request(data)), "invalid/unsent", JSON.stringify(data));
		}
		const slow = api.request({ key: "same", ms: 50 });
		equal(await outcome(api.request({ key: "same" })), "invalid/unsent");
		equal((await slow).key, "same");
		// A key may come back once it is free.
		equal((await api.request({ key: "same", n: 4 })).result, 4);
		// Its answer to a ping has no key, and disturbs nobody.
		await until(() => T.there(({ sockets }) => sockets[0].pings.length > 0));
		equal((await api.request({ n: 5 })).result, 5);
		equal([api.stats().opened, api.stats().pending, api.stats().crashes], [1, 0, 0]);
	}`, other.URL)).Check(t)
}

// The key is what stands in the JSON, however it got there, or did not; and
// each frame has one.
func TestPlainKeyIsTheOneInTheJSON(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(independent))
	t.Cleanup(other.Close)
	page := e2e.Open(t, e2e.NewSite(t).URL)
	page.Case(t, e2e.NewServer(t), fmt.Sprintf(`async () => {
		const { equal, ok } = T;
		T.record = true;
		const api = T.connect(%q, { protocol: "plain", timeout: 5_000 });
		class Keyed { get key() { return "not in the JSON"; } n = 2; }
		class Made { n = 6; toJSON() { return { n: this.n, key: "made" }; } }
		const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
		let reads = 0;
		const cases = {
			"an own one, first": [{ key: "a", n: 1 }, "a"],
			"an own one, last": [{ n: 1, deep: { key: "x" }, key: "b" }, "b"],
			"with escapes": [{ key: 'c"\\\n\ud800', n: 1 }, 'c"\\\n\ud800'],
			"a number": [{ key: -1.5e300, n: 1 }, -1.5e300],
			"zero": [{ key: -0, n: 1 }, 0],
			"a Number": [{ key: new Number(8), n: 1 }, 8],
			"a getter": [{ n: 1, get key() { return "got" + ++reads; } }, "got1"],
			"one that a getter changes": [{ key: "before", get n() { this.key = "after"; return 1; } }, "before"],
			"what toJSON adds": [new Made(), "made"],
			"what toJSON puts in another's place": [{ key: "data's", toJSON: () => ({ key: "JSON's", n: 1 }) }, "JSON's"],
			"a Date": [{ key: new Date(0), n: 1 }, "1970-01-01T00:00:00.000Z"],
			"none": [{ n: 1 }, uuid],
			"nothing at all": [{}, uuid],
			"a deeper one": [{ n: 1, deep: { key: "x" } }, uuid],
			"a text like one": [{ n: 1, text: '"key":"x"' }, uuid],
			"null": [{ n: 1, key: null }, uuid],
			"null in front": [{ key: null, n: 1 }, uuid],
			"no text": [{ key: "", n: 1 }, uuid],
			"not a number": [{ key: NaN, n: 1 }, uuid],
			"undefined": [{ key: undefined, n: 1 }, uuid],
			"a function": [{ key: () => {}, n: 1 }, uuid],
			"a prototype's": [Object.create({ key: "inherited" }, { n: { value: 1, enumerable: true } }), uuid],
			"a class's getter": [new Keyed(), uuid],
			"what toJSON drops": [{ key: "dropped", toJSON: () => ({ n: 1 }) }, uuid],
			"one that can't be seen": [Object.defineProperty({ n: 1 }, "key", { value: "hidden" }), uuid],
		};
		await api.ready;
		for (const [name, [data, want]] of Object.entries(cases)) {
			let told;
			await new Promise((resolve, reject) => {
				told = api.send(data, (reply, error) => (error ? reject(new Error(name + ": " + error)) : resolve()));
			});
			ok(want instanceof RegExp ? want.test(told) : told === want, name + ": send returned " + told);
			const text = await T.there(({ sockets }) => sockets[0].texts.at(-1));
			const { key, ...rest } = JSON.parse(text);
			equal(key, told, name + ": the key that was sent");
			const { key: _, ...want2 } = JSON.parse(JSON.stringify(data));
			equal(rest, want2, name + ": the rest");
			const shallow = text.replace(/"deep":\{.*?\}/, "");
			equal(shallow.match(/"key":/g).length, 1, name + ": keys in " + text);
		}
		equal([api.stats().pending, api.stats().opened], [0, 1]);
	}`, other.URL)).Check(t)
}

// The script that sockjax grew out of, with two lines mended, against our
// server: it offers no subprotocol, chooses its own keys and pings.
func TestTheSeedAgainstOurServer(t *testing.T) {
	t.Parallel()
	mux := server.NewMux()
	mux.HandleFunc("echo", func(_ context.Context, r *server.Request) (any, error) { return r.Data, nil })
	mux.HandleFunc("slow", func(_ context.Context, r *server.Request) (any, error) {
		time.Sleep(50 * time.Millisecond)
		return map[string]any{"slept": true}, nil
	})
	mux.HandleFunc("number", func(context.Context, *server.Request) (any, error) { return 42, nil })
	mux.HandleFunc("fail", func(context.Context, *server.Request) (any, error) {
		return nil, &server.Error{Code: "out_of_tea", Message: "no tea left"}
	})
	site := e2e.NewSite(t)
	ours := server.New(mux, nil)
	site.Handle("/socket", ours.ServeHTTP)
	site.Script("/seed-mended.js", e2e.MendedSeedScript())
	site.Page("/seed", `<script src="/seed-mended.js"></script>`, nil)
	page := e2e.Open(t, site.URL+"/seed")
	page.Case(t, e2e.NewServer(t), fmt.Sprintf(`async () => {
		const { equal, until, logged } = T;
		T.record = true;
		host = %q;
		heartCheckTime = 50;
		const ask = (data) => new Promise((resolve) => seed.send(data, resolve));
		equal(await ask({ key: "a", api: "echo", text: "你好" }), { key: "a", api: "echo", text: "你好" }, "queued before it was open");
		const order = [];
		await Promise.all([
			ask({ key: "slow", api: "slow" }).then((reply) => order.push(reply)),
			ask({ key: "fast", api: "echo" }).then((reply) => order.push(reply)),
		]);
		equal(order, [{ key: "fast", api: "echo" }, { key: "slow", slept: true }]);
		equal(await ask({ key: 5, api: "number" }), { key: 5, data: 42 });
		equal(await ask({ key: "f", api: "fail" }), { key: "f", error: { code: "out_of_tea", message: "no tea left" } });
		await until(() => T.sockets[0].pongs >= 2);
		equal(T.sockets.length, 1);
	}`, strings.Replace(site.URL, "http", "ws", 1)+"/socket")).Check(t)
}
