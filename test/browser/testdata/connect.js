// What sockjax.d.ts promises about a client: connect, its URL and options,
// states, ready, reconnect, drain, close, stats.
const { cb, equal, ok, throws, until, outcome, logged, state, event } = T;
const fast = { reconnect: { min: 1, max: 20 } };
const changes = (api) => {
  const seen = [];
  api.addEventListener("statechange", ({ detail }) => seen.push(detail));
  return seen;
};

Object.assign(T.cases, {
  "what cannot work is a TypeError": async (server) => {
    const connect = sockjax.bareConnect ?? sockjax.connect;
    const show = (value) => (typeof value === "object" ? Object.entries(value ?? {}).map(([name, v]) => `${name}: ${show(v)}`) : String(value));
    const nothing = (url, options) => throws(TypeError, () => connect(url, options), `connect(${url}, {${show(options)}})`);
    for (const url of ["http://", "ftp://x/", "ws://[", "javascript:1", "data:,", "ws://x:99999999/", undefined, null, 5, {}, ["ws://x/"]]) nothing(url);
    ok(throws(TypeError, () => connect()).message.includes("not undefined"), "it says what came instead");
    nothing(server.ws, null);
    for (const options of [
      1, "plain", { protocol: "sockjax.2" }, { preset: "sead" }, { preset: "toString" }, { timeuot: 1 }, { timeout: -1 }, { timeout: "1" }, { timeout: NaN }, { timeout: 1n },
      { heartbeat: 25_000 }, { heartbeat: null }, { heartbeat: { every: 1 } }, { heartbeat: { after: -1 } }, { heartbeat: { timeout: "x" } },
      { reconnect: { attempts: NaN } }, { reconnect: { min: -1 } }, { reconnect: { max: {} } }, { reconnect: false },
      { queue: { calls: -1 } }, { queue: { bytes: "1" } }, { queue: { megabytes: 1 } }, { queue: 5 },
    ]) nothing(server.ws, options);
    ok(throws(TypeError, () => connect(server.ws, { timeuot: 1 })).message.includes('"timeuot"'), "it names the culprit");
    equal((await server.seen()).opened, 0);
    const api = T.connect(server.ws);
    for (const callback of [1, "x", {}, true]) throws(TypeError, () => api.send({}, callback));
    for (const options of [
      1, "x", { timeout: -1 }, { timeout: "1" }, { timeout: NaN }, { timeout: null }, { signal: 1 }, { signal: {} }, { signal: new AbortController() }, { signal: document },
      { timout: 50 }, { Timeout: 50 }, [], new AbortController().signal, { retry: true }, { idempotent: 1 }, { idempotent: "yes" }, { idempotent: null }, { durable: "true" }, { durable: 0 },
    ]) {
      throws(TypeError, () => api.send({}, null, options), `send with ${show(options)}`);
      ok((await api.request({}, options).catch((error) => error)) instanceof TypeError, `request with ${show(options)}`);
    }
    const misspelt = throws(TypeError, () => api.send({}, null, { timout: 50 })).message;
    ok(misspelt.includes('"timout"') && misspelt.includes("timeout"), `it names the culprit, and what there is: ${misspelt}`);
    await T.engine(api);
    const { calls, pending, slots } = api.stats();
    equal({ calls, pending, slots }, { calls: 0, pending: 0, slots: 0 }, "a call that threw is none");
  },

  "undefined options are no options": async (server) => {
    for (const options of [undefined, {}, { timeout: undefined, heartbeat: undefined, queue: { calls: undefined }, protocol: undefined, preset: undefined }]) {
      equal(await T.connect(server.ws, options).request(1), 1);
    }
  },

  "undefined options of a call are none, and its options may be inherited": async (server) => {
    const api = T.connect(server.ws);
    for (const options of [undefined, null, {}, { timeout: undefined, signal: undefined, idempotent: undefined, durable: undefined }, { signal: null }, Object.create({ idempotent: true, of: "no concern" })]) {
      equal(await api.request(1, options), 1);
    }
  },

  "every kind of URL": async (server) => {
    const http = server.ws.replace("ws", "http");
    const urls = {
      ws: server.ws,
      http,
      hash: `${http}#fragment`,
      object: new URL(http),
      function: () => server.ws,
      "function of an object": () => new URL(server.ws),
      async: async () => http,
    };
    for (const [name, url] of Object.entries(urls)) {
      equal(await T.connect(url).request({ name }), { name }, name);
    }
  },

  "a relative URL": async () => {
    for (const [given, want] of [["/ws", "/ws"], ["ws?x=1", "/ws?x=1"], ["./deep/ws", "/deep/ws"], [() => "/made", "/made"]]) {
      const api = T.connect(given, { reconnect: { min: 60_000_000, max: 60_000_000 } }); // this page's server has no WebSocket
      const url = await until(() => T.there(({ sockets }) => sockets.at(-1)?.url));
      equal(url, `ws://${location.host}${want}`);
      await api.close();
      await T.there((recorder) => recorder.reset());
    }
  },

  "a URL function is asked for each attempt": async (server) => {
    let asked = 0;
    const api = T.connect(async () => `${server.ws}?attempt=${++asked}`, fast);
    await api.request(1);
    await server.fin();
    await api.request(2, { idempotent: true });
    equal(await T.there(({ sockets }) => sockets.map(({ url }) => new URL(url).search)), ["?attempt=1", "?attempt=2"]);
  },

  "a URL function that fails is a failed attempt": async (server) => {
    const answers = [
      () => { throw new Error("no token yet"); },
      () => Promise.reject(new Error("no token yet")),
      () => "mailto:x",
      () => undefined,
      () => server.ws,
    ];
    const api = T.connect(() => answers.shift()(), fast);
    const seen = changes(api);
    equal(await api.request(1), 1);
    const reasons = seen.filter((detail) => detail.state === "waiting").map((detail) => detail.reason);
    ok(reasons[0].includes("no token yet") && reasons[1].includes("no token yet"), `the reason is told: ${reasons}`);
    equal([seen.at(-1).state, seen.at(-2).attempt], ["open", 0]);
    equal((await T.there(({ sockets }) => sockets.length)) <= 2, true, "sockets are made of good URLs only");
  },

  "the subprotocol": async (server) => {
    await T.connect(server.ws).request(1);
    await T.connect(server.ws, { protocol: "plain" }).request({});
    equal(await T.there(({ sockets }) => sockets.map(({ protocol, args }) => [protocol, args.length])), [["sockjax.1", 2], ["", 1]]);
  },

  "states and their details": async (server) => {
    const api = T.connect(server.ws, fast);
    const seen = changes(api);
    equal(api.state, "connecting");
    await T.engine(api);
    equal(api.state, "open");
    await server.close(4999, "just so");
    await until(() => seen.length === 4);
    await api.close();
    equal(seen.map((detail) => detail.state), ["open", "waiting", "connecting", "open", "closed"]);
    equal(seen.map((detail) => detail.previous), ["connecting", "open", "waiting", "connecting", "open"]);
    const { attempt, delay, closeCode, reason } = seen[1];
    equal({ attempt, closeCode, reason }, { attempt: 1, closeCode: 4999, reason: "just so" });
    ok(delay >= 0 && delay <= 1, `the first delay is at most min: ${delay}`);
    ok(seen.every(Object.isFrozen) || seen.every((detail) => typeof detail === "object"), "details are objects");
  },

  "state is what the event says": async (server) => {
    const api = T.connect(server.ws, fast);
    api.addEventListener("statechange", ({ detail }) => T.note(`${detail.state} ${api.state}`));
    await T.engine(api);
    await server.fin();
    await logged(4);
    await api.close();
    await logged(5);
    equal(T.log, ["open open", "waiting waiting", "connecting connecting", "open open", "closed closed"]);
  },

  "open means that the server has answered": async (server) => {
    await server.set({ welcome: "none" });
    const api = T.connect(server.ws);
    equal(await api.request(1), 1, "calls do not wait for the welcome");
    equal(api.state, "connecting");
    await server.push([{ welcome: {} }]);
    await T.engine(api);
  },

  "giving up": async (server) => {
    await server.set({ refuse: true });
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 5, attempts: 2 } });
    const seen = changes(api);
    const failure = event(api, "error");
    api.send({ n: 1 }, cb("a"));
    const error = await failure;
    ok(error instanceof Error && error.message.includes("gave up"), `an Error: ${error}`);
    await logged(1);
    equal(T.log, ["a: closed/unsent"]);
    equal(seen.map((detail) => detail.state), ["waiting", "connecting", "waiting", "connecting", "closed"]);
    equal([seen.at(-1).attempt, seen.at(-1).closeCode], [3, 1006]);
    equal(await outcome(api.ready), "closed/unsent");
    equal(await outcome(api.request(1)), "closed/unsent", "a later call");
    equal((await server.seen()).refused, 3);
    // reconnect() is the way back.
    await server.set({ refuse: false });
    api.reconnect();
    equal(await api.request(2), 2);
    equal(api.state, "open");
  },

  "attempts: 0 gives up at once": async (server) => {
    await server.set({ refuse: true });
    const api = T.connect(server.ws, { reconnect: { attempts: 0 } });
    await event(api, "error");
    equal([api.state, (await server.seen()).refused], ["closed", 1]);
  },

  "reconnect() while open and while waiting": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 60_000_000, max: 60_000_000 } });
    api.send({ do: "silent" }, cb("lost"));
    await server.until((seen) => seen.requests.length === 1);
    api.reconnect();
    await server.until((seen) => seen.hellos.length === 2);
    await logged(1);
    equal(T.log, ["lost: lost/unknown"]);
    await server.fin();
    await state(api, "waiting");
    api.reconnect();
    equal(await api.request(1), 1);
    await until(() => api.stats().opened === 3);
    await server.until((seen) => seen.live === 1);
  },

  "drain": async (server) => {
    const api = T.connect(server.ws);
    await api.drain(); // nothing waits
    for (let n = 0; n < 10; n++) api.send({ do: "silent", n });
    if (T.host === "page") equal(api.stats().queued, 10, "they wait");
    await api.drain();
    equal([api.stats().queued, api.stats().pending], [0, 10]);
    await server.until((seen) => seen.requests.length === 10);
  },

  "close": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    api.send({ do: "silent" }, cb("sent"));
    await server.until((seen) => seen.requests.length === 1);
    api.send({ n: 2 }, cb("queued"));
    const closed = [api.close(), api.close()];
    equal(T.log, [], "callbacks come later");
    api.send({ n: 3 }, cb("late"));
    await Promise.all(closed);
    await logged(3);
    equal(T.log, ["sent: closed/unknown", "queued: closed/unsent", "late: closed/unsent"]);
    equal(api.state, "closed");
    equal(await outcome(api.request(4)), "closed/unsent");
    throws(sockjax.SockjaxError, () => api.reconnect());
    const { pending, queued, slots } = api.stats();
    equal({ pending, queued, slots }, { pending: 0, queued: 0, slots: 0 });
    await server.until((seen) => seen.live === 0);
    const seen = await server.seen();
    equal([seen.closes, seen.requests.length], [[1000], 1]);
    await api.close();
  },

  "close tells no error, and settles drain and ready": async (server) => {
    await server.set({ refuse: true });
    const api = T.connect(server.ws);
    api.addEventListener("error", () => T.note("error"));
    api.send(1);
    const drained = api.drain();
    const ready = outcome(api.ready);
    await api.close();
    await drained;
    equal(await ready, "closed/unsent");
    equal(T.log, []);
  },

  "the queue is bounded by calls and by bytes": async (server) => {
    await server.set({ refuse: true });
    const few = T.connect(server.ws, { ...fast, queue: { calls: 3 } });
    const small = T.connect(server.ws, { ...fast, queue: { bytes: 100_000 } });
    await Promise.all([state(few, "waiting"), state(small, "waiting")]);
    for (let n = 0; n < 5; n++) few.send({ n }, cb("few", () => "reply"));
    for (let n = 0; n < 3; n++) small.send("é".repeat(20_000), cb("small", () => "reply")); // 40,002 bytes each
    await logged(3);
    equal(T.log.splice(0).sort(), ["few: overloaded/unsent", "few: overloaded/unsent", "small: overloaded/unsent"]);
    equal([few.stats().queued, small.stats().queued, small.stats().queuedBytes], [3, 2, 80_004]);
    await server.set({ refuse: false });
    await logged(5);
    equal(T.log.sort(), ["few: reply", "few: reply", "few: reply", "small: reply", "small: reply"]);
    equal((await server.seen()).requests.length, 5);
  },

  "drain of a client that is closed": async (server) => {
    const api = T.connect(server.ws);
    api.send(1);
    const closed = api.close();
    await Promise.all([api.drain(), closed]);
    await api.drain();
    equal(api.stats().queued, 0);
  },

  "stats": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api); // well before an acknowledgement is due
    await api.request("a");
    await outcome(api.request({ do: "fail" }));
    await server.push("rubbish");
    await server.push([{ key: 4711, data: 1 }, { key: 1, data: 1 }]);
    await api.request("b");
    api.send({ do: "silent" });
    const asOfNow = T.host === "page"; // a worker's are those of its last turn
    const { host, slotCapacity, funcs, unitsOut, unitsIn, framesIn, framesOut, ...rest } = api.stats();
    equal([host, rest], [T.host, {
      pending: 1, queued: asOfNow ? 1 : 0, queuedBytes: asOfNow ? 15 : 0, inDoubt: 0, unacked: 5,
      opened: 1, unmatched: 2, garbage: 1, crashes: 0, calls: 4, replies: 2, failures: 1, slots: 1,
    }]);
    ok(slotCapacity >= 1 && funcs > 0, "slots and funcs are there");
    equal([framesOut, framesIn], [4, 6]); // a welcome, three replies, two pushed
    ok(unitsIn > 100 && unitsOut > 100, "units count");
  },

  "two clients in two modes on one page": async (server) => {
    const one = T.connect(server.ws);
    const two = T.connect(server.proxied, { protocol: "plain" });
    const replies = await Promise.all([one.request({ n: 1 }), two.request({ n: 2, key: "k" }), one.request({ n: 3 }), two.request({ n: 4, key: "l" })]);
    equal(replies.map((reply) => reply.n), [1, 2, 3, 4]);
    await one.close();
    equal((await two.request({ n: 5 })).n, 5);
  },

  "methods work on their own": async (server) => {
    const api = T.connect(server.ws, fast);
    const { send, request, reconnect, drain, close, stats, addEventListener, removeEventListener, dispatchEvent } = api;
    await T.engine(api);
    equal(await Promise.all([1, 2].map((n) => request(n))), [1, 2]);
    equal(await new Promise((resolve) => send(3, resolve)), 3);
    equal(await Promise.resolve({ n: 4 }).then(request), { n: 4 }, "as a callback");
    await drain();
    const states = [];
    const note = ({ detail }) => states.push(detail.state);
    addEventListener("statechange", note); // without a client these would be the window's
    reconnect();
    await until(() => states.includes("open"));
    removeEventListener("statechange", note);
    addEventListener("mine", () => states.push("mine"));
    dispatchEvent(new Event("mine"));
    equal([states.at(-1), stats().opened, stats().calls], ["mine", 2, 4]);
    setTimeout(close);
    await state(api, "closed");
    ok(!states.includes("closed"), "the listener was removed");
    equal(Object.getPrototypeOf(api).send.length, 3, "the class has them too");
  },

  "the preset of the seed": async (server) => {
    await server.set({ refuse: true });
    const api = T.connect(server.ws, { preset: "seed", reconnect: { min: 1, max: 2 } });
    ok((await event(api, "error")).message.includes("11 failed attempts"), "1 + 10 attempts");
    equal([api.state, (await server.seen()).refused], ["closed", 11]);
    await server.set({ refuse: false, noPong: true });
    const other = T.connect(server.ws, { preset: "seed" });
    equal((await other.request({ key: "mine", n: 1 })), { key: "mine", n: 1 });
    other.send({ key: "hang", do: "silent" }, cb("never"));
    await server.until((seen) => seen.requests.length === 2);
    await T.advance(46_000); // a ping falls due, and nobody answers it
    dispatchEvent(new Event("online"));
    await server.until((seen) => seen.pings === 1);
    await T.advance(3_600_000);
    dispatchEvent(new Event("online"));
    equal((await other.request({ n: 2 })).n, 2);
    equal([other.state, other.stats().opened, T.log], ["open", 1, []]);
  },
});
