// A wasm whose export `park` has a goroutine hold the engine's lock for some
// milliseconds from the next time that Go's scheduler runs.
const { equal, ok, outcome } = T;
const options = { wasmURL: "/parked.wasm", reconnect: { min: 1, max: 20 } };
const park = (ms) => T.instances.at(-1).exports.park(ms);

Object.assign(T.cases, {
  "calls wait until the lock is let go": async (server) => {
    const api = T.connect(server.ws, options);
    await T.engine(api);
    // Enough for the scheduler to be lent to the garbage collector alone: no
    // goroutine that waits for the lock keeps it from returning.
    for (let n = 0; n < 10; n++) {
      park(3);
      const replies = await Promise.all(Array.from({ length: 1100 }, () => api.request(n, { timeout: 0 })));
      equal([...new Set(replies)], [n]);
    }
    for (let n = 0; n < 50; n++) {
      park(3);
      const stop = new AbortController();
      const calls = [api.request({ n }), api.request({ do: "silent" }, { signal: stop.signal }).catch((error) => error.code)];
      await T.wait(n % 3);
      stop.abort();
      api.stats();
      equal(await Promise.all(calls), [{ n }, "aborted"]);
    }
    const { crashes, pending, opened } = api.stats();
    equal({ crashes, pending, opened }, { crashes: 0, pending: 0, opened: 1 });
  },

  "an instance whose lock is kept is given up": async (server) => {
    const api = T.connect(server.ws, options);
    await T.engine(api);
    park(1e9);
    const lost = outcome(api.request({ n: 1 }));
    ok((await lost).startsWith("crashed/"), await lost);
    equal([await api.request({ n: 2 }), api.stats().crashes, T.instances.length], [{ n: 2 }, 1, 2]);
  },
});
