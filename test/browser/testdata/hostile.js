// What a server may send that it should not. Whatever it is, it is counted at
// most; the page lives, and the next call works.
const { cb, equal, ok, until, outcome, logged } = T;
const deep = (n) => "[".repeat(n) + "]".repeat(n);

/** Frames, and how many garbage and unmatched entries each makes. */
const frames = {
  "no JSON": ["{", 1, 0],
  "nothing": ["", 1, 0],
  "white space": [" \n", 1, 0],
  "a null": ["null", 1, 0],
  "a number": ["7", 1, 0],
  "a string": ['"ping"', 1, 0],
  "an object": ['{"key":1,"data":2}', 1, 0],
  "almost a ping": ["ping ", 1, 0],
  "an empty array": ["[]", 0, 0],
  "messages that are none": ['[null, 1, "x", true]', 4, 0],
  "arrays for messages": ["[[], [1]]", 2, 0],
  "a message of a later version": ['[{"topic":"x","data":1}, {"ack":6}, {}]', 0, 0],
  "keys that are none": ['[{"key":null},{"key":"7"},{"key":-1},{"key":0},{"key":1.5},{"key":1e300},{"key":9007199254740992},{"key":{}},{"key":true}]', 9, 0],
  "keys of nobody": ['[{"key":4294967297,"data":1},{"key":9007199254740991,"error":{}}]', 0, 2],
  "a prototype": ['[{"__proto__":{"key":1},"constructor":1},{"welcome":{"__proto__":{"limits":null}}}]', 0, 0],
  "a second welcome": ['[{"welcome":{"session":"x","resumed":true,"heartbeat":1,"limits":{"frame":1,"requests":1}}}]', 0, 0],
  "odd welcomes": ['[{"welcome":1},{"welcome":"x"},{"welcome":[]},{"welcome":{"limits":7,"heartbeat":"x"}},{"welcome":{"limits":{"frame":-1,"requests":1e99}}}]', 4, 0],
  "a welcome that is null": ['[{"welcome":null},{"welcome":false}]', 1, 0],
  "deep nesting": [`[{"key":77,"data":${deep(100_000)}}]`, 0, 1],
  "nesting and nothing else": [deep(100_000), 1, 0],
  "series that are none": ['[[],[1],[0,1],["7",1],[1.5,1],[-1,1],[9007199254740991,1,2],[null,1],[{"key":1},1],[[1],1]]', 10, 1],
  "series of nobody": ['[[4294967297,1,[2]],[9007199254740990,1,2]]', 0, 4],
};

for (const [name, [text, garbage, unmatched]] of Object.entries(frames)) {
  T.cases[name] = async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    await server.push(text);
    equal(await api.request({ n: 1 }), { n: 1 });
    const stats = api.stats();
    equal({ garbage: stats.garbage, unmatched: stats.unmatched }, { garbage, unmatched });
    equal([stats.crashes, stats.opened, stats.framesIn, stats.slots], [0, 1, 3, 0]);
  };
}

/** Welcomes in place of the right one; the client makes the best of it. */
const welcomes = {
  "empty": {},
  "of nulls": { session: null, resumed: null, heartbeat: null, limits: null },
  "of tiny limits": { limits: { frame: 1, requests: 0 }, heartbeat: 1 },
  "of negative limits": { limits: { frame: -5, requests: -5 }, heartbeat: -5 },
  "of huge limits": { limits: { frame: 2 ** 53 - 1, requests: 2 ** 53 - 1 }, heartbeat: 2 ** 53 - 1 },
};

for (const [name, welcome] of Object.entries(welcomes)) {
  T.cases[`a welcome ${name}`] = async (server) => {
    await server.set({ welcome: JSON.stringify([{ welcome }]) });
    const api = T.connect(server.ws);
    await T.engine(api);
    const replies = await Promise.all(Array.from({ length: 70 }, (_, n) => api.request(n)));
    equal(replies, Array.from({ length: 70 }, (_, n) => n));
    equal(await api.request("x".repeat(60_000)).then((reply) => reply.length), 60_000);
    equal([api.stats().crashes, api.stats().opened], [0, 1]);
    ok((await server.seen()).pings < 20, "no flood of pings");
  };
}

/** Keeps all others out of a database until release is called. Meanwhile nothing in the page loses its patience. */
async function occupy(name) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (act, ms, ...args) => setTimeout(act, ms >= 1000 ? 1e6 : ms, ...args);
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const stores = [...db.objectStoreNames];
  const store = db.transaction(stores, "readwrite").objectStore(stores[0]);
  let busy = true;
  const go = () => {
    if (busy) store.count().onsuccess = go;
    else db.close();
  };
  go();
  return () => {
    busy = false;
    globalThis.setTimeout = setTimeout;
  };
}

Object.assign(T.cases, {
  "binary frames": async (server) => {
    const api = T.connect(server.ws);
    await T.engine(api);
    await server.pushBinary(new Uint8Array([0, 255, 254]));
    await server.pushBinary(new Uint8Array());
    await server.pushBinary(new TextEncoder().encode("ping"));
    await server.pushBinary(new TextEncoder().encode('[{"key":1,"data":2}]'));
    equal(await api.request(1), 1);
    equal([api.stats().garbage, api.stats().framesIn], [4, 6]);
  },

  "replies before there is anything to reply to": async (server) => {
    await server.set({ pusher: '[{"key":1,"data":"too early"},{"welcome":{}},{"key":2,"data":"much"}]' });
    const api = T.connect(server.ws);
    await until(() => api.stats().unmatched === 2);
    equal(await api.request("mine"), "mine");
  },

  "a flood while the store notes that the session is lost": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 20 } });
    await T.engine(api);
    api.send({ do: "silent" }, cb("a"), { durable: true, timeout: 0 });
    await server.until((seen) => seen.requests.length === 1);
    const release = await occupy("sockjax-outbox");
    await server.rst();
    await server.until((seen) => seen.opened === 2);
    for (let n = 0; n < 5; n++) await server.push(`["${"x".repeat(5 << 20)}"]`);
    await server.until((seen) => seen.opened > 2); // it does not take all of that
    release();
    await logged(1);
    equal(T.log, ["a: lost/unknown"]);
    equal(await api.request(1), 1);
  },

  "a reply to a call that waits to be sent": async (server) => {
    await server.set({ calls: 64 });
    const api = T.connect(server.ws);
    await T.engine(api);
    for (let n = 1; n <= 65; n++) api.send({ do: "hold", n }, n === 65 ? cb("last") : null);
    await server.until((seen) => seen.requests.length === 64);
    await server.push([{ key: 65, data: "forged" }]);
    await until(() => api.stats().unmatched === 1);
    equal(T.log, []);
    await server.release();
    await server.until((seen) => seen.requests.length === 65);
    await server.release();
    await logged(1);
    equal(T.log, ['last: {"do":"hold","n":65}']);
  },

  "a reply without data is null": async (server) => {
    const api = T.connect(server.ws);
    const call = api.request({ do: "silent" });
    await server.until((seen) => seen.requests.length === 1);
    await server.push('[{"key":1}]');
    equal(await call, null);
  },

  "a frame of 5 MB": async (server) => {
    await server.set({ frame: 16 << 20 });
    const api = T.connect(server.ws);
    await T.engine(api);
    await server.push(`[{"key":5000},{"key":5001,"data":"${"y".repeat(5 << 20)}"}]`);
    equal((await api.request("z".repeat(5 << 20))).length, 5 << 20);
    equal([api.stats().unmatched, api.stats().garbage, api.stats().opened], [2, 0, 1]);
  },

  "no UTF-8 ends the connection, and not the client": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 20 } });
    await T.engine(api);
    const change = T.event(api, "statechange");
    await server.tell("push", new Uint8Array([0x5b, 0xff, 0x5d]));
    equal((await change).state, "waiting");
    equal(await api.request(1), 1);
  },

  "plain mode": async (server) => {
    const api = T.connect(server.ws, { protocol: "plain" });
    await T.engine(api);
    const texts = ["", "null", "7", '"x"', "{", "[]", '[{"key":1}]', "{}", '{"key":null}', '{"key":{}}', '{"key":true}', '{"__proto__":{"key":"mine"}}', '{"key":"__proto__"}', '{"key":"' + "k".repeat(100_000) + '"}', '{"key":-1e300}', "ping", "pong", deep(100_000)];
    for (const text of texts) await server.push(text);
    const hung = outcome(api.request({ key: "mine", do: "silent" }, { timeout: 300 }));
    equal((await api.request({ key: "__proto__", n: 1 })).n, 1);
    equal((await api.request({ key: "constructor", n: 2 })).n, 2);
    equal(await hung, "timeout/unknown");
    const { garbage, unmatched, crashes, framesIn } = api.stats();
    equal([garbage + unmatched, crashes, framesIn], [texts.length - 2, 0, texts.length + 2]);
  },

  "a call of exactly the largest frame, and one byte more": async (server) => {
    await server.set({ frame: 100_000 });
    const api = T.connect(server.ws);
    await T.engine(api);
    const key = await new Promise((resolve) => {
      const key = api.send("warm up", () => resolve(key));
    });
    // Frames count in bytes of UTF-8, whatever a string's length says.
    for (const [i, unit] of ["x", "é", "本", "💎", '"', "\ud800"].entries()) {
      const digits = String(key + 1 + 2 * i).length;
      const bytes = new TextEncoder().encode(JSON.stringify(unit)).length - 2;
      const room = 100_000 - '[{"key":,"data":""}]'.length - digits;
      const filler = "x".repeat(room % bytes);
      const fits = unit.repeat(Math.floor(room / bytes)) + filler;
      equal(await api.request(fits), fits, `frame of ${unit}`);
      equal((await server.seen()).longest, 100_000, `bytes of ${unit}`);
      equal(await outcome(api.request(`${fits}x`)), "invalid/unsent", `one more than ${unit}`);
    }
    equal([api.stats().opened, (await server.seen()).requests.length], [1, 7]);
  },

  "many calls that are small each, in characters that are not": async (server) => {
    await server.set({ frame: 65_536 });
    const api = T.connect(server.ws);
    for (const text of ["x", "é", "本", "💎", "\ud800"].map((unit) => unit.repeat(100))) {
      await Promise.all(Array.from({ length: 700 }, () => api.request(text)));
    }
    equal([api.stats().opened, api.stats().replies], [1, 3500]);
    const { longest, frames } = await server.seen();
    ok(longest <= 65_536 && frames < 300, `the longest of ${frames} frames had ${longest} bytes`);
  },

  "calls that wait, larger than the welcome allows": async (server) => {
    await server.set({ refuse: true, frame: 70_000 });
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 20 } });
    await T.state(api, "waiting");
    api.send("x".repeat(80_000), cb("large"));
    api.send("y".repeat(69_000), cb("middle", (reply) => reply.length));
    api.send("z", cb("small"));
    await server.set({ refuse: false });
    await logged(3);
    equal(T.log.sort(), ["large: invalid/unsent", "middle: 69000", 'small: "z"']);
    equal(api.stats().opened, 1);
  },

  "a server that closes because of a frame that was too large": async (server) => {
    const api = T.connect(server.ws, { reconnect: { min: 1, max: 20 } });
    api.send({ do: "silent" }, cb("a"), { idempotent: true });
    api.send({ do: "close", code: 1009, reason: "too large" }, cb("b"), { idempotent: true });
    await logged(1);
    equal(T.log, ["b: lost/unknown"], "only the one that is too much each time");
    equal(await api.request(1), 1);
    equal(api.stats().pending, 1, "the other lives");
  },
});
