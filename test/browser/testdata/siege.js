// The page of TestSiege: some clients of a hostile server, and some of an
// honest one, all in the one wasm instance of a page.
globalThis.siege = (() => {
  let over = false;
  const problems = [];
  const counts = { answered: 0, besieged: 0, unmatched: 0, garbage: 0, opened: 0, unsound: 0 };
  const loops = [];
  const clients = { honest: [], besieged: [] };

  /** Calls that must be right, whatever happens next door. */
  const honest = async (url) => {
    const api = sockjax.connect(url, { timeout: 30_000 });
    clients.honest.push(api);
    for (let n = 0; !over; n++) {
      const data = { n, text: "é".repeat(n % 50) };
      const reply = await api.request(data);
      if (JSON.stringify(reply) !== JSON.stringify(data)) problems.push(`an honest reply is ${JSON.stringify(reply)}`);
      counts.answered++;
      await T.wait(1);
    }
  };

  /** Calls that may come back as anything, but once. */
  const besieged = async (url, options) => {
    while (!over) {
      const api = sockjax.connect(url, options);
      clients.besieged.push(api);
      api.addEventListener("unmatched", () => counts.unmatched++);
      const times = [];
      for (let n = 0; !over && api.state !== "closed"; n++) {
        times[n] = 0;
        counts.besieged++;
        api.send({ n }, () => times[n]++, { timeout: 200, idempotent: n % 2 === 0 });
        await T.wait(5);
        if (api.state === "waiting") api.reconnect(); // it may have been told to wait for years
      }
      await api.close();
      await T.wait(0);
      counts.unsound += times.filter((n) => n !== 1).length;
      const stats = api.stats();
      counts.garbage += stats.garbage;
      counts.opened += stats.opened;
      if (stats.pending || stats.slots || stats.queued || stats.crashes) problems.push(`after close: ${JSON.stringify(stats)}`);
    }
  };

  return {
    start(good, bad) {
      for (let i = 0; i < 2; i++) loops.push(honest(good));
      const options = { reconnect: { min: 1, max: 20 }, heartbeat: { after: 500, timeout: 500 } };
      for (let i = 0; i < 3; i++) loops.push(besieged(bad, options));
      for (const loop of loops) loop.catch((error) => problems.push(String(error?.stack ?? error)));
    },
    /** Resolves when there have been calls enough of both kinds. */
    enough: () => T.until(() => counts.answered >= 20 && counts.besieged >= 100),
    async finish() {
      over = true;
      await Promise.all(loops);
      for (const api of clients.honest) {
        const { opened, crashes, garbage } = api.stats();
        if (opened !== 1 || crashes || garbage) problems.push(`an honest client: ${JSON.stringify(api.stats())}`);
        await api.close();
      }
      return { counts, problems, uncaught: T.uncaught, instances: T.instances.length };
    },
    /** Bytes that are in use. */
    memory() {
      gc();
      const wasm = T.instances.reduce((sum, { exports }) => sum + exports.mem.buffer.byteLength, 0);
      return { wasm, script: performance.memory.usedJSHeapSize };
    },
  };
})();
