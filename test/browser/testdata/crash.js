// The end of the wasm runtime, in the middle of everything.
const { cb, equal, ok, until, outcome, logged, state } = T;
const fast = { reconnect: { min: 1, max: 20 } };

/** Has Go panic: no client has this number. A panic in an export throws nothing. Returns when it was. */
const crash = () => T.there(({ instances }) => (instances.at(-1).exports.received(4_000_000), performance.now()));
/** When each instance was made. */
const made = () => T.there(({ instances }) => instances.map(({ at }) => at));
const restarted = (n) => until(async () => (await made()).length === n);

const cases = {
  "what waits fails, what comes later works": async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    const changes = [];
    api.addEventListener("statechange", ({ detail }) => changes.push(detail.state));
    api.addEventListener("error", () => T.note("error"));
    api.send({ do: "hold", n: 1 }, cb("sent"));
    await server.until((seen) => seen.requests.length === 1);
    api.send({ n: 2 }, cb("queued"), { idempotent: true });
    crash();
    api.send({ n: 3 }, cb("same turn"), { timeout: 0 });
    equal(T.log, [], "nothing is told inside of it");
    await logged(3);
    // From a worker, what was made before the crash may have its reply, too.
    const all = T.host === "page" ? /^(sent|queued): crashed\/unknown$|^same turn: (crashed\/un(known|sent)|{"n":3})$/ : /^sent: crashed\/unknown$|^(queued: (crashed\/unknown|{"n":2})|same turn: (crashed\/un(known|sent)|{"n":3}))$/;
    for (const entry of T.log) ok(all.test(entry), entry);
    equal(await api.request({ n: 4 }), { n: 4 });
    equal([changes, api.stats().crashes, api.stats().slots, T.log.length], [["connecting", "open"], 1, 0, 3]);
    await server.until((seen) => seen.live === 1 && seen.opened === 2);
  },

  "what a dead runtime answers to an abort counts for nothing": T.needs(["own socket"], async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    const stop = new AbortController();
    api.send({ do: "silent" }, cb("a"), { signal: stop.signal });
    await server.until((seen) => seen.requests.length === 1);
    crash();
    stop.abort();
    await logged(1);
    equal(T.log, ["a: crashed/unknown"]);
  }),

  "every call ends once, whenever it was made": async (server) => {
    const api = T.connect(server.ws, fast);
    const outcomes = new Map();
    let made = 0;
    const make = () => {
      const n = made++;
      api.send({ n }, () => outcomes.set(n, (outcomes.get(n) ?? 0) + 1));
    };
    await T.engine(api);
    make();
    crash();
    make();
    queueMicrotask(make);
    setTimeout(make);
    await T.wait(0);
    make();
    await restarted(2);
    make();
    await until(() => outcomes.size === 6);
    equal([...outcomes.values()], [1, 1, 1, 1, 1, 1]);
    equal([api.stats().slots, api.stats().pending], [0, 0]);
  },

  "a frame that is being read": T.needs(["own socket"], async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    api.send({ do: "silent", n: 1 }, (reply) => (T.note(`a: ${reply}`), crash()));
    api.send({ do: "silent", n: 2 }, cb("b"));
    api.send({ do: "silent", n: 3 }, cb("c"));
    await server.until((seen) => seen.requests.length === 3);
    await server.push('[{"key":1,"data":1},{"key":2,"data":2},{"key":3,"data":3}]');
    await logged(3);
    equal(T.log.map((entry) => entry.replace("crashed/unknown", "crashed")), ["a: 1", "b: crashed", "c: crashed"]);
    equal(await api.request(4), 4);
  }),

  "all clients of the page": async (server) => {
    const [one, two] = [T.connect(server.ws, fast), T.connect(server.ws, { ...fast, protocol: "plain" })];
    await Promise.all([one.ready, two.ready]);
    const waiting = [outcome(one.request({ do: "silent" })), outcome(two.request({ do: "silent" }))];
    await server.until((seen) => seen.requests.length === 2);
    crash();
    equal(await Promise.all(waiting), ["crashed/unknown", "crashed/unknown"]);
    equal((await Promise.all([one.request({ n: 1 }), two.request({ n: 2 })])).map(({ n }) => n), [1, 2]);
    await server.until((seen) => seen.live === 2);
    equal((await made()).length, 2);
  },

  "repeated crashes back off": async (server) => {
    const api = T.connect(server.ws, fast);
    const pauses = [];
    for (let n = 1; n <= 3; n++) {
      await api.request(n);
      const at = await crash();
      await restarted(n + 1);
      pauses.push((await made())[n] - at);
    }
    ok(pauses[1] > 450 && pauses[2] > 900, `each pause is longer: ${pauses}`);
    // After a good life it starts over.
    await api.request(4);
    await T.advance(60_000);
    const at = await crash();
    await restarted(5);
    const pause = (await made())[4] - at;
    ok(pause < pauses[2], `${pause}`);
    equal(await api.request(5), 5);
    equal(api.stats().crashes, 4);
  },

  "the dead instance hears nothing": async (server) => {
    const api = T.connect(server.ws, { ...fast, heartbeat: { after: 30, timeout: 10_000 } });
    await T.engine(api);
    crash();
    await restarted(2);
    equal(await api.request(1), 1);
    const heard = await T.there(({ sockets: [old] }) => [old.onopen, old.onmessage, old.onclose, old.onerror].map(String));
    equal(heard, ["null", "null", "null", "null"]);
    dispatchEvent(new Event("online"));
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: false }));
    document.dispatchEvent(new Event("visibilitychange"));
    await server.until((seen) => seen.pings > 4);
    equal(await api.request(2, { idempotent: true }), 2);
    equal([(await made()).length, api.stats().crashes], [2, 1]);
  },

  "close() while it is down": async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    crash();
    await state(api, "connecting");
    api.send(1, cb("a"));
    await api.close();
    await logged(1);
    equal([T.log, api.state], [["a: closed/unsent"], "closed"]);
    await server.until((seen) => seen.live === 0);
    const other = T.connect(server.ws);
    equal(await other.request(2), 2);
    equal([await outcome(api.request(3)), api.state], ["closed/unsent", "closed"]);
  },

  "a crash while it closes": async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    api.send({ do: "silent" }, cb("a"));
    await server.until((seen) => seen.requests.length === 1);
    const closed = api.close();
    crash();
    await closed;
    await logged(1);
    ok(/^a: (closed|crashed)\/unknown$/.test(T.log[0]) && T.log.length === 1, `${T.log}`);
    equal(api.state, "closed");
    await server.until((seen) => seen.live === 0);
  },

  "a crash while it connects": async (server) => {
    await server.stall();
    const api = T.connect(server.proxied, fast);
    api.send(1, cb("a"), { timeout: 0 });
    await until(() => T.there(({ sockets, instances }) => sockets.length === 1 && instances.length > 0));
    crash(); // the first connection is none of its business
    await server.heal();
    equal(await api.request(2), 2);
    equal(T.log, ["a: 1"]);
    await until(() => api.stats().funcs > 0);
    await server.stall();
    await server.cut("rst");
    await until(() => T.there(({ sockets }) => sockets.length === 2));
    api.send(3, cb("b"), { timeout: 0 });
    await until(() => api.stats().queued === 1);
    crash();
    await logged(2);
    ok(/^b: crashed\/un(known|sent)$/.test(T.log[1]), `${T.log}`);
    await server.heal();
    equal(await api.request(4), 4);
    await server.until((seen) => seen.live === 1);
  },

  "a deadline and a signal while it is down": async (server) => {
    const api = T.connect(server.ws, fast);
    for (let n = 0; n < 2; n++) {
      await T.engine(api);
      crash();
      await restarted(n + 2);
    }
    await T.engine(api); // the instance is there before Go has started in it
    crash(); // now it stays down for a while
    await T.wait(0);
    const stop = new AbortController();
    api.send(1, cb("late"), { timeout: 50 });
    api.send(2, cb("aborted"), { signal: stop.signal });
    stop.abort();
    await logged(2);
    equal(T.log, ["aborted: aborted/unsent", "late: timeout/unsent"]);
    equal(await api.request(3, { timeout: 0 }), 3);
  },
};

for (const [name, run] of Object.entries(cases)) {
  T.cases[name] = T.needs(run.needs ?? [], async (server) => {
    await T.advance(60_000); // what an earlier case did is long ago, and the next crash is the first
    return run(server);
  });
}
