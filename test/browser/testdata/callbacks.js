// What a page's own functions may do.
const { cb, equal, ok, until, outcome, logged, state } = T;

Object.assign(T.cases, {
  "a callback that throws is the page's uncaught error, and nobody else's": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    api.send({ n: 1 }, cb("a", (reply) => reply.n));
    api.send({ n: 2 }, () => { throw new Error("mine"); });
    api.send({ n: 3 }, cb("c", (reply) => reply.n));
    api.send(undefined, () => { throw new Error("mine too"); });
    api.send(undefined, cb("e"));
    await logged(3);
    equal(T.log, ["e: invalid/unsent", "a: 1", "c: 3"]);
    equal(await api.request(4), 4);
    equal([api.stats().crashes, api.stats().slots], [0, 0]);
    return { uncaught: ["Error: mine too", "Error: mine"] };
  },

  "a listener that throws": async (server) => {
    const api = T.connect(server.ws);
    api.addEventListener("statechange", () => { throw new Error("state"); });
    api.addEventListener("unmatched", () => { throw new Error("unmatched"); });
    await T.engine(api);
    await server.push([{ key: 99, data: 1 }, { key: 98, data: 2 }]);
    equal(await api.request(1), 1);
    equal(api.stats().unmatched, 2);
    return { uncaught: ["Error: state", "Error: unmatched", "Error: unmatched"] };
  },

  "a callback that sends": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    let depth = 0;
    await new Promise((resolve) => {
      const next = (reply, error) => {
        T.note(error?.code ?? reply.n);
        if (++depth < 100) api.send(depth === 50 ? undefined : { n: depth }, next);
        else resolve();
      };
      api.send({ n: 0 }, next);
    });
    equal(T.log, Array.from({ length: 100 }, (_, n) => (n === 50 ? "invalid" : n)));
    equal(api.stats().slots, 0);
  },

  "callbacks of one frame that send share a frame": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const first = Array.from({ length: 30 }, (_, n) => ({ do: "hold", n }));
    let replies = 0;
    for (const data of first) api.send(data, () => api.send({ again: data.n }, () => replies++));
    await server.until((seen) => seen.requests.length === 30);
    await server.push([...first.map((data, i) => ({ key: i + 1, data }))]);
    await until(() => replies === 30);
    equal((await server.seen()).frames, 3); // hello, 30 and 30
  },

  "a callback that closes": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const closed = new Promise((resolve) => {
      api.send({ do: "hold", n: 1 }, (reply) => {
        T.note(`a ${reply.n}`);
        resolve(api.close());
        api.send({ n: 4 }, cb("d"));
      });
    });
    api.send({ do: "hold", n: 2 }, cb("b"));
    api.send({ do: "hold", n: 3 }, cb("c"));
    await server.until((seen) => seen.requests.length === 3);
    await server.push([{ key: 1, data: { n: 1 } }, { key: 2, data: { n: 2 } }, { key: 3, data: { n: 3 } }]);
    await closed;
    await logged(4);
    equal(T.log[0], "a 1");
    for (const name of ["b", "c"]) ok(T.log.filter((entry) => entry.startsWith(`${name}: `)).length === 1, `${name} ends once: ${T.log}`);
    ok(T.log.includes("d: closed/unsent"), `what is sent after close fails: ${T.log}`);
    equal(T.connect(server.ws) instanceof sockjax.Sockjax, true);
  },

  "a callback that reconnects, and one that makes a client": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 20 } });
    await T.engine(api);
    await new Promise((resolve) => api.send({ n: 1 }, () => (api.reconnect(), resolve())));
    equal(await api.request(2), 2);
    equal(await new Promise((resolve) => api.send({ n: 3 }, () => resolve(T.connect(server.ws).request(4)))), 4);
  },

  "a listener that closes, while calls fail": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 20 } });
    api.addEventListener("statechange", ({ detail }) => detail.state === "waiting" && api.close());
    await T.engine(api);
    for (let n = 0; n < 5; n++) api.send({ do: "silent", n }, cb(n));
    await server.until((seen) => seen.requests.length === 5);
    await server.rst();
    await logged(5);
    equal(T.log, [0, 1, 2, 3, 4].map((n) => `${n}: closed/unknown`));
    await state(api, "closed");
    const { opened } = await server.seen();
    ok(opened === 1 || T.host !== "page", `${opened} connections`); // a worker does not wait for what its page thinks of a change
  },

  "toJSON that sends, aborts and closes": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const inner = [];
    equal(await api.request({ toJSON: () => (inner.push(api.request("inner")), "outer") }), "outer");
    equal(await inner[0], "inner");
    const stop = new AbortController();
    equal(await outcome(api.request({ toJSON: () => (stop.abort(), "x") }, { signal: stop.signal })), "aborted/unsent");
    equal(await outcome(api.request({ toJSON: () => (api.close(), "x") })), "closed/unsent");
    equal(api.stats().slots, 0);
  },
});
