// A page and a real server, with a network that misbehaves in between: see
// wasm_session_test.go.
const { cb, equal, ok, logged, event, until } = T;
const fast = { reconnect: { min: 20, max: 100 } };
const tell = async (what) => (await fetch(`/counter/${what}`, { method: "POST" })).json();
const ran = async (name) => (await tell("look")).ran[name] ?? 0;

Object.assign(T.cases, {
  "a reply that was lost comes on the next connection": async () => {
    const api = T.connect(`${where}/ws`, fast);
    await api.ready;
    const calls = ["a", "b", "c"]; // whose handlers run side by side
    for (const name of ["b", "c", "c"]) await api.request({ name }); // so that no two replies are the same
    await tell("deafen");
    for (const name of calls) api.send({ name }, cb(name));
    const runs = () => Promise.all(calls.map(ran));
    await until(async () => (await runs()).join() === "1,2,3");
    await tell("reset");
    await tell("heal");
    await logged(3);
    equal([T.log.sort(), await runs()], [["a: 1", "b: 2", "c: 3"], [1, 2, 3]]);
    equal(api.stats().opened, 2);
  },

  "a request that was lost runs": async () => {
    const api = T.connect(`${where}/ws`, fast);
    await api.ready;
    await tell("stall");
    api.send({ name: "request" }, cb("a"));
    await T.wait(0);
    await tell("reset");
    await tell("heal");
    await logged(1);
    equal([T.log, await ran("request")], [["a: 1"], 1]);
  },

  "a connection that went dead without a word": async () => {
    const api = T.connect(`${where}/ws`, { ...fast, heartbeat: { after: 200, timeout: 1000 } });
    equal(await api.request({ name: "dead" }), 1);
    await tell("swallow");
    equal([await api.request({ name: "dead" }), await ran("dead")], [2, 2]);
    equal(api.stats().opened, 2);
  },

  "what the server is too busy for is tried again": async () => {
    const api = T.connect(`${where}/paced`);
    const replies = await Promise.all(Array.from({ length: 300 }, () => api.request({ name: "busy" })));
    equal(new Set(replies).size, 300);
    equal([await ran("busy"), api.stats().failures], [300, 0]);
    ok(api.stats().framesOut > 2, "in more than one go");
  },

  "a turn on a healthy connection takes what its bytes allow": async () => {
    const api = T.connect(`${where}/ws`, { timeout: 60_000 });
    for (const [ready, count] of [[() => api.ready, 25_000], [() => T.engine(api), 25_000], [() => null, 100_000]]) {
      await ready();
      const replies = await Promise.all(Array.from({ length: count }, () => api.request({ name: "many" })));
      equal([new Set(replies).size, api.stats().failures], [count, 0]);
    }
    const bound = T.connect(`${where}/ws`, { queue: { calls: 10_000 } });
    await T.engine(bound);
    for (let n = 0; n < 10_003; n++) bound.send({ name: "bound" }, cb("bound", () => "reply"));
    await logged(10_003);
    equal(T.log.splice(0).filter((line) => line !== "bound: reply"), Array(3).fill("bound: overloaded/unsent"));
  },

  "a fresh token in time": async () => {
    let asked = 0;
    const api = T.connect(`${where}/ws`, { token: async () => `good ${++asked}` });
    const changes = [];
    api.addEventListener("statechange", (e) => changes.push(e.detail.state));
    await until(async () => (await tell("look")).tokens.includes("good 2")); // after 4 s of 5
    equal(await api.request({ name: "token" }), 1);
    equal([changes, api.stats().opened], [["open"], 1]);
  },

  "a token that is not accepted ends it, once": async () => {
    let token = "bad";
    const before = (await tell("look")).opened;
    const api = T.connect(`${where}/ws`, { ...fast, token: () => token });
    api.send({ name: "refused" }, cb("a"));
    const error = await event(api, "error");
    ok(error.message.includes("log in again") && error.message.includes("4401"), error.message);
    await logged(1);
    equal([T.log, await ran("refused")], [["a: closed/unsent"], 0]);
    equal([api.state, (await tell("look")).opened - before], ["closed", 1]);
    token = "good again";
    api.reconnect();
    equal(await api.request({ name: "accepted" }), 1);
  },

  "a token function that fails is a failed attempt": async () => {
    let asked = 0;
    const api = T.connect(`${where}/ws`, {
      ...fast,
      token: () => {
        if (++asked < 3) throw new Error("nobody is logged in");
        return "good";
      },
    });
    const { reason } = await event(api, "statechange");
    equal(reason, "nobody is logged in");
    equal(await api.request({ name: "at last" }), 1);
  },

  "the browser's buffer stays small": async () => {
    const api = T.connect(`${where}/ws`, { ...fast, timeout: 60_000 });
    await T.engine(api);
    await tell("stall");
    const pad = "x".repeat(400_000);
    const replies = Array.from({ length: 38 }, () => api.request({ name: "large", pad }));
    await until(() => api.stats().queued > 10);
    await T.wait(100);
    const { queued } = api.stats();
    const bufferedAmount = await T.there(({ sockets }) => sockets[0].bufferedAmount);
    ok(queued > 10 && bufferedAmount < 2_000_000, `${queued} are queued, ${bufferedAmount} bytes buffered`);
    let drained = false;
    const drain = api.drain().then(() => (drained = true));
    await T.wait(20);
    equal(drained, false);
    await tell("heal");
    await Promise.all([...replies, drain]);
    equal(await ran("large"), 38);
  },

  "after sleep, calls wait until the connection has shown life": async () => {
    const api = T.connect(`${where}/ws`, fast);
    equal(await api.request({ name: "sleep" }), 1);
    await until(() => api.stats().funcs > 0);
    await tell("swallow"); // and nobody noticed
    dispatchEvent(new Event("online"));
    const sent = api.stats().framesOut;
    const reply = api.request({ name: "sleep" });
    await T.wait(50);
    if (T.host === "page") equal(api.stats().framesOut - sent, 1, "a ping and nothing else");
    await until(() => api.stats().queued === 1);
    equal([await reply, await ran("sleep")], [2, 2]);
  },
});
