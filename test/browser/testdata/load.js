// Much of everything, and nothing left of it.
const { cb, equal, ok, until, logged } = T;

/** What is alive in JavaScript and in Go, in bytes. */
const heap = async () => {
  for (let i = 0; i < 4; i++) {
    gc();
    await T.wait(0);
  }
  return performance.memory.usedJSHeapSize;
};
const wasmMemory = () => T.instances.at(-1).exports.mem.buffer.byteLength;

Object.assign(T.cases, {
  "replies run in their order, each with its own data": async (server) => {
    const api = T.connect(server.ws, { timeout: 0 });
    await T.engine(api);
    const calls = 600;
    const order = [];
    for (let key = 1; key <= calls; key++) {
      api.send({ do: "silent", key }, (reply) => order.push([key, reply]));
    }
    await server.until((seen) => seen.requests.length === calls);
    // Shuffled, in frames of any size.
    const keys = Array.from({ length: calls }, (_, i) => i + 1);
    for (let i = calls - 1; i > 0; i--) {
      const j = (i * 7919) % (i + 1);
      [keys[i], keys[j]] = [keys[j], keys[i]];
    }
    for (let at = 0, size = 1; at < calls; at += size, size = (size * 3) % 97 || 1) {
      await server.push(keys.slice(at, at + size).map((key) => ({ key, data: `reply to ${key}` })));
    }
    await until(() => order.length === calls);
    equal(order, keys.map((key) => [key, `reply to ${key}`]));
  },

  // While Go's garbage collector is at work, an export that allocates must not
  // be asked to help it, or to wait: that would yield inside the export.
  "a burst in the turn in which goroutines have something to do": async () => {
    for (const rouse of [(api) => api.reconnect(), () => dispatchEvent(new Event("online"))]) {
      const api = T.connect("/go", { timeout: 0 });
      await T.engine(api);
      for (const calls of [12_000, 25_000]) {
        rouse(api);
        let replies = 0;
        for (let n = 0; n < calls; n++) api.send({ n }, (reply) => (replies += reply === n));
        await until(() => replies === calls);
      }
      equal(api.stats().crashes, 0);
      await api.close();
    }
  },

  "a burst before there is an engine": async () => {
    const api = T.connect("/go", { timeout: 0 });
    let replies = 0;
    const burst = (calls) => {
      for (let n = 0; n < calls; n++) api.send({ n }, (reply) => (replies += reply === n));
    };
    burst(9000);
    await api.ready;
    burst(25_000);
    await until(() => replies === 34_000);
    equal(api.stats().crashes, 0);
  },

  "two clients, two servers": async (server) => {
    const [go, scripted] = [T.connect("/go"), T.connect(server.ws)];
    const replies = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? go.request({ n }) : scripted.request(n))));
    equal(replies, Array.from({ length: 100 }, (_, n) => n));
    await go.close();
    equal(await scripted.request("alone"), "alone");
  },

  "thousands side by side, in a server that answers in any order": async () => {
    const api = T.connect("/go", { timeout: 0 });
    const replies = await Promise.all(Array.from({ length: 3000 }, (_, n) => api.request({ n, ms: (n * 7919) % 20 })));
    equal(replies, Array.from({ length: 3000 }, (_, n) => n));
    ok(api.stats().framesOut < 300, `calls share frames: ${api.stats().framesOut} for 3000`);
  },

  "a hundred thousand calls leave nothing behind": T.needs(["heap size", "own socket"], async () => {
    const api = T.connect("/go", { timeout: 60_000 });
    await T.engine(api); // its memory is what grows
    const stop = new AbortController();
    const wave = (calls) =>
      new Promise((resolve) => {
        let left = calls;
        for (let n = 0; n < calls; n++) {
          const options = n % 3 === 0 ? { signal: stop.signal } : undefined;
          api.send({ n, padding: "x".repeat(50) }, (reply, error) => {
            if (error || reply !== n) T.note(`${n}: ${error ?? JSON.stringify(reply)}`);
            if (--left === 0) resolve();
          }, options);
        }
      });
    // Wasm memory grows in steps of half a megabyte, by when Go collects, and
    // never shrinks: it has its size after some waves.
    for (let i = 0; i < 5; i++) await wave(5_000);
    const { funcs } = api.stats();
    const before = await heap();
    const memory = wasmMemory();
    for (let i = 0; i < 15; i++) await wave(5_000);
    equal(T.log, []);
    const { calls, replies, failures, pending, queued, queuedBytes, slots, slotCapacity, unmatched, garbage, crashes } = api.stats();
    equal({ calls, replies, failures, pending, queued, queuedBytes, slots, unmatched, garbage, crashes },
      { calls: 100_000, replies: 100_000, failures: 0, pending: 0, queued: 0, queuedBytes: 0, slots: 0, unmatched: 0, garbage: 0, crashes: 0 });
    equal(slotCapacity, 5_000, "slots are used again");
    equal(api.stats().funcs, funcs, "js.Funcs");
    const grown = (await heap()) - before;
    ok(grown < 75_000 * 10, `the heap has not grown by 10 bytes a call: ${grown}`);
    equal(wasmMemory() - memory <= 2 << 20, true, `wasm memory: ${memory}, then ${wasmMemory()}`);
  }),

  "failures leave nothing behind either": async (server) => {
    const api = T.connect(server.ws, { timeout: 0 });
    await T.engine(api);
    await server.set({ silent: true });
    const { funcs } = api.stats();
    const stop = new AbortController();
    for (let n = 0; n < 3000; n++) api.send({ n }, cb("a", () => "reply"), n % 2 ? { timeout: 1 + (n % 50) } : { signal: stop.signal });
    await logged(1500);
    stop.abort();
    await logged(3000);
    equal([...new Set(T.log)].filter((entry) => !/^a: (timeout|aborted)\/un(known|sent)$/.test(entry)), []);
    const { pending, queued, queuedBytes, slots } = api.stats();
    equal({ pending, queued, queuedBytes, slots }, { pending: 0, queued: 0, queuedBytes: 0, slots: 0 });
    await server.set({ silent: false });
    equal(await api.request("still here"), "still here");
    equal(api.stats().funcs, funcs);
  },

  "a thousand clients come and go": T.needs(["heap size", "own socket"], async (server) => {
    const watch = T.connect(server.ws);
    await T.engine(watch);
    const { funcs } = watch.stats();
    const live = async (n) => {
      const many = Array.from({ length: n }, () => sockjax.connect(server.ws));
      await Promise.all(many.map((api, i) => (i % 3 === 0 ? api.ready : i % 3 === 1 ? api.request(i) : null)));
      await Promise.all(many.map((api) => api.close()));
      T.sockets.length = 0; // the harness itself must not hold them
    };
    // Few at a time: Chromium delays connections by seconds where many wait.
    for (let i = 0; i < 10; i++) await live(8);
    const before = await heap();
    for (let i = 0; i < 115; i++) await live(8);
    equal(watch.stats().funcs, funcs);
    // What Go holds of JavaScript goes when Go collects, some hundred clients
    // later: the heap is a saw, and its teeth are lower than this.
    const grown = (await heap()) - before;
    ok(grown < 2 << 20 && wasmMemory() < 16 << 20, `the heap has grown by ${grown}, wasm memory is ${wasmMemory()}`);
    await server.until((seen) => seen.live === 1);
    equal(await watch.request("still here"), "still here");
    equal(T.instances.length, 1);
  }),

  "reconnecting leaves nothing behind": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 5 } });
    await T.engine(api);
    let funcs;
    for (let n = 0; n < 50; n++) {
      if (n % 2) api.reconnect();
      else await server.fin();
      await server.until((seen) => seen.hellos.length === n + 2);
      await T.state(api, "open");
      funcs ??= api.stats().funcs; // of a socket that Go has opened; the first one was not
    }
    equal([api.stats().funcs, api.stats().opened], [funcs, 51]);
    await server.until((seen) => seen.live === 1);
  },
});
