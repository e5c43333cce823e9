// Clients that have closed by themselves, and that the page may have dropped.
// Each case has a page of its own.
const { cb, equal, ok, until, outcome, logged, event, state } = T;
const fast = { reconnect: { min: 1, max: 20 } };
const once = { reconnect: { attempts: 0 } };

/** Makes 60 clients that close by themselves, keeps none, and wants all of them collected. */
const collected = async (make) => {
  let left = 60;
  const registry = new FinalizationRegistry(() => left--); // to ask a WeakRef, again and again, has Firefox keep what it is about
  const errors = [];
  const one = () => {
    const api = make();
    registry.register(api);
    errors.push(new Promise((resolve) => api.addEventListener("error", ({ detail }) => resolve(detail.code)))); // T.event has a timer, which holds what it waits for
  };
  for (let n = left; n > 0; n--) one();
  const codes = new Set(await Promise.all(errors.splice(0)));
  await until(async () => {
    await T.wait(20);
    await T.gc();
    return left === 0;
  }, `60 clients are collected`).catch(() => ok(false, `${left} of 60 clients are still held`));
  return [...codes];
};

Object.assign(T.cases, {
  "refused for good": T.needs(["garbage collection"], async (server) => {
    const other = T.connect(server.proxied); // tabs and clients of one URL share a worker
    await T.engine(other);
    await server.set({ hangup: 4401 });
    equal(await collected(() => sockjax.connect(server.ws)), ["closed"]);
    equal((await other.request(1)), 1);
    await until(() => other.stats().funcs < 8, "the engines have ended too"); // the three of its socket, and the one of connect
  }),

  "refused for good, with calls, listeners and a token": T.needs(["garbage collection"], async (server) => {
    await server.set({ hangup: 4401 });
    const signal = new AbortController().signal; // outlives them
    const codes = await collected(() => {
      const api = sockjax.connect(() => server.ws, { token: async () => `of ${api.state}`, outbox: { name: "x" } });
      api.send(1, (reply, error) => error && api.stats(), { signal, timeout: 60_000 });
      api.send(1, () => api.stats(), { durable: true });
      api.addEventListener("outbox", () => api.stats());
      return api;
    });
    equal(codes, ["closed"]);
  }),

  "given up": T.needs(["garbage collection"], async (server) => {
    await server.set({ refuse: true });
    equal(await collected(() => sockjax.connect(server.ws, once)), ["closed"]);
  }),

  "in plain mode": T.needs(["garbage collection"], async (server) => {
    await server.set({ hangup: 1008 });
    equal(await collected(() => sockjax.connect(server.ws, { protocol: "plain" })), ["closed"]);
  }),

  "without wasm": T.needs(["garbage collection"], async (server) => {
    equal(await collected(() => sockjax.connect(server.ws, { wasmURL: "/empty" })), ["crashed"]);
  }),

  "reconnect() makes a new life": async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    api.send({ do: "silent" }, cb("before"));
    await server.until((seen) => seen.requests.length === 1);
    await server.close(4401);
    await state(api, "closed");
    await logged(1);
    equal(T.log, ["before: closed/unknown"]);
    equal([await outcome(api.request(1)), api.stats().funcs], ["closed/unsent", 0]);
    await T.wait(50);
    const again = api.request({ n: 2 });
    equal(await outcome(again), "closed/unsent");
    api.reconnect();
    equal(await api.request({ n: 3 }), { n: 3 });
    equal(await api.request({ n: 4 }, { durable: true }), { n: 4 });
    const { hellos } = await server.seen();
    equal([hellos.length, hellos[1].resume, hellos[1].session === hellos[0].session], [2, false, false]);
    equal([api.state, api.stats().opened, api.stats().crashes], ["open", 2, 0]);
    await api.close();
    equal(api.state, "closed");
  },

  "reconnect() by whoever hears of it first": async (server) => {
    for (const type of ["error", "statechange", "callback"]) {
      const api = T.connect(server.ws, fast);
      await T.engine(api);
      let told = false;
      const again = () => {
        if (told || (type === "statechange" && api.state !== "closed")) return;
        told = true;
        api.reconnect();
        api.send({ of: type }, cb(type, (reply) => reply.of));
      };
      if (type === "callback") api.send({ do: "silent" }, again);
      else api.addEventListener(type, again);
      await api.drain();
      await server.close(4401);
      await logged(1);
      equal(T.log.splice(0), [`${type}: ${type}`]);
      await api.close();
    }
  },

  "reconnect() while the durable calls of an earlier life wait": async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    api.send({ do: "silent", n: 1 }, cb("a"), { durable: true });
    await server.until((seen) => seen.requests.length === 1);
    await server.close(4401);
    await logged(1);
    equal(T.log, ["a: closed/unknown"]);
    api.reconnect();
    equal(await api.request({ n: 2 }, { durable: true }), { n: 2 });
    await until(async () => (await T.sessionLocks()).length === 0, "no lock is held");
    equal((await server.seen()).requests.length, 2);
  },

  "close() after it has closed by itself": async (server) => {
    await server.set({ hangup: 4401 });
    const api = T.connect(server.ws);
    await event(api, "error");
    await Promise.all([api.close(), api.close(), api.drain()]);
    equal([api.state, await outcome(api.request(1))], ["closed", "closed/unsent"]);
    T.throws(sockjax.SockjaxError, () => api.reconnect());
  },
});
