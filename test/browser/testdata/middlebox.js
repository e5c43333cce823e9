// What lies between a page and its server closes with 1009 what is larger than
// the number at the end of the URL, and cuts the connection at "poison".
const { equal, ok, until, outcome } = T;
const fast = { reconnect: { min: 1, max: 20 } };
const connect = (limit, options) => T.connect(`${where}/${limit}`, { ...fast, timeout: 0, ...options });
const ran = async () => (await fetch("/ran")).json();
const failure = (promise) => promise.then((reply) => reply, (error) => error);

Object.assign(T.cases, {
  "many calls in a frame that is too large all run, in smaller ones": async () => {
    const api = connect(30_000);
    await T.engine(api);
    const slow = api.request({ name: "slow 1", ms: 1500 });
    const calls = Array.from({ length: 300 }, (_, n) => api.request({ name: `many ${n}`, pad: "é".repeat(400) }));
    equal(new Set(await Promise.all(calls)).size, 1, "each is the first of its name");
    equal([await slow, api.stats().failures, (await ran())["slow 1"]], [1, 0, 1]);
    ok(api.stats().opened <= 3, `${api.stats().opened} connections`);
    const frames = api.stats().framesOut;
    await Promise.all(Array.from({ length: 300 }, (_, n) => api.request({ name: `more ${n}`, pad: "é".repeat(400) })));
    ok(api.stats().opened <= 3 && api.stats().framesOut - frames > 8, "it has learned the size");
  },

  "a request that is too large by itself is lost, and nothing else": async () => {
    const api = connect(100_000);
    await T.engine(api);
    const slow = api.request({ name: "slow 2", ms: 1500 });
    const [before, large, after] = [
      api.request({ name: "before" }), failure(api.request({ name: "large", pad: "x".repeat(150_000) }, { idempotent: true })), api.request({ name: "after" }),
    ];
    const { code, fate, message } = await large;
    equal([code, fate, await before, await after, await slow], ["lost", "unknown", 1, 1, 1]);
    ok(message.includes("1009"), message);
    equal([await outcome(api.request({ name: "large", pad: "x".repeat(150_000) })), await api.request({ name: "medium", pad: "x".repeat(90_000) })], ["invalid/unsent", 1]);
    const { large: none, "slow 2": once } = await ran();
    equal([none, once, api.stats().opened], [undefined, 1, 3]);
  },

  "a request that cuts each connection is lost, and its neighbours live": async () => {
    const api = connect(1_000_000);
    await T.engine(api);
    const slow = api.request({ name: "slow 3", ms: 1500 });
    const calls = Array.from({ length: 10 }, (_, n) => failure(api.request({ name: n === 4 ? "poison" : `near ${n}`, ms: n % 2 ? 2000 : 0 })));
    const replies = await Promise.all(calls);
    const { code, fate, message } = replies.splice(4, 1)[0];
    equal([code, fate, replies, await slow], ["lost", "unknown", Array(9).fill(1), 1]);
    ok(message.includes("each time that this request was sent"), message);
    equal([await api.request({ name: "next" }), (await ran()).poison], [1, undefined]);
  },

  "a durable request that cuts each connection ends by its outbox event": async () => {
    const frame = document.createElement("iframe");
    frame.src = "/boxed";
    document.body.append(frame);
    await new Promise((resolve) => (frame.onload = resolve));
    const first = frame.contentWindow.sockjax.connect(`${where}/1000001`, fast);
    await first.ready;
    first.send({ name: "slow 4", ms: 1000 }, null, { durable: true, timeout: 0 });
    await until(async () => (await ran())["slow 4"] === 1);
    first.send({ name: "poison" }, null, { durable: true, timeout: 0 });
    await until(() => first.stats().opened > 1);
    frame.remove();
    const api = connect(1_000_001);
    const told = [];
    api.addEventListener("outbox", ({ detail: { data, reply, error } }) => told.push(`${data.name}: ${reply ?? `${error.code}/${error.fate}`}`));
    await until(() => told.length === 2);
    equal(told.sort(), ["poison: lost/unknown", "slow 4: 1"]);
    await api.close();
    const again = connect(1_000_001);
    await again.ready;
    await T.wait?.(50);
    equal(told.length, 2);
  },
});
