const { cases, outcome, state, equal, ok, until, throws } = T;

const fast = { reconnect: { min: 1, max: 20 }, heartbeat: { after: 60_000, timeout: 60_000 } };

/** Runs the same in a worker of the page's and in a shared one. */
function both(name, act) {
  for (const host of ["worker", "shared"]) {
    cases[`${host}: ${name}`] = (server) => act((options) => T.connect(server.ws, { ...fast, host, ...options }), server, host);
  }
}

/** Another page of the site, as a frame: to a shared worker it is a tab like others. */
async function tab() {
  const frame = document.createElement("iframe");
  frame.src = "/";
  document.body.append(frame);
  await until(() => frame.contentWindow?.sockjax);
  return frame;
}

both("calls come back, and the page has neither wasm nor socket", async (open, server, host) => {
  const api = open();
  const before = [T.instances.length, T.sockets.length];
  equal(await Promise.all([api.request({ n: 1 }), api.request("zwei ☃"), api.request(null)]), [{ n: 1 }, "zwei ☃", null]);
  equal(api.state, "open");
  await api.ready;
  equal([T.instances.length, T.sockets.length], before);
  const { host: own, calls, replies, pending, slots, opened } = api.stats();
  equal([own, calls, replies, pending, slots, opened], [host, 3, 3, 0, 0, 1]);
});

both("calls of a turn share a frame, and replies keep their order", async (open) => {
  const api = open();
  await api.request("first");
  const { framesOut } = api.stats();
  const all = await Promise.all(Array.from({ length: 500 }, (_, i) => api.request(i)));
  ok(all.every((reply, i) => reply === i), "each reply in its own callback");
  ok(api.stats().framesOut - framesOut < 5, `frames: ${api.stats().framesOut - framesOut}`);
});

both("failures cross with all that they say", async (open) => {
  const api = open();
  const failed = await api.request({ do: "fail" }).catch((error) => error);
  ok(failed instanceof sockjax.SockjaxError, "a SockjaxError");
  equal([failed.code, failed.fate], ["rejected", "executed"]);
  equal(await outcome(api.request(undefined)), "invalid/unsent");
  equal(await outcome(api.request({ do: "silent" }, { timeout: 50 })), "timeout/unknown");
});

both("signals abort", async (open, server) => {
  const api = open();
  await api.ready;
  const stop = new AbortController();
  const call = api.request({ do: "silent" }, { signal: stop.signal });
  await server.until((seen) => seen.requests.length > 0);
  stop.abort("enough");
  const error = await call.catch((error) => error);
  equal([error.code, error.fate, error.cause], ["aborted", "unknown", "enough"]);
  equal(await outcome(api.request(1, { signal: AbortSignal.abort() })), "aborted/unsent");
});

both("a connection that breaks comes back", async (open, server) => {
  const api = open();
  await T.engine(api);
  const states = [];
  api.addEventListener("statechange", ({ detail }) => states.push(detail.state));
  await server.rst();
  await until(() => states.at(-1) === "open");
  equal(states[0], "waiting");
  equal(await api.request("again", { idempotent: true }), "again");
  ok(api.stats().opened === 2, "opened twice");
});

both("close ends what is pending", async (open, server) => {
  const api = open();
  await api.ready;
  const call = outcome(api.request({ do: "silent" }));
  await server.until((seen) => seen.requests.length > 0);
  await api.close();
  equal(await call, "closed/unknown");
  equal([api.state, await outcome(api.request(1))], ["closed", "closed/unsent"]);
  throws(sockjax.SockjaxError, () => api.reconnect());
});

both("what the page has given up or closed has no reply any more", async (open, server) => {
  const api = open();
  await T.engine(api);
  const stop = new AbortController();
  const all = [];
  const call = (data, options) => all.push(outcome(api.request(data, options)));
  // The replies share a frame, and reach the page with one message.
  api.send({ do: "hold", n: 0 }, () => stop.abort());
  call({ do: "hold", n: 1 });
  call({ do: "hold", n: 2 }, { signal: stop.signal });
  call({ do: "hold", n: 3 });
  await server.until((seen) => seen.requests.length === 4);
  await server.release();
  equal((await Promise.all(all)).map((text) => text.slice(0, 15)), ['{"do":"hold","n', "aborted/unknown", '{"do":"hold","n']);
});

both("calls after close() end behind those before it", async (open, server) => {
  const api = open();
  await api.ready;
  const ends = [];
  api.send({ do: "silent" }, (_, error) => ends.push(`1 ${error.code}/${error.fate}`));
  await server.until((seen) => seen.requests.length > 0);
  const closed = api.close();
  api.send(2, (_, error) => ends.push(`2 ${error.code}/${error.fate}`));
  await closed;
  await until(() => ends.length === 2);
  equal(ends, ["1 closed/unknown", "2 closed/unsent"]);
});

both("drain waits for what is sent", async (open) => {
  const api = open();
  for (let i = 0; i < 100; i++) api.send(i);
  await api.drain();
  equal(api.stats().queued, 0);
});

both("functions are asked in the page, for each attempt", async (open, server, host) => {
  const asked = [];
  const api = T.connect(() => (asked.push("url"), Promise.resolve(server.ws)), { ...fast, host, name: "me", token: () => (asked.push("token"), "t") });
  equal(await api.request(1), 1);
  await T.engine(api);
  await server.rst();
  await until(() => asked.length === 4);
  equal(asked.sort(), ["token", "token", "url", "url"]); // in which order is the engine's
  equal(await api.request(2, { idempotent: true }), 2);
  equal((await server.seen()).hellos.map(({ token }) => token), ["t", "t"]);
});

// Chromium may tell nothing of a shared one that is asked for while it fails: that ends by the time limit, after half a minute.
cases["worker: one that is not there is an error that says so"] = async (server) => {
  const api = T.connect(server.ws, { ...fast, host: "worker", workerURL: "/nowhere.js", timeout: 100 });
  equal(await outcome(api.request(1)), "timeout/unsent");
  await state(api, "closed");
  const error = await api.ready.catch((error) => error);
  equal([error.code, error.fate], ["crashed", "unsent"]);
  ok(/nowhere\.js.*workerURL/.test(error.message), error.message);
};

cases["shared: tabs have one socket, and each its own replies"] = async (server) => {
  const api = T.connect(server.ws, { ...fast, host: "shared" });
  await api.request("here");
  const { opened } = await server.seen();
  const frame = await tab();
  const other = frame.contentWindow.sockjax.connect(server.ws, { ...fast, host: "shared" });
  equal(await Promise.all([...Array(50).keys()].map((i) => (i % 2 ? api : other).request(i))), [...Array(50).keys()]);
  equal([other.state, other.stats().host, (await server.seen()).opened], ["open", "shared", opened]);
  // The other tab goes, with a call: it is cancelled, and the connection stays.
  other.send({ do: "silent" });
  await until(async () => (await server.seen()).requests.length === 52);
  frame.remove();
  await until(async () => (await server.seen()).cancels.length > 0);
  equal(await api.request("still"), "still");
  equal((await server.seen()).opened, opened);
};

cases["shared: another token is another socket"] = async (server) => {
  const one = T.connect(server.ws, { ...fast, host: "shared", token: "one" });
  const two = T.connect(server.ws, { ...fast, host: "shared", token: "two" });
  await Promise.all([one.request(1), two.request(2)]);
  equal((await server.seen()).opened, 2);
  const alone = T.connect(server.ws, { ...fast, host: "shared", token: () => "three" });
  await alone.request(3);
  equal(alone.stats().host, "worker");
};

cases["worker: one that dies is started again"] = async (server) => {
  const workers = [];
  const Real = Worker;
  globalThis.Worker = class extends Real {
    constructor(...args) {
      super(...args);
      workers.push(this);
    }
  };
  try {
    const api = T.connect(server.ws, { ...fast, host: "worker" });
    equal(await api.request(1), 1);
    const lost = outcome(api.request({ do: "silent" }));
    await server.until((seen) => seen.requests.length === 2);
    workers[0].terminate();
    equal(await lost, "crashed/unknown");
    equal(await api.request(2), 2);
    equal([workers.length, api.stats().crashes, api.stats().pending], [2, 1, 0]);
    await api.close();
    equal(await outcome(api.request(3)), "closed/unsent");
  } finally {
    globalThis.Worker = Real;
  }
};

cases["worker: one that dies again and again is started ever more seldom"] = async (server) => {
  const starts = [];
  let last;
  const Real = Worker;
  globalThis.Worker = class extends Real {
    constructor(...args) {
      super(...args);
      starts.push(performance.now());
      last = this;
    }
  };
  try {
    const api = T.connect(server.ws, { ...fast, host: "worker" });
    for (let i = 1; i < 4; i++) {
      await api.request(i);
      last.terminate();
      await until(() => starts.length === i + 1);
    }
  } finally {
    globalThis.Worker = Real;
  }
  const waits = starts.slice(1).map((at, i) => at - starts[i]);
  ok(waits[0] >= 500 && waits[1] >= 1000 && waits[2] >= 2000, waits.join(" "));
};

cases["shared: a durable call of a tab that goes ends in another"] = async (server) => {
  const api = T.connect(server.ws, { ...fast, host: "shared" });
  await T.engine(api);
  const frame = await tab();
  const other = frame.contentWindow.sockjax.connect(server.ws, { ...fast, host: "shared" });
  const outcome = T.event(api, "outbox");
  other.send({ do: "silent" });
  other.send({ do: "hold" }, null, { durable: true });
  await server.until((seen) => seen.requests.length === 2);
  frame.remove();
  await server.until((seen) => seen.cancels.length === 1); // the worker knows that it is gone
  await server.release();
  const { data, error } = await outcome;
  equal([data, error], [{ do: "hold" }, null]);
  equal(await api.request("still"), "still");
};

cases["shared: a durable outcome that a tab had no time to hear is told in another"] = async (server) => {
  const api = T.connect(server.ws, { ...fast, host: "shared" });
  await T.engine(api);
  const frame = await tab();
  const page = frame.contentWindow;
  const ports = [];
  page.MessageChannel = class extends page.MessageChannel {
    constructor() {
      super();
      ports.push(this.port1);
    }
  };
  const other = page.sockjax.connect(server.ws, { ...fast, host: "shared" });
  await other.request("here");
  const heard = [];
  other.send({ do: "hold" }, () => heard.push("other"), { durable: true });
  await server.until((seen) => seen.requests.length === 2);
  const outcome = T.event(api, "outbox");
  const hears = ports[0].onmessage;
  const last = new Promise((resolve) => (ports[0].onmessage = resolve)); // and does no more with it
  await server.release();
  await last;
  ok(hears !== null && heard.length === 0, "the tab was about to hear");
  frame.remove();
  const { data, reply, error } = await outcome;
  equal([data, error, reply !== undefined], [{ do: "hold" }, null, true]);
  await api.close(); // nothing waits for an answer
};

cases["shared: one that dies is started again, for each of its tabs"] = async (server) => {
  const options = { ...fast, host: "shared", workerURL: "/mortal.js" };
  const api = T.connect(server.ws, options);
  const frame = await tab();
  const other = frame.contentWindow.sockjax.connect(server.ws, options);
  equal(await Promise.all([api.request(1), other.request(2)]), [1, 2]);
  const lost = outcome(api.request({ do: "silent" }));
  await server.until((seen) => seen.requests.length === 3);
  new BroadcastChannel("die").postMessage("");
  equal(await lost, "crashed/unknown");
  await until(() => other.stats().crashes === 1);
  equal(await Promise.all([api.request(4), other.request(5)]), [4, 5]);
  equal([api.stats().crashes, other.stats().crashes, (await server.seen()).opened], [1, 1, 2]);
  await api.close();
  frame.remove();
};

cases["shared: without Web Locks there is a worker of the page's own"] = async (server) => {
  const frame = await tab();
  const page = frame.contentWindow;
  Object.defineProperty(page.navigator, "locks", { value: undefined });
  const api = page.sockjax.connect(server.ws, { ...fast, host: "shared" });
  equal(await api.request(1), 1);
  equal(api.stats().host, "worker");
  frame.remove();
};

cases["an unknown host is a TypeError"] = async (server) => {
  throws(TypeError, () => sockjax.connect(server.ws, { host: "moon" }));
};
