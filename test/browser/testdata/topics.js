// Topics, with a network that misbehaves: see topics_test.go.
const { equal, note, ok, throws, until } = T;
const fast = { reconnect: { min: 20, max: 100 } };
const tell = async (what, query = {}) => (await fetch(`/press/${what}?${new URLSearchParams(query)}`, { method: "POST" })).json();
const publish = (topic, from, to = from) => tell("publish", { topic, from, to });
const ons = async (topic) => (await tell("publish")).ons[topic] ?? 0;
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

let named = 0;
/** A topic of this case's own. */
const fresh = () => `topic ${performance.timeOrigin} ${++named}`;

/** Runs the same in the page, in a worker and in a shared one. */
function each(name, act) {
  for (const host of ["page", "worker", "shared"]) T.cases[`${host}: ${name}`] = () => act((options) => T.connect(where, { ...fast, host, ...options }), host);
}

/** Notes what a handler is told, and resolves when the subscription stands. */
async function follow(api, topic, name = "", options = {}) {
  const before = await ons(topic);
  const off = api.on(topic, (data) => note(`${name}${data}`), { gap: (gap) => note(`${name}gap ${gap.epoch ? "all" : `${gap.from}-${gap.to}`}`), ...options });
  await until(async () => (await ons(topic)) > before);
  return off;
}

/** Waits for this log, and that nothing comes behind it. */
async function told(...want) {
  await until(() => T.log.length >= want.length, `${want}; there is: ${T.log}`);
  equal(T.log, want);
  T.log.length = 0;
}

each("messages arrive with their positions", async (open) => {
  const api = open();
  const topic = fresh();
  const { epoch } = await publish(topic, 1);
  let seen = [];
  const off = api.on(topic, (...all) => seen.push(all), { since: { epoch, offset: 0 } });
  await until(() => seen.length === 1);
  await publish(topic, 2);
  await until(() => seen.length === 2);
  equal(seen, [[1, { topic, epoch, offset: 1 }], [2, { topic, epoch, offset: 2 }]]);
  equal(await api.request("beside"), "beside");
  off();
  off();
  await publish(topic, 3);
  await api.request("behind");
  equal(seen.length, 2);
});

each("what was missed comes first, and nothing twice", async (open) => {
  const api = open();
  const topic = fresh();
  await follow(api, topic, "", { since: {} });
  await publish(topic, 1, 3);
  await told("1", "2", "3");
  for (const first of [4, 104]) {
    await tell("cut");
    await publish(topic, first, first + 98);
    await publish(topic, first + 99);
    await told(...numbers(first, first + 99).map(String));
  }
  ok(api.stats().opened >= 3, "three connections");
});

each("a gap says what is missing", async (open) => {
  const api = open();
  const { epoch, offset } = await publish("short", 1, 10);
  await follow(api, "short", "", { since: { epoch, offset: offset - 10 } });
  await told(`gap ${offset - 9}-${offset - 3}`, "8", "9", "10");
  await follow(api, "short", "b ", { since: { epoch: "of yesterday", offset: 5 } });
  await told("b gap all", "b 8", "b 9", "b 10");
  await publish("short", 11);
  await until(() => T.log.length === 2);
  equal(T.log.sort(), ["11", "b 11"]);
});

each("handlers of a topic share a subscription", async (open) => {
  const api = open();
  const topic = fresh();
  await follow(api, topic, "a ", { since: {} });
  const { epoch } = await publish(topic, 1, 2);
  await told("a 1", "a 2");
  const before = await ons(topic);
  const stop = new AbortController();
  api.on(topic, (data) => note(`b ${data}`), { signal: stop.signal });
  await api.request("beside");
  await publish(topic, 3);
  await told("a 3", "b 3");
  equal(await ons(topic), before);
  await follow(api, topic, "c ", { since: { epoch, offset: 1 } });
  await told("c 2", "c 3");
  stop.abort();
  await api.request("beside");
  await publish(topic, 4);
  await told("a 4", "c 4");
  ok(api.on(topic, () => note("d"), { signal: AbortSignal.abort() }) instanceof Function, "off of one that never was");
});

each("handlers bring their positions into a new client", async (open) => {
  const topic = fresh();
  const { epoch } = await publish(topic, 1, 5);
  const api = open();
  api.on(topic, (data) => note(`a ${data}`), { since: { epoch, offset: 5 } }); // ahead, and first
  const before = await ons(topic);
  api.on(topic, (data) => note(`b ${data}`), { since: { epoch, offset: 2 }, gap: (gap) => note(`b gap ${gap.from}-${gap.to}`) });
  await until(async () => (await ons(topic)) > before);
  await publish(topic, 6);
  await until(() => T.log.includes("a 6") && T.log.includes("b 6"));
  equal(T.log.filter((text) => text.startsWith("b")), ["b 3", "b 4", "b 5", "b 6"]);
  T.log.length = 0;
});

each("a handler that throws disturbs nothing", async (open) => {
  const api = open();
  const topic = fresh();
  api.on(topic, () => {
    throw new Error("mine");
  });
  await follow(api, topic, "b ", { since: {} });
  await publish(topic, 1, 2);
  await told("b 1", "b 2");
  equal(T.uncaught.splice(0), ["Error: mine", "Error: mine"]);
});

each("off and on within a handler", async (open) => {
  const api = open();
  const topic = fresh();
  const off = await follow(api, topic, "a ", { since: {} });
  api.on(topic, async () => {
    off();
    api.on(topic, (data) => note(`c ${data}`));
  });
  await api.request("beside");
  await publish(topic, 1);
  await until(() => T.log.includes("a 1"));
  T.log.length = 0;
  await publish(topic, 2);
  await until(() => T.log.length > 0);
  ok(T.log.every((line) => line === "c 2"), T.log.join());
});

each("refused", async (open) => {
  const api = open();
  const told = await new Promise((refused) => api.on("secret", () => note("never"), { refused }));
  equal([told.code, told.fate, told.reason, told.message], ["invalid", "unsent", "forbidden", "not for you"]);
  ok(told instanceof sockjax.SockjaxError, "a SockjaxError");
  const before = await ons("secret");
  await tell("cut");
  await until(async () => (await ons("secret")) > before, "asked again");
  api.on("secret", () => {});
  await until(() => T.uncaught.length > 0);
  ok(T.uncaught.splice(0).every((text) => text === "SockjaxError: not for you"), "an error that nobody takes is reported");
});

each("after close", async (open) => {
  const api = open();
  const topic = fresh();
  const off = await follow(api, topic, "", { since: {} });
  await api.close();
  await publish(topic, 1);
  await T.wait(50);
  off();
  equal(T.log, []);
  equal(throws(sockjax.SockjaxError, () => api.on(topic, () => {})).code, "closed");
});

each("mistakes", async (open) => {
  const api = open();
  for (const [what, ...args] of [
    ["a topic must be a string of 1 to 4096 characters", "", () => {}],
    ["a topic must be a string of 1 to 4096 characters", 7, () => {}],
    ["the handler of a topic must be a function, not undefined", "x"],
    ["the options of a topic must be an object", "x", () => {}, null],
    ['a topic has no option "from"; it has since, gap, refused, signal', "x", () => {}, { from: 1 }],
    ["gap must be a function, not number", "x", () => {}, { gap: 1 }],
    ["signal must be an AbortSignal", "x", () => {}, { signal: 1 }],
    ["since must be { epoch, offset }, as a handler gets them", "x", () => {}, { since: 41 }],
    ["since must be { epoch, offset }, as a handler gets them", "x", () => {}, { since: { epoch: "e", offset: -1 } }],
  ]) equal(throws(TypeError, () => api.on(...args)).message, `sockjax: ${what}`);
  const plain = open({ protocol: "plain" });
  equal(throws(TypeError, () => plain.on("x", () => {})).message, "sockjax: plain mode has no topics");
});

each("many messages, and calls beside them", async (open) => {
  const api = open();
  const topic = fresh();
  let count = 0;
  let last = 0;
  api.on(topic, (data) => {
    count++;
    if (data !== last + 1) note(`${data} behind ${last}`);
    last = data;
  }, { since: {}, gap: ({ from, to }) => note(`gap ${from}-${to}`) });
  const publishing = publish(topic, 1, 5000);
  for (let n = 0; n < 50; n++) equal(await api.request(n), n);
  await publishing;
  await until(() => last === 5000);
  equal([count, T.log], [5000, []]);
});

/** Another page of the site: to a shared worker it is a tab like others. */
async function tab() {
  const frame = document.createElement("iframe");
  frame.src = "/topics";
  document.body.append(frame);
  await until(() => frame.contentWindow?.sockjax);
  return frame;
}

T.cases["shared: one subscription for all tabs"] = async () => {
  const options = { ...fast, host: "shared" };
  const api = T.connect(where, options);
  const topic = fresh();
  await follow(api, topic, "a ", { since: {} });
  const frame = await tab();
  const other = frame.contentWindow.sockjax.connect(where, options);
  await other.ready;
  const { epoch } = await publish(topic, 1);
  await told("a 1");
  other.on(topic, (data) => note(`b ${data}`));
  await other.request("beside");
  await publish(topic, 2);
  await until(() => T.log.length === 2);
  equal([T.log.splice(0).sort(), await ons(topic)], [["a 2", "b 2"], 1]);
  await tell("cut");
  await publish(topic, 3);
  await until(() => T.log.length === 2);
  equal([T.log.splice(0).sort(), await ons(topic)], [["a 3", "b 3"], 2]);
  other.on(topic, (data) => note(`c ${data}`), { since: { epoch, offset: 1 } });
  await told("c 2", "c 3");
  frame.remove();
  await publish(topic, 4);
  await told("a 4");
};

T.cases["shared: a worker that ends loses nothing"] = async () => {
  const api = T.connect(where, { ...fast, host: "shared", workerURL: "/mortal.js" });
  const topic = fresh();
  await follow(api, topic, "", { since: {} });
  await publish(topic, 1, 3);
  await told("1", "2", "3");
  new BroadcastChannel("die").postMessage("");
  await publish(topic, 4, 6);
  await told("4", "5", "6");
  await until(() => api.stats().crashes === 1);
};
