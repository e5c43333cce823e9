// Before wasm is there, and without it. Each case has a page of its own. The
// site serves /held.wasm once /letgo was asked for, /plain.wasm with the wrong
// type, /wrong.wasm as its query says, until /found was asked for /missing.wasm
// never, and /ancient.wasm, /older.wasm and /newer.wasm from other builds.
const { cb, equal, ok, outcome, throws, logged, event } = T;
const held = { wasmURL: "/held.wasm" };
const far = { reconnect: { min: 60_000_000, max: 60_000_000 } }; // only a nudge comes before that
const leave = () => {
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true })); // as a browser does next
};
const comeBack = () => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));

/** A script and a wasm of two builds: says which is old and what to do, and starts neither. */
const strangers = async (server, wasmURL, says) => {
  const api = T.connect(server.ws, { wasmURL });
  api.send({ do: "silent" }, cb("sent"), { timeout: 0 });
  const { message } = await event(api, "error");
  ok(says.test(message) && message.includes("serve both from one build"), message);
  await logged(1);
  ok(/^sent: crashed\/un(sent|known)$/.test(T.log[0]), T.log[0]);
  const late = await api.request(2).catch((e) => e);
  equal([late.code, late.fate, late.message, T.instances.length], ["crashed", "unsent", message, 0]);
  await fetch("/found"); // both come from one build now
  api.reconnect();
  equal(await api.request(3), 3);
};

Object.assign(T.cases, {
  "connect and send return at once": T.needs(["own socket"], async (server) => {
    const api = T.connect(server.ws, held);
    const keys = [1, 2, 3].map((n) => api.send({ n }, cb(n, (reply) => reply.n)));
    equal([keys, api.state], [[1, 2, 3], "connecting"]);
    const { pending, queued, queuedBytes, slots } = api.stats();
    equal({ pending, queued, queuedBytes, slots }, { pending: 3, queued: 3, queuedBytes: 21, slots: 3 });
    await logged(3);
    equal(T.log, ["1: 1", "2: 2", "3: 3"]);
    equal((await server.seen()).frames, 2, "one for the hello, and one that the three share");
    await fetch("/letgo");
  }),

  "the first replies do not wait for wasm, which goes on from there": async (server) => {
    const api = T.connect(server.ws, held);
    const changes = [];
    api.addEventListener("statechange", (e) => changes.push(e.detail.state));
    api.send({ n: 1 }, cb("a"));
    api.send({ do: "fail", code: "no", message: "no" }, cb("b"));
    await logged(2);
    equal(await api.request({ n: 3 }), { n: 3 });
    api.send({ do: "hold", n: 4 }, cb("c"));
    const stop = new AbortController();
    api.send({ do: "silent", n: 5 }, cb("d"), { signal: stop.signal });
    await server.until((seen) => seen.requests.length === 5);
    stop.abort();
    await server.until((seen) => seen.cancels.length === 1);
    equal([api.state, api.stats().funcs, api.stats().pending], ["open", 0, 1]);
    api.send({ do: "silent", n: 6 }, cb("e"), { timeout: 60_000 });
    await fetch("/letgo");
    await T.until(() => api.stats().funcs > 0);
    equal(api.stats().pending, 2);
    equal(await api.request({ n: 7 }), { n: 7 });
    await server.release();
    await logged(4);
    equal(T.log, ['a: {"n":1}', "b: rejected/executed", "d: aborted/unknown", 'c: {"do":"hold","n":4}']);
    const { opened, hellos, requests } = await server.seen();
    equal([opened, hellos.length, requests.length, changes], [1, 1, 7, ["open"]]);
    await server.fin();
    await T.until(() => api.stats().opened === 2);
    await logged(5);
    equal(T.log[4], "e: lost/unknown");
    const again = (await server.seen()).hellos[1];
    equal([again.session === hellos[0].session, again.resume], [true, true]);
    await api.close();
  },

  "calls are bounded without a connection, and bytes on one": async (server) => {
    await server.set({ welcome: "none" });
    const many = async (api, failures) => {
      for (let n = 0; n < 10_003; n++) api.send({ do: "silent" });
      await T.until(() => api.stats().failures === failures && api.stats().pending === 10_003 - failures);
    };
    const early = T.connect(server.ws, held);
    await many(early, 3);
    await early.close();
    await server.set({ welcome: "" });
    const open = T.connect(server.ws, held);
    await open.ready;
    await many(open, 0);
    await open.close();
    await fetch("/letgo");
  },

  "a call that went with the hello of a connection that was refused is unsent": async (server) => {
    for (const code of [4401, 4403, 4406]) {
      await server.set({ welcome: "none" });
      const api = T.connect(server.ws, held);
      const before = (await server.seen()).requests.length;
      api.send({ do: "silent" }, cb(`sent ${code}`));
      await server.until((seen) => seen.requests.length === before + 1);
      api.send({ do: "silent" }, cb(`sent too ${code}`));
      await server.close(code, "log in");
      if (code === 4401) await fetch("/letgo");
      await T.until(() => api.state === "closed");
      await logged(2);
      equal(T.log.splice(0), [`sent ${code}: closed/unsent`, `sent too ${code}: closed/unsent`]);
      await server.set({ welcome: "" });
      api.reconnect();
      equal(await api.request({ n: 3 }), { n: 3 });
      const { resume } = (await server.seen()).hellos.at(-1);
      equal(resume, false, "no server has seen the session");
      await api.close();
    }
  },

  "calls given up just as wasm takes over are cancelled": T.needs(["own socket"], async (server) => {
    const api = T.connect(server.ws, held);
    const stops = Array.from({ length: 10 }, () => new AbortController());
    for (const { signal } of stops) api.send({ do: "silent" }, cb("a"), { signal });
    await server.until((seen) => seen.requests.length === 10);
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (...args) => {
      const made = await instantiate(...args);
      (async () => {
        for (const stop of stops) await stop.abort(); // one in each microtask, before and behind the one that it is about
      })();
      return made;
    };
    await fetch("/letgo");
    await T.engine(api);
    WebAssembly.instantiate = instantiate;
    await server.until((seen) => seen.cancels.length === 10);
    equal(T.log, Array(10).fill("a: aborted/unknown"));
  }),

  "the page leaves for the cache and comes back": async (server) => {
    const api = T.connect(server.ws, { ...held, ...far });
    equal(await api.request(1), 1);
    api.send({ do: "silent" }, cb("a"), { timeout: 0 });
    await server.until((seen) => seen.requests.length === 2);
    leave();
    await server.until((seen) => seen.live === 0);
    equal(api.state, "connecting");
    comeBack();
    const reply = api.request(2);
    await fetch("/letgo");
    equal(await reply, 2);
    await logged(1);
    equal([T.log, api.stats().opened], [["a: lost/unknown"], 2]);
  },

  "wasm comes while the page is in the cache": async (server) => {
    const api = T.connect(server.ws, { ...held, ...far });
    equal(await api.request(1), 1);
    leave();
    await fetch("/letgo");
    await T.state(api, "waiting");
    equal((await server.seen()).live, 0);
    comeBack();
    equal(await api.request(2), 2);
  },

  "the page leaves and comes back while the first connection is being opened": async (server) => {
    equal(await T.connect(server.ws).request(1), 1);
    await T.engine(T.connect(server.ws)); // wasm is there
    await server.stall();
    const api = T.connect(server.proxied, far);
    await T.until(() => T.there(({ sockets }, url) => sockets.at(-1).url === url, server.proxied));
    leave();
    await T.until(() => T.there(({ sockets }) => sockets.at(-1).readyState >= WebSocket.CLOSING), "it is given up");
    await server.heal();
    comeBack();
    equal(await api.request(2), 2);
  },

  "why a connection without wasm has ended": async (server) => {
    const api = T.connect(server.ws, { ...held, ...far });
    equal(await api.request(1), 1);
    const change = event(api, "statechange");
    await server.close(1011, "restart");
    const { state, previous, cause, reason } = await change;
    equal([state, previous, cause, reason], ["connecting", "open", "server", "restart"]);
    const next = event(api, "statechange");
    await fetch("/letgo");
    const { state: then, cause: why, closeCode } = await next;
    equal([then, why, closeCode], ["waiting", "server", 1011]);
  },

  "a nudge before wasm is there ends the waiting for the second attempt": async (server) => {
    const api = T.connect(server.ws, { ...held, ...far });
    equal(await api.request(1), 1);
    await server.fin();
    await T.state(api, "connecting");
    dispatchEvent(new Event("online"));
    await fetch("/letgo");
    equal(await api.request(2), 2);
  },

  "without one, the first connection counts as the first attempt": async (server) => {
    const api = T.connect(server.ws, { ...held, ...far });
    equal(await api.request(1), 1);
    await server.fin();
    await T.state(api, "connecting");
    const change = event(api, "statechange");
    await fetch("/letgo");
    const { state, attempt, delay } = await change;
    ok(state === "waiting" && attempt === 1 && delay > 0, `${state} ${attempt} ${delay}`);
  },

  "more than the server takes before its welcome waits, in order": async (server) => {
    const api = T.connect(server.ws, held);
    for (let n = 1; n <= 100; n++) api.send({ n }, (reply) => T.log.push(reply.n));
    api.send("x".repeat(100_000), (reply) => T.log.push(reply.length));
    await logged(101);
    equal(T.log, [...Array.from({ length: 100 }, (_, i) => i + 1), 100_000]);
    const { longest, opened } = await server.seen();
    ok(longest > 100_000 && opened === 1, `${longest} ${opened}`);
    await fetch("/letgo");
  },

  "the browser's buffer stays small": async (server) => {
    const api = T.connect(server.proxied, { ...held, timeout: 60_000 });
    equal(await api.request(1), 1);
    await server.stall();
    const pad = "x".repeat(400_000);
    const replies = Array.from({ length: 38 }, () => api.request({ pad }));
    await T.until(() => api.stats().queued > 10);
    await T.wait(100);
    const { queued } = api.stats();
    const bufferedAmount = await T.there(({ sockets }) => sockets[0].bufferedAmount);
    ok(queued > 10 && bufferedAmount < 2_000_000, `${queued} are queued, ${bufferedAmount} bytes buffered`);
    await server.heal();
    await Promise.all(replies);
    await fetch("/letgo");
  },

  "timeout, signal and bounds hold": async (server) => {
    await server.set({ refuse: true });
    const api = T.connect(server.ws, { ...held, queue: { calls: 3 }, timeout: 60_000 });
    const stop = new AbortController();
    api.send({ n: 1 }, cb("late"), { timeout: 30 });
    api.send({ n: 2 }, cb("aborted"), { signal: stop.signal });
    api.send({ n: 3 }, cb("fine", (reply) => reply.n), { timeout: 0 });
    api.send({ n: 4 }, cb("over"));
    api.send(undefined, cb("bad"));
    stop.abort();
    await logged(4);
    equal(T.log.sort(), ["aborted: aborted/unsent", "bad: invalid/unsent", "late: timeout/unsent", "over: overloaded/unsent"]);
    await server.set({ refuse: false });
    await fetch("/letgo");
    await logged(5);
    equal(T.log[4], "fine: 3");
    equal((await server.seen()).requests, [{ n: 3 }]);
  },

  "what is left of a deadline goes on": async (server) => {
    const api = T.connect(server.ws, held);
    api.send({ do: "silent" }, cb("a"), { timeout: 3_000 });
    await server.until((seen) => seen.requests.length === 1);
    await T.advance(2_900);
    const at = performance.now();
    await fetch("/letgo");
    await logged(1);
    ok(performance.now() - at < 2_900, "it did not start over");
    ok(/^a: timeout\/un(sent|known)$/.test(T.log[0]), T.log[0]);
  },

  "close() before wasm": async (server) => {
    const api = T.connect(server.ws, held);
    api.send(1, cb("a"));
    const drained = api.drain();
    await api.close();
    await drained;
    await logged(1);
    equal([T.log, api.state, await outcome(api.ready)], [["a: closed/unsent"], "closed", "closed/unsent"]);
    await fetch("/letgo");
    equal(await T.connect(server.ws).request(2), 2);
    equal((await server.seen()).opened, 1);
  },

  "reconnect() while the first connection is open": async (server) => {
    const api = T.connect(server.ws, held);
    equal(await api.request(1), 1);
    api.reconnect();
    await fetch("/letgo");
    await T.until(() => api.stats().opened === 2);
    equal([await api.request(2), (await server.seen()).hellos.map(({ resume }) => resume)], [2, [false, true]]);
  },

  "reconnect() and data before wasm": async (server) => {
    const api = T.connect(server.ws, held);
    const data = { n: 1 };
    const reply = api.request(data);
    data.n = 2;
    api.reconnect();
    await fetch("/letgo");
    equal(await reply, { n: 1 });
  },

  "the first client decides where wasm comes from": T.needs(["own socket"], async (server) => {
    const api = T.connect(server.ws, { wasmURL: "/plain.wasm" });
    for (const wasmURL of ["/held.wasm", "/plain.wasm?2", new URL("/held.wasm", location.href)]) {
      const { message } = throws(TypeError, () => sockjax.connect(server.ws, { wasmURL }));
      ok(message.includes("/plain.wasm") && message.includes(String(wasmURL)), `it names both: ${message}`);
    }
    for (const wasmURL of [5, {}, "http://"]) throws(TypeError, () => sockjax.connect(server.ws, { wasmURL }));
    const others = [undefined, "/plain.wasm", "plain.wasm", new URL("/plain.wasm", location.href)].map((wasmURL) => T.connect(server.ws, { wasmURL }));
    for (const client of [api, ...others]) {
      equal(await client.request(1), 1);
      await T.engine(client);
    }
    equal(T.instances.length, 1);
  }),

  "the wrong type": async (server) => {
    equal(await T.connect(server.ws, { wasmURL: "/plain.wasm" }).request(1), 1);
  },

  "wasm is missing": async (server) => {
    const api = T.connect(server.ws, { wasmURL: new URL("/missing.wasm", location.href) });
    api.send({ n: 1 }, cb("a"), { timeout: 0 });
    api.send({ do: "silent" }, cb("b"), { timeout: 0 });
    let last;
    api.addEventListener("statechange", ({ detail }) => (last = detail));
    const error = await event(api, "error");
    ok(error instanceof Error && error.message.includes("/missing.wasm") && error.message.includes("404"), `it says what and why: ${error}`);
    const { state, cause } = last;
    equal([api.state, state, cause], ["closed", "closed", "failed-to-load"]);
    await logged(2);
    equal(T.log, ['a: {"n":1}', "b: crashed/unknown"]);
    const late = await api.request(2).catch((e) => e);
    equal([late.code, late.fate, late.message], ["crashed", "unsent", error.message]);
    await server.until((seen) => seen.live === 0);
    // The way back, and a second client.
    await fetch("/found");
    api.reconnect();
    equal(await api.request(3), 3);
    equal(await T.connect(server.ws).request(4), 4);
  },

  "a wasm from before there were versions": (server) => strangers(server, "/ancient.wasm", /\/ancient\.wasm is older than sockjax\.js/),

  "a wasm that is older than the script": (server) => strangers(server, "/older.wasm", /\/older\.wasm is older than sockjax\.js/),

  "a script that is older than the wasm": (server) => strangers(server, "/newer.wasm", /sockjax\.js .* is older than .*\/newer\.wasm/),

  "Go cannot start": async (server) => {
    // The first thing that its runtime asks for, in the middle of go.run().
    const api = T.connect(server.ws);
    await T.there(() => {
      const { getRandomValues } = Crypto.prototype;
      Crypto.prototype.getRandomValues = function (bytes) {
        if (bytes.length === 16) return getRandomValues.call(this, bytes); // a uuid of the host's
        Crypto.prototype.getRandomValues = getRandomValues;
        throw new Error("no entropy");
      };
    });
    api.send({ n: 1 }, cb("a"), { timeout: 5_000 });
    await logged(1);
    await T.until(() => T.there(() => String(Crypto.prototype.getRandomValues).includes("[native code]")), "Go has asked");
    ok(/^a: (crashed\/un(sent|known)|{"n":1})$/.test(T.log[0]), `it is told, or tried again: ${T.log[0]}`);
  },

  "wasm that is none": async (server) => {
    const api = T.connect(server.ws, { wasmURL: "/wrong.wasm?type=text/html&body=<!doctype html>" });
    const failure = event(api, "error");
    const end = await outcome(api.request({ do: "silent" }));
    ok(/^crashed\/un(sent|known)$/.test(end), `as far as it has come: ${end}`);
    ok((await failure).message.includes("/wrong.wasm"), "it says which");
    equal(await outcome(api.request(2)), "crashed/unsent");
    await api.close();
    equal(await outcome(api.request(3)), "closed/unsent");
  },
});

/** What a client says whose wasm is something else. */
const wrong = {
  "a page": ["type=text/html&body=<!doctype html><title>Shop</title>", /answered with HTML at/],
  "a page that is called wasm": ["type=application/wasm&body=%0A<!DOCTYPE html><html></html>", /answered with HTML at/],
  "a page that is called a text": ["type=text/plain&body=<html>", /answered with HTML at/],
  "JSON": ['type=application/json&body={"error":"no"}', /answered with JSON, beginning with "{\\"error\\":\\"no\\"}", at/],
  "JSON that is called wasm": ["type=application/wasm&body=[]", /answered with JSON/],
  "nothing": ["type=application/wasm", /answered with an empty file at/],
  "nothing of no type": ["type=", /answered with an empty file at/],
  "a part of it": ["type=application/wasm&cut", /answered with a part of the wasm, \d+ bytes, or a damaged one at/],
  "a part of it, of another type": ["type=application/octet-stream&cut", /answered with a part of the wasm/],
  "a text": ["type=text/plain&body=version https://git-lfs.github.com/spec/v1", /something else than wasm, beginning with "version https/],
};
for (const [name, [query, want]] of Object.entries(wrong)) {
  T.cases[`wasm that is ${name}`] = async (server) => {
    const wasmURL = `/wrong.wasm?${query}`;
    const { message } = await event(T.connect(server.ws, { wasmURL }), "error");
    ok(want.test(message) && message.includes(new URL(wasmURL, location.href).href), message);
    ok(message.includes("wasmURL") && !/Content-Security|magic/.test(message), `no more than is known, and what helps: ${message}`);
  };
}

Object.assign(T.cases, {
  "wasm that is a page behind a redirection": async (server) => {
    const { message } = await event(T.connect(server.ws, { wasmURL: "/wrong.wasm?to=/empty" }), "error");
    ok(message.includes(`answered with HTML at ${location.origin}/empty, to which it was redirected`), message);
  },

  "wasm of another origin that does not allow it": async (server) => {
    const wasmURL = `${server.base}/sockjax.wasm`;
    const { message } = await event(T.connect(server.ws, { wasmURL }), "error");
    ok(message.includes(wasmURL) && message.includes("Access-Control-Allow-Origin"), message);
  },

  "a browser without WebAssembly": async (server) => {
    const { WebAssembly } = globalThis;
    const without = () => T.there(() => { delete globalThis.WebAssembly; });
    without();
    const api = T.connect(server.ws);
    without(); // in its worker too, before that hears of the client
    const { message } = await event(api, "error");
    globalThis.WebAssembly = WebAssembly;
    ok(message.includes("this browser has no WebAssembly"), message);
  },
});
