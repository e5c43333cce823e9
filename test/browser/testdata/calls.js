// What sockjax.d.ts promises about one call. Each case has a server of its
// own: see T in internal/e2e/page.js and answer in internal/e2e/control.go.
const { cb, equal, ok, until, outcome, logged } = T;
const fast = { reconnect: { min: 1, max: 20 } };
const offline = async (server, options) => {
  await server.set({ refuse: true });
  const api = T.connect(server.ws, { ...fast, ...options });
  await T.state(api, "waiting");
  return api;
};

Object.assign(T.cases, {
  "send returns a key and calls back later, once": async (server) => {
    const api = T.connect(server.ws);
    for (const state of ["connecting", "open"]) {
      await T.state(api, state);
      let returned = false;
      const back = (name) => () => T.note(`${name} ${returned ? "after" : "before"} send returned`);
      const keys = [api.send({}, back("reply")), api.send(undefined, back("failure"))];
      returned = true;
      ok(keys.every(Number.isSafeInteger) && keys[1] > keys[0], `keys count up: ${keys}`);
      await logged(2);
      equal(T.log.splice(0).sort(), ["failure after send returned", "reply after send returned"]);
    }
    await server.until((seen) => seen.requests.length === 2);
    equal(T.log, [], "calls back once");
  },

  "reply first, error second": async (server) => {
    const api = T.connect(server.ws);
    const result = (data) => new Promise((resolve) => api.send(data, (...args) => resolve(args)));
    const [reply, none] = await result({ n: 1 });
    equal([reply, none], [{ n: 1 }, null]);
    const [nothing, error] = await result({ do: "fail", code: "out_of_tea", message: "no tea left", data: { pots: 0 } });
    equal(nothing, undefined);
    ok(error instanceof Error && error instanceof sockjax.SockjaxError, "a SockjaxError");
    const { name, code, fate, message, reason, data } = error;
    equal({ name, code, fate, message, reason, data }, {
      name: "SockjaxError", code: "rejected", fate: "executed", message: "no tea left", reason: "out_of_tea", data: { pots: 0 },
    });
  },

  "request is a Promise of the same": async (server) => {
    const api = T.connect(server.ws);
    equal(await api.request({ n: 1 }), { n: 1 });
    equal(await outcome(api.request({ do: "fail", code: "x" })), "rejected/executed");
    equal(await outcome(api.request(undefined)), "invalid/unsent");
    equal(await outcome(api.request(1, { timeout: -1 })), "TypeError: sockjax: timeout must be a number, 0 or more, not -1");
  },

  "a refusal is unsent": async (server) => {
    const api = T.connect(server.ws);
    equal(await outcome(api.request({ do: "refuse", code: "overloaded" })), "overloaded/unsent");
    equal(await outcome(api.request({ do: "refuse", code: "invalid" })), "invalid/unsent");
  },

  "a call needs no callback": async (server) => {
    const api = T.connect(server.ws);
    api.send({ n: 1 });
    api.send({ n: 2 }, null);
    api.send({ n: 3 }, undefined, { timeout: 0 });
    await until(() => api.stats().replies === 3);
  },

  "every JSON value goes and comes": async (server) => {
    const api = T.connect(server.ws);
    const values = [
      null, false, true, 0, -1, 1.5, 1e21, 2 ** 53, "", "x", '"\\\n\0', "ünï 💎 \u2028\u2029", "\ud800", "\udc00\ud800", [], {}, [[], [null]],
      { "": 0, __proto__: null }, JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'), { key: 7, data: 8, error: 9, cancel: 1, hello: 2 },
      "ping", [{ welcome: 1 }], "é".repeat(300), new Date(0), { toJSON: () => "mine" },
    ];
    const replies = await Promise.all(values.map((value) => api.request(value)));
    values.forEach((value, i) => equal(replies[i], value, `value ${i}`));
    equal((await server.seen()).requests.length, values.length);
  },

  "long data comes back whole, whatever its characters": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const values = ["x", "é", "本", "💎", "\ud800", "x\ud800💎é"].flatMap((unit) => [3000, 90_000, 20_000, 5000].map((n) => unit.repeat(n / unit.length)));
    for (const value of values) equal(await api.request(value), value); // alone in a frame
    const replies = await Promise.all(values.map((value) => api.request(value)));
    values.forEach((value, i) => equal(replies[i], value, `value ${i}`));
    ok((await server.seen()).binary > values.length, "long frames go as bytes");
  },

  "what is no JSON is invalid": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const cycle = {};
    cycle.self = cycle;
    const thrown = new RangeError("mine");
    const bad = [undefined, () => {}, Symbol("s"), 1n, cycle, { n: 1n }, { toJSON: () => undefined }, { toJSON() { throw thrown; } }];
    for (const data of bad) equal(await outcome(api.request(data)), "invalid/unsent", String(typeof data));
    const error = await api.request(bad.at(-1)).catch((e) => e);
    ok(error.cause === thrown && error.message.includes("mine"), `the cause is kept: ${error.message}`);
    equal((await server.seen()).requests, []);
    const { pending, slots } = api.stats();
    equal({ pending, slots }, { pending: 0, slots: 0 });
  },

  "data is read when it is sent": async (server) => {
    for (const api of [T.connect(server.ws), await offline(server)]) {
      const data = { n: 1, list: [1] };
      const reply = api.request(data);
      data.n = 2;
      data.list.push(2);
      await server.set({ refuse: false });
      equal(await reply, { n: 1, list: [1] });
    }
  },

  "a timeout tells the server; the late reply is unmatched": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const key = api.send({ do: "hold", n: 1 }, cb("a"), { timeout: 80 });
    await logged(1);
    equal(T.log, ["a: timeout/unknown"]);
    await server.until((seen) => seen.cancels.length === 1);
    equal((await server.seen()).cancels, [key]);
    const unmatched = T.event(api, "unmatched");
    await server.release();
    equal(await unmatched, { key, message: { key, data: { do: "hold", n: 1 } } });
    equal(api.stats().unmatched, 1);
    equal(T.log.length, 1, "callbacks run");
  },

  "a reply that has arrived wins over its deadline": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    api.send({ do: "hold" }, cb("a", () => "reply"), { timeout: 1500 });
    const sent = performance.now();
    await server.until((seen) => seen.requests.length === 1);
    server.release(); // nobody waits for it here
    while (performance.now() < sent + 2200); // a page that is busy
    await logged(1);
    equal(T.log, ["a: reply"]);
  },

  "timeout: the client's, the call's, none": async (server) => {
    const api = T.connect(server.ws, { timeout: 100 });
    await T.engine(api);
    const start = performance.now();
    api.send({ do: "hold" }, cb("own"), { timeout: 20_000 });
    api.send({ do: "hold" }, cb("none"), { timeout: 0 });
    api.send({ do: "hold" }, cb("undefined"), { timeout: undefined });
    api.send({ do: "hold" }, cb("client's"));
    await logged(2);
    ok(performance.now() - start >= 99, "not too early");
    equal(T.log.splice(0).sort(), ["client's: timeout/unknown", "undefined: timeout/unknown"]);
    await server.release();
    await logged(2);
    equal(T.log.sort(), ['none: {"do":"hold"}', 'own: {"do":"hold"}']);
  },

  "a fractional or enormous timeout is one": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    for (const timeout of [Infinity, Number.MAX_VALUE, 2 ** 31, 2 ** 53]) equal(await api.request(1, { timeout }), 1, String(timeout));
    equal(await outcome(api.request({ do: "silent" }, { timeout: 0.5 })), "timeout/unknown");
  },

  "a timeout while offline is unsent, and the call is never sent": async (server) => {
    const api = await offline(server);
    api.send({ n: "old" }, cb("old"), { timeout: 50 });
    await logged(1);
    equal(T.log, ["old: timeout/unsent"]);
    await server.set({ refuse: false });
    equal(await api.request({ n: "new" }), { n: "new" });
    equal((await server.seen()).requests, [{ n: "new" }]);
  },

  "a signal aborted before": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const reason = new Error("changed my mind");
    const error = await api.request({ n: 1 }, { signal: AbortSignal.abort(reason) }).catch((e) => e);
    equal([error.code, error.fate], ["aborted", "unsent"]);
    ok(error.cause === reason, "the reason is the cause");
    equal(await api.request({ n: 2 }, { signal: null }), { n: 2 });
    equal((await server.seen()).requests, [{ n: 2 }]);
  },

  "a signal aborted while queued": async (server) => {
    const api = await offline(server);
    const stop = new AbortController();
    api.send({ n: 1 }, cb("a"), { signal: stop.signal });
    api.send({ n: 2 }, cb("b"));
    stop.abort();
    await logged(1);
    equal(T.log, ["a: aborted/unsent"]);
    await server.set({ refuse: false });
    await logged(2);
    const { requests, cancels } = await server.seen();
    equal({ requests, cancels }, { requests: [{ n: 2 }], cancels: [] });
  },

  "a signal aborted in the same turn": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const stop = new AbortController();
    const key = api.send({ n: 1 }, cb("a"), { signal: stop.signal });
    stop.abort();
    equal(T.log, [], "not before send has returned to the page");
    await logged(1);
    equal(T.log, ["a: aborted/unsent"]);
    equal(await api.request({ n: 2 }), { n: 2 });
    equal((await server.seen()).requests, [{ n: 2 }], `key ${key} never went`);
  },

  "a signal aborted after sending tells the server": async (server) => {
    const api = T.connect(server.ws);
    const stop = new AbortController();
    const key = api.send({ do: "hold" }, cb("a"), { signal: stop.signal });
    await server.until((seen) => seen.requests.length === 1);
    stop.abort();
    await logged(1);
    equal(T.log, ["a: aborted/unknown"]);
    await server.until((seen) => seen.cancels.length === 1);
    equal((await server.seen()).cancels, [key]);
    await server.release();
    await until(() => api.stats().unmatched === 1);
    equal(api.stats().slots, 0);
  },

  "a signal outlives its calls, and holds none of them": async (server) => {
    const api = T.connect(server.ws);
    const stop = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = stop.signal;
    stop.signal.addEventListener = (...args) => (listeners++, addEventListener.apply(stop.signal, args));
    stop.signal.removeEventListener = (...args) => (listeners--, removeEventListener.apply(stop.signal, args));
    await Promise.all(Array.from({ length: 20 }, (_, n) => api.request({ n }, { signal: stop.signal })));
    await outcome(api.request({ do: "silent" }, { signal: stop.signal, timeout: 20 }));
    equal(listeners, 0, "listeners left");
    stop.abort();
    equal(api.stats().failures, 1);
  },

  "one signal aborts many": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const stop = new AbortController();
    const all = Array.from({ length: 50 }, (_, n) => outcome(api.request({ do: "silent", n }, { signal: stop.signal })));
    await server.until((seen) => seen.requests.length === 50);
    stop.abort();
    equal([...new Set(await Promise.all(all))], ["aborted/unknown"]);
    await server.until((seen) => seen.cancels.length === 50);
    ok((await server.seen()).frames < 10, "cancels share frames");
  },

  "after a drop: idempotent calls go again, others are lost": async (server) => {
    const api = T.connect(server.ws, fast);
    api.send({ do: "silent", n: 1 }, cb("once"));
    api.send({ do: "silent", n: 2 }, cb("again"), { idempotent: true });
    await server.until((seen) => seen.requests.length === 2);
    await server.fin();
    await server.until((seen) => seen.requests.length === 3);
    await logged(1);
    equal(T.log, ["once: lost/unknown"]);
    const { requests, hellos } = await server.seen();
    equal(requests[2], { do: "silent", n: 2 });
    equal(hellos.map((hello) => hello.resume), [false, true]);
    ok(hellos[0].session === hellos[1].session && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(hellos[0].session), "one session, a uuid");
    await api.close();
    equal(T.log[1], "again: closed/unknown");
  },

  "after a drop that the session survives, all go again, in order": async (server) => {
    await server.set({ resumed: true });
    const api = T.connect(server.ws, fast);
    for (const n of [1, 2, 3]) api.send({ do: "silent", n }, cb(n));
    await server.until((seen) => seen.requests.length === 3);
    api.addEventListener("statechange", () => api.send({ n: 4 }, cb(4)), { once: true }); // new ones do not wait for the welcome
    await server.rst();
    await server.until((seen) => seen.requests.length === 7);
    const { requests } = await server.seen();
    const order = requests.map((data) => data.n);
    equal(order.filter((n) => n < 4), [1, 2, 3, 1, 2, 3]);
    if (T.host === "page") equal(order[3], 4, "the first of the new connection");
    await until(() => T.log.length === 1);
    equal(api.stats().pending, 3);
  },

  "no more requests in flight than the server takes": async (server) => {
    await server.set({ calls: 70 });
    const api = T.connect(server.ws);
    await T.engine(api);
    const all = Array.from({ length: 100 }, (_, n) => api.request({ do: "hold", n }));
    await server.until((seen) => seen.requests.length === 70);
    await until(() => api.stats().queued === 30);
    await server.release();
    await server.until((seen) => seen.requests.length === 100);
    await server.release();
    equal((await Promise.all(all)).map((data) => data.n), Array.from({ length: 100 }, (_, n) => n));
  },
});
