// A page and a real server that streams, with a network that misbehaves in
// between: see streams_test.go.
const { equal, ok, outcome, throws, until } = T;
const fast = { reconnect: { min: 20, max: 100 } };
const open = (options) => T.connect(`${where}/ws`, { ...fast, ...options });
const tell = async (what) => (await fetch(`/streamer/${what}`, { method: "POST" })).json();
const look = () => tell("look");

/** A name of its own for each case's handler. */
let names = 0;
const named = (api, more) => ({ api, name: `${api} ${++names} of ${performance.timeOrigin}`, ...more });

const collect = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
};

const pattern = (length) => Uint8Array.from({ length }, (_, i) => (i * 31 + 7) & 255);
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
const joined = (parts) => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

const numbers = (n) => Array.from({ length: n }, (_, i) => i);

Object.assign(T.cases, {
  "a stream is its parts, and then the reply": async () => {
    const api = open();
    const stream = api.stream(named("ticks", { n: 5 }));
    equal((await collect(stream)).map(({ i }) => i), numbers(5));
    equal(await stream.reply, { n: 5 });
    equal(await stream.next(), { done: true });
    const empty = api.stream(named("ticks", { n: 0 }));
    equal([await collect(empty), await empty.reply], [[], { n: 0 }]);
    equal(await api.request(named("ticks", { n: 3 })), { n: 3 }, "without a stream");
  },

  "the reply can be had without the parts": async () => {
    const stream = open().stream(named("ticks", { n: 3 }));
    equal(await stream.reply, { n: 3 });
    equal((await collect(stream)).length, 3);
  },

  "many parts, and many streams side by side": async () => {
    const api = open();
    const all = await Promise.all(Array.from({ length: 20 }, () => collect(api.stream(named("ticks", { n: 3000, pad: "ü".repeat(40) })))));
    for (const parts of all) ok(parts.length === 3000 && parts.every(({ i }, at) => i === at), "each part once and in order");
    const { slots, pending } = api.stats();
    equal([slots, pending], [0, 0]);
  },

  "parts of bytes": async () => {
    const api = open();
    const want = pattern(3_000_001);
    const stream = api.stream(named("download", { bytes: want.length }));
    const parts = await collect(stream);
    ok(parts.every((part) => part instanceof Uint8Array && part.length <= 262144), "Uint8Arrays");
    const digest = await sha256(want);
    equal([await sha256(joined(parts)), await stream.reply], [digest, { bytes: want.length, sha256: digest }]);
  },

  "a ReadableStream of it": async () => {
    const api = open();
    if (!ReadableStream.from) return;
    const bytes = await new Response(ReadableStream.from(api.stream(named("download", { bytes: 100_000 })))).arrayBuffer();
    equal(await sha256(bytes), await sha256(pattern(100_000)));
    const w = named("ticks", { n: 1_000_000 });
    const reader = ReadableStream.from(api.stream(w)).getReader();
    equal((await reader.read()).value.i, 0);
    await reader.cancel();
    await until(async () => (await look()).ended[w.name] === 1);
  },

  "a failure throws from the loop, and rejects the reply with the same error": async () => {
    const api = open();
    const stream = api.stream(named("ticks", { n: 2, fail: true }));
    const parts = [];
    let thrown;
    try {
      for await (const part of stream) parts.push(part.i);
    } catch (error) {
      thrown = error;
    }
    equal([parts, thrown.code, thrown.fate, thrown.reason], [[0, 1], "rejected", "executed", "worn_out"]);
    ok((await stream.reply.catch((error) => error)) === thrown, "the same error");
    equal(await outcome(api.stream({ api: "brew" }).reply), "invalid/unsent");
    api.stream({ api: "brew" }); // that nobody looks at is no uncaught rejection
    await outcome(api.request({ api: "brew" }));
  },

  "break ends the handler": async () => {
    const api = open();
    const w = named("ticks", { n: 1_000_000 });
    const stream = api.stream(w);
    let last;
    for await (const { i } of stream) if ((last = i) === 3) break;
    equal([last, await outcome(stream.reply)], [3, "aborted/unknown"]);
    await until(async () => (await look()).ended[w.name] === 1);
    equal(await stream.next(), { done: true });
    equal(await api.request({ api: "ticks", n: 1 }), { n: 1 });
  },

  "so do return and throw, a signal and close": async () => {
    for (const [how, want] of [["return", "aborted/unknown"], ["throw", "aborted/unknown"], ["signal", "aborted/unknown"], ["close", "closed/unknown"]]) {
      const api = open();
      const w = named("ticks", { n: 1_000_000 });
      const stop = new AbortController();
      const stream = api.stream(w, { signal: stop.signal });
      equal((await stream.next()).value.i, 0);
      if (how === "return") equal(await stream.return(7), { value: 7, done: true });
      if (how === "throw") equal(await stream.throw("enough").catch((error) => error), "enough");
      if (how === "signal") stop.abort("enough");
      if (how === "close") await api.close();
      equal(await outcome(stream.reply), want, how);
      if (how === "signal") equal((await stream.next().catch((error) => error)).cause, "enough");
      await until(async () => (await look()).ended[w.name] === 1);
    }
  },

  "break is an abort although all had come": async () => {
    const api = open();
    const stream = api.stream(named("ticks", { n: 10 }));
    for await (const part of stream) {
      await api.request(named("ticks", { n: 1 }));
      await api.request(named("ticks", { n: 1 }));
      if (part.i === 2) break;
    }
    equal(await outcome(stream.reply), "aborted/unknown");
  },

  "a reader that is slow slows the handler down": async () => {
    const api = open();
    const w = named("ticks", { n: 30_000, pad: "x".repeat(1000) });
    const stream = api.stream(w);
    await stream.next();
    let sent = -1;
    await until(async () => sent === (sent = (await look()).sent[w.name] ?? 0) && sent > 0); // it has come to a halt
    ok(sent < 15_000, `it has sent ${sent} parts of 1 KB`);
    const rest = await collect(stream);
    equal([rest.length, rest.at(-1).i], [29_999, 29_999]);
  },

  "bodies of bytes": async () => {
    const api = open();
    const want = pattern(1_000_003);
    const reply = { bytes: want.length, sha256: await sha256(want) };
    const upload = (body, options) => api.request(named("upload"), { body, ...options });
    equal(await upload(want.buffer), reply, "ArrayBuffer");
    equal(await upload(new DataView(joined([new Uint8Array(5), want]).buffer, 5)), reply, "a view of a part");
    equal(await upload(new Blob([want])), reply, "Blob");
    equal(await upload(new File([want], "name")), reply, "File");
    equal(await upload(new Blob([want]).stream()), reply, "ReadableStream");
    equal(await upload((function* () {
      const same = new Uint8Array(1000); // which is used for each part
      for (let at = 0; at < want.length; at += 1000) {
        same.set(want.subarray(at, at + 1000));
        yield same.subarray(0, Math.min(1000, want.length - at));
      }
    })()), reply, "iterable");
    equal(await upload((async function* () {
      yield want.slice(0, 10).buffer;
      yield want.subarray(10);
    })()), reply, "async iterable");
    const text = "zwei ☃ 𝄞 ".repeat(20_000);
    const encoded = new TextEncoder().encode(text);
    equal(await upload(text), { bytes: encoded.length, sha256: await sha256(encoded) }, "string");
    equal(await upload(""), { bytes: 0, sha256: await sha256(new Uint8Array()) }, "nothing");
    const got = await new Promise((resolve) => api.send(named("upload"), (reply) => resolve(reply), { body: want }));
    equal(got, reply, "send");
  },

  "bodies of JSON": async () => {
    const api = open();
    const gather = (body) => api.request(named("gather"), { body });
    equal(await gather([1, { two: 2 }, "☃", null, [3]]), { parts: [1, { two: 2 }, "☃", null, [3]] }, "an array");
    equal(await gather((async function* () {
      for (let i = 0; i < 3; i++) {
        await T.wait(1);
        yield { i };
      }
    })()), { parts: [{ i: 0 }, { i: 1 }, { i: 2 }] }, "async iterable");
    equal(await gather([Promise.resolve(7)]), { parts: [7] }, "a Promise in an array");
    equal(await gather(new Set()), { parts: [] }, "nothing");
    const many = await gather(numbers(20_000));
    ok(many.parts.length === 20_000 && many.parts.every((part, i) => part === i), "many");
  },

  "both ways at once, bytes as bytes and JSON as JSON": async () => {
    const api = open();
    let give;
    const given = new ReadableStream({ start: (controller) => (give = controller) });
    const stream = api.stream(named("pipe"), { body: given });
    for (const part of [{ a: 1 }, "b", Uint8Array.of(1, 2, 3)]) {
      give.enqueue(part);
      const { value } = await stream.next();
      equal([value instanceof Uint8Array, Array.from(value.length ? value : []), value], [part instanceof Uint8Array, Array.from(part.length ? part : []), part]);
    }
    give.close();
    equal([await stream.next(), await stream.reply], [{ done: true }, { parts: 3 }]);
  },

  "progress is what the server has taken": async () => {
    const api = open();
    const body = pattern(3_000_000);
    const seen = [];
    await api.request(named("upload"), { body, onprogress: (progress) => seen.push(progress) });
    ok(seen.length > 2 && seen.every(({ loaded, total }, i) => total === body.length && loaded > (seen[i - 1]?.loaded ?? 0)), `it grows: ${JSON.stringify(seen)}`);
    equal(seen.at(-1).loaded, body.length);
    let unknown;
    await api.request(named("upload"), { body: new Blob([body]).stream(), onprogress: (progress) => (unknown = progress) });
    equal([unknown.loaded, "total" in unknown, unknown.total], [body.length, true, undefined]);
    let held = 0;
    const w = named("upload", { hold: true });
    const short = pattern(300_000);
    const call = api.request(w, { body: short, onprogress: ({ loaded }) => (held = loaded) });
    await until(async () => (await look()).ran[w.name] === 1);
    await T.wait(50);
    equal(held, 0, "before the handler reads");
    const ended = outcome(call);
    while ((await Promise.race([ended, tell("release")])) !== (await Promise.race([ended, undefined])));
    equal((await call).bytes, short.length);
  },

  "a body is read no faster than the server takes it": async () => {
    const api = open();
    let made = 0, cancelled;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(made++)),
      cancel: (reason) => (cancelled = reason),
    });
    const w = named("upload", { hold: true });
    const stop = new AbortController();
    const call = api.request(w, { body: endless, signal: stop.signal });
    let before = -1;
    await until(async () => (await look()).ran[w.name] === 1);
    await until(async () => {
      await T.wait(30);
      return before === (before = made) && made > 0;
    });
    ok(made < 200, `parts of 10 KB that were read: ${made}`);
    stop.abort("enough");
    equal(await outcome(call), "aborted/unknown");
    await until(() => cancelled !== undefined);
    equal([cancelled.code, cancelled.cause], ["aborted", "enough"]);
    await until(async () => (await look()).ended[w.name] === 1);
  },

  "a handler that answers early ends the body": async () => {
    const api = open();
    let ended = false;
    const body = (async function* () {
      try {
        for (let i = 0; ; i++) {
          yield i;
          await T.wait(1);
        }
      } finally {
        ended = true;
      }
    })();
    equal(await api.request(named("early"), { body }), { first: 0 });
    await until(() => ended);
  },

  "a body that fails ends its call, and says why": async () => {
    const api = open();
    const cause = new Error("the disk is gone");
    const failing = async function* () {
      yield 1;
      throw cause;
    };
    const failed = await api.request(named("gather"), { body: failing() }).catch((error) => error);
    equal([failed.code, failed.fate.length > 0, failed.cause === cause], ["aborted", true, true]);
    for (const [part, what] of [[undefined, "undefined"], [() => {}, "function"], [{ deep: [new Uint8Array(3)] }, "body"], [1n, "BigInt"]]) {
      const wrong = await api.request(named("gather"), { body: [part] }).catch((error) => error);
      ok(wrong.code === "invalid" && wrong.message.includes(what), `${what}: ${wrong.message}`);
    }
    const large = await api.request(named("gather"), { body: ["x".repeat(1 << 20)] }).catch((error) => error);
    ok(large.code === "invalid" && large.message.includes("frame"), large.message);
    equal(await api.request(named("gather"), { body: ["x"] }), { parts: ["x"] });
  },

  "what can't be a body": async () => {
    const api = open();
    const call = (options) => () => api.send({}, null, options);
    const form = throws(TypeError, call({ body: new FormData() }));
    ok(form.message.includes("api.fetch"), form.message);
    for (const body of [7, {}, true, Symbol("a")]) throws(TypeError, call({ body }));
    const stream = new Blob(["a"]).stream();
    stream.getReader();
    throws(TypeError, call({ body: stream }));
    throws(TypeError, call({ body: "a", durable: true }));
    throws(TypeError, call({ body: "a", onprogress: 7 }));
    throws(TypeError, () => api.stream({}, { durable: true }));
    throws(TypeError, () => api.send(new Uint8Array(1), null, { durable: true }));
    throws(TypeError, () => api.stream({}, { sigal: null }));
    equal(await outcome(api.request(named("ticks", { n: 1 }), { body: null, onprogress: null })), '{"n":1}');
  },

  "bytes as data, and as a reply": async () => {
    const api = open();
    const echoed = await api.request(Uint8Array.of(1, 2, 255));
    equal([echoed instanceof ArrayBuffer, Array.from(new Uint8Array(echoed))], [true, [1, 2, 255]]);
    const data = pattern(100_000);
    const call = api.request(data.subarray(7));
    data.fill(0); // it was read
    equal(await sha256(await call), await sha256(pattern(100_000).subarray(7)));
    equal((await api.request(new ArrayBuffer(0))).byteLength, 0);
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? api.request(new Uint8Array(1000).fill(i)) : api.request({ api: "ticks", n: i }))));
    ok(all.every((reply, i) => (i % 2 ? new Uint8Array(reply).every((byte) => byte === i) && reply.byteLength === 1000 : reply.n === i)), "each has its own reply");
    const large = pattern(3_000_000);
    equal(await sha256(await api.request(large)), await sha256(large));
  },

  "bytes inside JSON are refused": async () => {
    const api = open();
    for (const data of [{ a: new Uint8Array(2) }, { a: [{ b: new ArrayBuffer(2) }] }, [new Float64Array(0)], { a: new Blob(["x"]) }, { a: new DataView(new ArrayBuffer(1)) }]) {
      const error = await api.request(data).catch((error) => error);
      ok(error.code === "invalid" && error.fate === "unsent" && error.message.includes("body"), error.message);
    }
    for (const data of [{ 0: 1 }, {}, { a: {} }, { a: new Date(0), b: [] }, { a: { toJSON: () => ({}) } }]) equal(await outcome(api.request({ api: "ticks", n: 1, data })), '{"n":1}');
  },

  "requests larger than a frame": async () => {
    const api = open();
    const w = named("ticks", { n: 1, pad: "☃".repeat(700_000) });
    const [large, ...small] = await Promise.all([api.request(w), ...numbers(20).map((n) => api.request(named("ticks", { n })))]);
    equal([large, small.map(({ n }) => n)], [{ n: 1 }, numbers(20)]);
    const parts = await collect(api.stream(w));
    equal(parts[0].pad.length, 700_000);
  },

  "a stream goes on where a connection broke": async () => {
    const api = open();
    await T.engine(api);
    const stream = api.stream(named("ticks", { n: 60_000, pad: "x".repeat(50) }));
    const parts = [];
    for await (const { i } of stream) {
      parts.push(i);
      if (i % 20_000 === 7_000) await tell("reset");
    }
    ok(parts.length === 60_000 && parts.every((i, at) => i === at), "each part once and in order");
    equal(await stream.reply, { n: 60_000 });
    ok(api.stats().opened > 2, "it broke");
  },

  "so does an upload, one that can't be read again too": async () => {
    const api = open();
    await T.engine(api);
    const want = pattern(2_000_000);
    let breaks = 0;
    const body = (async function* () {
      for (let at = 0; at < want.length; at += 50_000) {
        if (at % 500_000 === 250_000) {
          await tell(breaks++ % 2 ? "reset" : "stall");
          if (breaks % 2) setTimeout(async () => (await tell("reset"), await tell("heal")), 50);
        }
        yield want.slice(at, at + 50_000);
      }
    })();
    equal(await api.request(named("upload"), { body }), { bytes: want.length, sha256: await sha256(want) });
    ok(breaks === 4 && api.stats().opened > 2, "it broke");
  },

  "and both at once": async () => {
    const api = open();
    await T.engine(api);
    const count = 20_000;
    const stream = api.stream(named("pipe"), { body: numbers(count) });
    let next = 0;
    for await (const part of stream) {
      equal(part, next++);
      if (next % 7_000 === 0) await tell("reset");
    }
    equal([next, await stream.reply], [count, { parts: count }]);
  },

  "a stream of which parts have come is lost with the session": async () => {
    const api = open();
    await T.engine(api);
    const lost = api.stream(named("ticks", { n: 100, ms: 20 }));
    equal((await lost.next()).value.i, 0);
    const parts = [];
    const reading = (async () => {
      for await (const { i } of lost) parts.push(i);
    })().catch((error) => error);
    await tell("forget");
    const error = await reading;
    equal([error.code, error.fate], ["lost", "executed"]);
    equal([await outcome(lost.reply), await outcome(api.request(named("ticks", { n: 1 })))], ["lost/executed", '{"n":1}']);
  },

  "an idempotent one of which nothing is gone begins again": async () => {
    const api = open();
    await T.engine(api);
    const w = named("ticks", { n: 3, ms: 300 });
    const [again, not] = [api.stream(w, { idempotent: true }), api.stream(named("ticks", { n: 3, ms: 300 }))];
    await until(async () => (await look()).ran[w.name] === 1);
    await tell("forget");
    equal([(await collect(again)).map(({ i }) => i), await outcome(not.reply)], [[0, 1, 2], "lost/unknown"]);
    equal((await look()).ran[w.name], 2);
  },

  "the timeout of a stream is the time without a part": async () => {
    const api = open();
    await T.engine(api);
    const stream = api.stream(named("ticks", { n: 10, ms: 400 }), { timeout: 3000 });
    equal((await collect(stream)).length, 10);
    const late = api.stream(named("ticks", { n: 2, ms: 5000 }), { timeout: 200 });
    equal(await outcome(late.next()), "timeout/unknown");
    const unread = api.stream(named("ticks", { n: 2000, pad: "x".repeat(1000) }), { timeout: 500 });
    await unread.next();
    await T.wait(1000);
    equal((await collect(unread)).length, 1999, "as long as parts wait for the reader there is time");
  },

  "small calls pass a large upload on a slow line": async () => {
    const api = open();
    await T.engine(api);
    await tell("slow");
    const time = async () => {
      const begun = performance.now();
      await api.request(named("ticks", { n: 1 }));
      return performance.now() - begun;
    };
    const idle = [];
    for (let i = 0; i < 10; i++) idle.push(await time());
    const stop = new AbortController();
    const upload = outcome(api.request(named("upload"), { body: new Uint8Array(20_000_000), signal: stop.signal }));
    await T.wait(500);
    const busy = [];
    for (let i = 0; i < 40; i++) busy.push(await time());
    stop.abort();
    await upload;
    await tell("heal");
    const middle = (times) => times.sort((a, b) => a - b)[times.length >> 1];
    console.log(`small calls: idle ${middle(idle).toFixed(1)} ms, beside an upload ${middle(busy).toFixed(1)} ms, at most ${busy.at(-1).toFixed(1)} ms`);
    // Where all is sent that fits into the buffers, it is seconds; a busy machine takes a part of one.
    ok(middle(busy) < middle(idle) + 300, `idle ${middle(idle)} ms, beside an upload ${middle(busy)} ms`);
  },

  "shared: each tab has its own streams and bodies, which end with it": async () => {
    const frame = document.createElement("iframe");
    frame.src = "/streams";
    document.body.append(frame);
    await until(() => frame.contentWindow?.sockjax);
    const other = frame.contentWindow.sockjax.connect(`${where}/ws`, { ...fast, host: "shared" });
    const api = open({ host: "shared" });
    const endless = named("ticks", { n: 1_000_000 });
    const theirs = other.stream(endless);
    equal((await theirs.next()).value.i, 0);
    const want = pattern(1_000_000);
    const [parts, sum, others, bytes] = await Promise.all([
      collect(api.stream(named("ticks", { n: 5000 }))),
      api.request(named("upload"), { body: want }),
      other.request(named("gather"), { body: numbers(3000) }),
      collect(api.stream(named("download", { bytes: want.length }))),
    ]);
    ok(parts.length === 5000 && parts.every(({ i }, at) => i === at), "parts of this tab");
    ok(others.parts.every((part, i) => part === i), "the other's body");
    const digest = await sha256(want);
    equal([sum.sha256, await sha256(joined(bytes))], [digest, digest]);
    const mine = api.stream(named("ticks", { n: 1_000_000 }));
    equal((await mine.next()).value.i, 0);
    frame.remove();
    await until(async () => (await look()).ended[endless.name] === 1);
    equal((await mine.next()).value.i, 1);
    await mine.return();
  },

  "plain mode has none of this": async () => {
    const api = open({ protocol: "plain" });
    for (const call of [() => api.stream({}).reply, () => api.request({}, { body: "a" }), () => api.request(new Uint8Array(1))]) {
      equal(await outcome(call()), "invalid/unsent");
    }
  },
});
