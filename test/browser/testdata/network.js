// What networks, servers and pages do to a connection.
const { cb, equal, ok, until, outcome, logged, state, event } = T;
const fast = { reconnect: { min: 1, max: 20 } };
const far = { reconnect: { min: 60_000_000, max: 60_000_000 } }; // only a nudge comes before that
const visibility = () => document.dispatchEvent(new Event("visibilitychange"));
const pageEvent = (type, persisted) => dispatchEvent(new PageTransitionEvent(type, { persisted }));

/** A client that waits for its next attempt at a server that is well again. */
const waiting = async (server, options = far) => {
  await server.set({ refuse: true });
  const api = T.connect(server.ws, options);
  await state(api, "waiting");
  await server.set({ refuse: false });
  return api;
};

for (const code of [1008, 1003, 4400, 4401, 4403, 4406]) {
  T.cases[`close code ${code} ends it`] = async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    const failure = event(api, "error");
    const change = event(api, "statechange");
    api.send({ do: "silent" }, cb("a"));
    await server.until((seen) => seen.requests.length === 1);
    await server.close(code, "go away");
    const { state: after, closeCode, reason } = await change;
    equal([after, closeCode], ["closed", code]);
    ok(reason.includes("go away") && reason.includes(code), `the reason says it: ${reason}`);
    ok((await failure).message.includes("go away"), "so does the error event");
    await logged(1);
    equal(T.log, ["a: closed/unknown"]);
    dispatchEvent(new Event("online"));
    equal(await outcome(api.request(1)), "closed/unsent");
    equal((await server.seen()).opened, 1);
  };
}

for (const code of [1000, 1001, 1011, 1012, 1013, 3000, 4408, 4411, 4499]) {
  T.cases[`close code ${code} does not`] = T.needs(code === 1012 || code === 1013 ? ["close codes of restarts"] : [], async (server) => {
    const api = T.connect(server.ws, fast);
    await T.engine(api);
    const change = event(api, "statechange");
    await server.close(code, "for now");
    const { state: after, closeCode, reason, attempt } = await change;
    equal([after, closeCode, reason, attempt], ["waiting", code, "for now", 1]);
    equal(await api.request(1), 1);
  });
}

Object.assign(T.cases, {
  "an end without a close": async (server) => {
    for (const how of ["fin", "rst"]) {
      const api = T.connect(server.ws, fast);
      await T.engine(api);
      const change = event(api, "statechange");
      await server[how]();
      equal((await change).closeCode, 1006, how);
      equal(await api.request(how), how);
      await api.close();
    }
  },

  "a server that accepts and hangs up": async (server) => {
    await server.set({ hangup: 1013 });
    const api = T.connect(server.ws, fast);
    api.send({ n: 1 }, cb("a", () => "reply"), { idempotent: true });
    await server.until((seen) => seen.opened >= 5);
    await server.set({ hangup: 0 });
    await logged(1);
    equal(T.log, ["a: reply"]);
  },

  "frames of many pieces, and of many messages": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    const big = "x".repeat(40_000);
    const replies = await Promise.all(Array.from({ length: 30 }, (_, n) => api.request({ n, big })));
    equal(replies.map(({ n }) => n), Array.from({ length: 30 }, (_, n) => n));
    const { longest, frames } = await server.seen();
    ok(longest <= 65_536 && frames >= 20, `frames are full at 64 KiB: the longest had ${longest} bytes, there were ${frames}`);
  },

  "half-open: noticed, and what was in doubt is told": async (server) => {
    const api = T.connect(server.proxied, { ...fast, heartbeat: { after: 100, timeout: 1000 } });
    equal(await api.request(1), 1);
    const changes = [];
    api.addEventListener("statechange", ({ detail }) => changes.push(detail));
    await server.stall();
    api.send({ n: 2 }, cb("a", () => "reply"));
    await until(() => changes.length > 0);
    equal([changes[0].state, changes[0].closeCode], ["waiting", 4411]);
    equal(T.log, []);
    await server.heal();
    await logged(1);
    equal(T.log, ["a: lost/unknown"]);
    equal(await api.request(3), 3);
  },

  "the network cuts, refuses, and comes back": async (server) => {
    for (const how of ["fin", "rst"]) {
      const api = T.connect(server.proxied, fast);
      equal(await api.request(1), 1);
      await server.stall(); // what is cut while it stalls never arrives
      api.send({ n: 2 }, cb(how));
      await api.drain();
      await server.block();
      const change = event(api, "statechange");
      await server.cut(how);
      equal([(await change).state, (await change).closeCode], ["waiting", 1006], how);
      await until(() => T.there(({ sockets }) => sockets.length > 3)); // attempts that fail
      await server.heal();
      equal(await api.request(3), 3);
      await logged(1);
      equal(T.log.splice(0), [`${how}: lost/unknown`]);
      await api.close();
      await T.there((recorder) => recorder.reset());
    }
    equal((await server.seen()).requests, [1, 3, 1, 3]);
  },

  "a stall shorter than the heartbeat's patience is none": async (server) => {
    const api = T.connect(server.proxied, { heartbeat: { after: 50, timeout: 20_000 } });
    equal(await api.request(1), 1);
    await server.stall();
    const reply = api.request(2);
    await until(() => T.there(({ sockets }) => sockets[0].pings.length > 0));
    await server.heal();
    equal(await reply, 2);
    equal(api.stats().opened, 1);
  },

  "pings come at their time, however patient the client is": async (server) => {
    // The server's wish of one second is shorter than the timeout.
    await server.set({ beat: 1000 });
    const api = T.connect(server.ws, { heartbeat: { after: 100, timeout: 60_000 } });
    await T.engine(api);
    await server.until((seen) => seen.pings >= 5);
    equal(api.stats().opened, 1);
  },

  "no ping while there is traffic both ways": async (server) => {
    const api = T.connect(server.ws, { heartbeat: { after: 400, timeout: 10_000 } });
    await T.engine(api);
    const end = performance.now() + 1000;
    let longest = 0;
    for (let last = performance.now(); last < end; ) {
      await api.request(1);
      await T.wait(10);
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    if (longest < 400) equal((await server.seen()).pings, 0);
  },

  "the server's ping is answered": async (server) => {
    for (const protocol of ["sockjax.1", "plain"]) {
      const api = T.connect(server.ws, { protocol });
      await T.engine(api);
      const { pongs } = await server.seen();
      await server.push("ping");
      await server.until((seen) => seen.pongs === pongs + 1);
      await api.close();
    }
  },

  "plain mode: a server that never answers pings lives": async (server) => {
    await server.set({ noPong: true });
    const api = T.connect(server.ws, { protocol: "plain", heartbeat: { after: 30, timeout: 60 } });
    await server.until((seen) => seen.pings >= 4);
    equal([api.state, api.stats().opened], ["open", 1]);
  },

  "plain mode: one that has answered is held to it": async (server) => {
    const api = T.connect(server.ws, { ...fast, protocol: "plain", heartbeat: { after: 60, timeout: 1000 } });
    await server.until((seen) => seen.pings >= 2);
    await server.set({ noPong: true });
    equal((await event(api, "statechange")).closeCode, 4411);
  },

  "no welcome in ten seconds": async (server) => {
    await server.set({ welcome: "none" });
    const api = T.connect(server.ws, fast);
    const change = event(api, "statechange");
    await server.until((seen) => seen.hellos.length === 1);
    await server.set({ welcome: "" });
    await T.advance(10_001);
    dispatchEvent(new Event("online")); // timers do not know that the clock was moved
    const { closeCode, reason } = await change;
    equal(closeCode, 4408);
    ok(reason.includes("plain mode"), `it says what to do: ${reason}`);
    await state(api, "open");
  },

  "a url function that never answers, and a socket that never opens": T.needs(["own socket"], async (server) => {
    const api = T.connect(() => new Promise(() => {}), fast);
    await T.wait(0);
    equal(api.state, "connecting");
    await api.close();
    await server.stall();
    const other = T.connect(server.proxied, fast);
    await until(() => T.sockets.length === 1);
    equal([other.state, T.sockets[0].readyState], ["connecting", WebSocket.CONNECTING]);
    await other.close();
    equal(T.sockets[0].readyState >= WebSocket.CLOSING, true, "the socket is not left behind");
  }),

  // ---- page events only nudge

  "online ends the waiting": async (server) => {
    const api = await waiting(server);
    dispatchEvent(new Event("online"));
    equal(await api.request(1), 1);
  },

  "becoming visible ends the waiting": async (server) => {
    const api = await waiting(server);
    visibility();
    equal(await api.request(1), 1);
  },

  "pageshow and resume end the waiting": async (server) => {
    const api = await waiting(server);
    pageEvent("pageshow", true);
    equal(await api.request(1), 1);
    await server.fin();
    await state(api, "waiting");
    document.dispatchEvent(new Event("resume"));
    equal(await api.request(2), 2);
  },

  "an open connection is probed, and kept if it answers": async (server) => {
    const api = T.connect(server.ws, far);
    await T.engine(api);
    for (const [n, nudge] of [() => dispatchEvent(new Event("online")), visibility, () => pageEvent("pageshow", true)].entries()) {
      nudge();
      await server.until((seen) => seen.pings === n + 1);
      await until(() => api.stats().framesIn === n + 2);
    }
    equal(api.stats().opened, 1);
  },

  "a dead connection is found by the probe": async (server) => {
    const api = T.connect(server.proxied, fast);
    await T.engine(api);
    await server.stall();
    const change = event(api, "statechange");
    dispatchEvent(new Event("online"));
    await until(() => T.there(({ sockets }) => sockets[0].pings.length === 1));
    await T.advance(3_001); // and the timer comes when it comes
    dispatchEvent(new Event("online"));
    const { closeCode } = await change;
    equal(closeCode, 4411);
    await server.heal();
    equal(await api.request(1), 1);
  },

  "after sleep, a frame from before it is no sign of life": async (server) => {
    await server.set({ noPong: true });
    const api = T.connect(server.ws, far);
    await T.engine(api);
    await T.advance(3_600_000); // no timer has seen that
    await server.push("[]");
    await server.until((seen) => seen.pings === 1);
    api.send(1, cb("a"));
    await until(() => api.stats().queued === 1);
    await T.wait(50);
    equal([T.log, api.stats().queued], [[], 1], "it waits");
    await server.push("pong");
    await logged(1);
    equal([T.log, api.stats().opened], [["a: 1"], 1]);
  },

  "pagehide into the cache lets go of the socket, pageshow comes back": async (server) => {
    const api = T.connect(server.ws, far);
    await T.engine(api);
    pageEvent("pagehide", true);
    await state(api, "waiting");
    await server.until((seen) => seen.live === 0);
    const reply = api.request(1);
    pageEvent("pageshow", true);
    equal(await reply, 1);
    equal(api.stats().opened, 2);
  },

  "pagehide and pageshow without the cache, and being hidden, change nothing": async (server) => {
    const api = T.connect(server.ws, far);
    await T.engine(api);
    pageEvent("pagehide", false);
    pageEvent("pageshow", false);
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    visibility();
    delete document.visibilityState;
    equal(await api.request(1), 1);
    const { live, pings } = await server.seen();
    equal([api.stats().opened, live, pings], [1, 1, 0]);
  },

  "1003 is fatal, but where binary frames were sent and none was answered": async (server) => {
    const pad = "x".repeat(6_000);
    const none = T.connect(server.ws, fast);
    await T.engine(none);
    equal(await none.request(1), 1);
    await server.close(1003);
    await state(none, "closed");
    const answered = T.connect(server.ws, fast);
    await T.engine(answered);
    equal(await answered.request(pad), pad);
    answered.send({ do: "silent", pad });
    await server.until((seen) => seen.binary === 2);
    await server.close(1003);
    await state(answered, "closed");
    const silent = T.connect(server.ws, fast);
    await T.engine(silent);
    silent.send({ do: "silent", pad }, cb("a"), { idempotent: true });
    await server.until((seen) => seen.binary === 3);
    await server.close(1003, "texts, please");
    await server.until((seen) => seen.requests.length === 5);
    equal(await silent.request(pad), pad);
    equal((await server.seen()).binary, 3, "no more of them");
    await server.close(1003);
    await state(silent, "closed");
    await logged(1);
    equal(T.log, ["a: closed/unknown"]);
  },

  "a hundred nudges are one": async (server) => {
    const api = await waiting(server);
    for (let i = 0; i < 100; i++) dispatchEvent(new Event(i % 2 ? "online" : "offline"));
    equal(await api.request(1), 1);
    for (let i = 0; i < 100; i++) visibility();
    equal(await api.request(2), 2);
    const { opened, pings } = await server.seen();
    ok(opened === 1 && pings <= 3, `${opened} connections, ${pings} pings`);
  },
});
