// Durable calls in pages that come and go. Each case has a storage of its own,
// and jobs of its own at the one workshop: see wasm_durable_test.go.
const { cb, equal, ok, until, outcome, logged, throws } = T;
const { Store, lockName } = modules;
const fast = { reconnect: { min: 1, max: 20 } };
const me = crypto.randomUUID();

class Workshop {
  ws = `${workshopURL}/ws`.replace("http", "ws");
  tell = async (path, body = "") => (await fetch(`/workshop/${path}`, { method: "POST", body })).json();
  release = (job) => this.tell("release", `${me} ${job}`);
  restart = () => this.tell("restart");
  stall = () => this.tell("stall");
  cut = () => this.tell("cut");
  block = () => this.tell("block");
  heal = () => this.tell("heal");
  opened = async () => (await this.tell("look")).opened;
  /** The jobs of this case that have run, in order. */
  ran = async () => ((await this.tell("look")).ran ?? []).filter((job) => job.startsWith(me)).map((job) => job.slice(me.length + 1));
  until = (...jobs) => until(async () => (await this.ran()).join() === jobs.join(), `the jobs ${jobs}`);
}
const workshop = new Workshop();
const job = (name, more) => ({ job: `${me} ${name}`, ...more });

/** A page, in a frame: it shares the storage, and has clients, locks and an end of its own. */
const open = async () => {
  const frame = document.createElement("iframe");
  frame.src = "/";
  document.body.append(frame);
  await new Promise((resolve) => (frame.onload = resolve));
  const page = frame.contentWindow;
  return {
    page,
    connect: (options) => page.sockjax.connect(workshop.ws, { ...fast, ...options }),
    gone: () => frame.remove(),
    hide: () => {
      Object.defineProperty(page.document, "visibilityState", { value: "hidden", configurable: true });
      page.document.dispatchEvent(new page.Event("visibilitychange", { bubbles: true }));
    },
    /** What it has stored stays there. */
    keepAll: () => page.T.there(() => {
      IDBObjectStore.prototype.delete = () => { throw new Error("the disk is slow today"); };
    }),
  };
};
/** Has Go panic where a page's client is: no client has this number. */
const crash = ({ there } = T) => there(({ instances }) => void instances.at(-1).exports.received(4_000_000, 1));
/** Whether it has started so often. */
const made = (n, { there } = T) => there(({ instances }, n) => instances.length === n, n);
const durable = (more) => ({ durable: true, timeout: 0, ...more });

/** A client of this page, with what its outbox event told. */
const connect = (options) => {
  const api = T.connect(workshop.ws, { ...fast, ...options });
  api.told = [];
  api.addEventListener("outbox", ({ detail }) => api.told.push(detail));
  return api;
};
const brief = ({ data, reply, error }) => [data.job.slice(me.length + 1), error === null ? reply.job.slice(me.length + 1) : `${error.code}/${error.fate}`].join(": ");
const told = async (api, ...want) => {
  await until(() => api.told.length >= want.length, `${want.length} outbox events, there are ${api.told.map(brief)}`);
  equal(api.told.map(brief).sort(), want.sort());
};
/** A page goes whose calls a and b are running. */
const leaveTwo = async () => {
  const first = await open();
  const api1 = first.connect();
  api1.send(job("a", { hold: true }), null, durable());
  api1.send(job("b", { hold: true }), null, durable());
  await until(async () => (await workshop.ran()).length === 2);
  first.gone();
};
/** The session of a page that has gone has nobody, unless its worker is also that of others. */
const left = () => until(async () => T.host === "shared" || (await T.sessionLocks()).length === 0, "no lock is held");
const stored = async (name = workshop.ws) => {
  const store = new Store();
  const all = await Promise.all((await store.sessions(name)).map((session) => store.records(name, session)));
  return all.flat();
};
/** Nothing is left, and nobody holds anything. */
const clean = async () => {
  await until(async () => (await stored()).length === 0, "the store is empty");
  await until(async () => (await T.sessionLocks()).length === 0, "no lock is held");
};

const cases = {
  "an answered call leaves nothing": async () => {
    const api = connect();
    equal((await api.request(job("early"), { durable: true })).job, `${me} early`);
    equal((await api.request(job("open"), { durable: true })).job, `${me} open`);
    equal(await outcome(api.request(job("fails", { fail: true }), { durable: true })), "rejected/executed");
    equal(await outcome(api.request(undefined, { durable: true })), "invalid/unsent");
    await clean();
    equal([await workshop.ran(), api.told], [["early", "open", "fails"], []]);
  },

  "calls of a turn keep their order, and a transaction for all": async () => {
    const api = connect();
    await api.ready;
    await api.request(job("first"), { durable: true });
    let made = 0;
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...args) {
      made++;
      return transaction.apply(this, args);
    };
    const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
    const replies = await Promise.all(names.map((name) => api.request(job(name), durable())));
    await clean();
    IDBDatabase.prototype.transaction = transaction;
    equal(replies.map((reply) => reply.job.slice(me.length + 1)), names);
    equal((await workshop.ran()).sort(), ["first", ...names].sort());
    ok(made < 40, `transactions: ${made}`);
  },

  "it is stored before it is sent": async () => {
    const api = connect();
    await api.ready;
    api.send(job("a", { hold: true }), (reply, error) => T.note(error ? error.message : "reply"), durable());
    if (T.host === "page") equal(api.stats().queued, 1);
    await workshop.until("a");
    const [record] = await stored();
    equal([record.key, record.sent, JSON.parse(record.text), record.idempotent], [1, true, job("a", { hold: true }), false]);
    equal(await T.sessionLocks(), [lockName(record.session)]);
    await workshop.release("a");
    await logged(1);
    equal(T.log, ["reply"]);
    await clean();
  },

  "the page goes while the handler runs": async () => {
    const first = await open();
    first.connect().send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    first.gone();
    const api = connect();
    await api.ready;
    await T.wait(100);
    equal(api.told, []);
    await workshop.release("a");
    await told(api, "a: a");
    const [{ key, data, reply, error }] = api.told;
    equal([key, data, reply, error], [1, job("a", { hold: true }), job("a", { hold: true, fail: false, pad: "" }), null]);
    await clean();
    equal(await workshop.ran(), ["a"]);
    equal(await api.request(job("b")).then((r) => r.job), `${me} b`, "the client's own calls go on");
  },

  "the page goes while the handler runs, which fails": async () => {
    const first = await open();
    first.connect().send(job("a", { hold: true, fail: true }), null, durable());
    await workshop.until("a");
    first.gone();
    const api = connect();
    await workshop.release("a");
    await told(api, "a: rejected/executed");
    equal([api.told[0].reply === undefined, api.told[0].error.reason, api.told[0].error.data, api.told[0].error instanceof sockjax.SockjaxError], [true, "failed", `${me} a`, true]);
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "on a hidden page it is sent at once, and stored beside it": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    first.hide();
    api1.send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    await until(async () => (await stored()).length === 1);
    equal((await stored()).map(({ key, sent }) => [key, sent]), [[1, true]]);
    first.gone();
    const api = connect();
    await workshop.release("a");
    await told(api, "a: a");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "on a page that hides, it does not wait for a storage that does not answer": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    await first.page.T.there(() => {
      IDBFactory.prototype.open = () => ({});
    });
    api1.send(job("a"), cb("a", () => "reply"), durable());
    await T.wait(50);
    equal(await workshop.ran(), []);
    first.hide();
    api1.send(job("b"), cb("b", () => "reply"), durable());
    await logged(2);
    equal([T.log.sort(), (await workshop.ran()).sort()], [["a: reply", "b: reply"], ["a", "b"]]);
    await T.wait(3_200); // until the storage is given up
    equal(T.log.length, 2, "that ends no call twice");
    first.gone();
  },

  "on a hidden page that is cut off it waits in the store: certainly unsent": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    await workshop.block();
    await T.state(api1, "waiting");
    first.hide();
    api1.send(job("a"), null, durable());
    await until(async () => (await stored()).length === 1);
    equal((await stored()).map(({ sent }) => sent), [false]);
    first.gone();
    await workshop.restart();
    await workshop.heal();
    const api = connect();
    await told(api, "a: a");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "the page goes while it is cut off": async () => {
    const first = await open();
    first.connect().send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    await workshop.block();
    await workshop.release("a");
    first.gone();
    const api = connect();
    await T.wait(100);
    await workshop.heal();
    await told(api, "a: a");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "the answer was on its way": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.request(job("z"));
    await workshop.stall();
    api1.send(job("a"), null, durable());
    await workshop.until("z", "a");
    first.gone();
    await workshop.cut();
    await workshop.heal();
    const api = connect();
    await told(api, "a: a");
    await clean();
    equal(await workshop.ran(), ["z", "a"]);
  },

  "a page that was offline until its end: certainly unsent": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    await workshop.block();
    await T.state(api1, "waiting");
    for (const name of ["a", "b", "c"]) api1.send(job(name), null, durable({ idempotent: name === "b" }));
    await until(async () => (await stored()).length === 3);
    equal((await stored()).map(({ sent }) => sent), [false, false, false]);
    equal([api1.stats().queued, api1.stats().pending], [3, 3]);
    first.gone();
    await workshop.restart(); // and the session is gone too: it does not matter
    await workshop.heal();
    const api = connect();
    await told(api, "a: a", "b: b", "c: c");
    await clean();
    equal((await workshop.ran()).sort(), ["a", "b", "c"]);
  },

  "offline and back, in one page": async () => {
    const api = connect();
    await api.ready;
    await workshop.block();
    await T.state(api, "waiting");
    const replies = ["a", "b", "c"].map((name) => api.request(job(name), durable()));
    await until(async () => (await stored()).length === 3);
    const drained = api.drain().then(() => T.note("drained"));
    await T.wait(50);
    equal(T.log, []);
    await workshop.heal();
    await Promise.all(replies);
    await drained;
    await clean();
    equal([(await workshop.ran()).sort(), api.told, api.stats().queuedBytes], [["a", "b", "c"], [], 0]);
  },

  "the session is gone: lost, or again if idempotent": async () => {
    const first = await open();
    const api1 = first.connect();
    api1.send(job("a", { hold: true }), null, durable());
    api1.send(job("b", { hold: true }), null, durable({ idempotent: true }));
    await until(async () => (await workshop.ran()).length === 2);
    first.gone();
    await workshop.restart();
    const api = connect();
    await workshop.release("b");
    await told(api, "a: lost/unknown", "b: b");
    await clean();
    equal((await workshop.ran()).sort(), ["a", "b", "b"]);
  },

  "the page goes just after it has heard of the loss": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    api1.send(job("a", { hold: true }), cb("a"), durable());
    await workshop.until("a");
    await first.keepAll();
    await api1.request(job("c"), durable()); // it stays in the store
    await workshop.restart();
    await logged(1);
    equal((await api1.request(job("b"))).job, `${me} b`); // with this the server has learnt that the page knows
    await T.wait(50);
    first.gone();
    const api = connect();
    await told(api, "a: lost/unknown", "c: lost/unknown");
    await clean();
    equal([T.log, await workshop.ran()], [["a: lost/unknown"], ["a", "c", "b"]]);
  },

  "a page that recovers goes just after it has heard of the loss": async () => {
    const first = await open();
    const api1 = first.connect();
    api1.send(job("a", { hold: true }), null, durable());
    api1.send(job("b", { hold: true }), null, durable({ idempotent: true }));
    await until(async () => (await workshop.ran()).length === 2);
    first.gone();
    await workshop.restart();
    const second = await open();
    second.connect();
    await second.keepAll();
    await until(async () => (await workshop.ran()).length === 3);
    await T.wait(50);
    second.gone();
    const api = connect();
    await workshop.release("b");
    await told(api, "a: lost/unknown", "b: b");
    await clean();
    equal((await workshop.ran()).sort(), ["a", "b", "b"]);
  },

  "the page had its reply": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    await first.keepAll();
    await api1.request(job("a"), { durable: true });
    await until(() => api1.stats().unacked === 0, "the acknowledgement");
    await api1.request(job("b")); // so the server has it
    equal((await stored()).length, 1, "left in the store");
    first.gone();
    const api = connect();
    await clean();
    equal([await workshop.ran(), api.told], [["a", "b"], []]);
  },

  "nobody takes what a living page has": async () => {
    const [one, two] = [await open(), await open()];
    const api1 = one.connect();
    api1.send(job("a", { hold: true }), cb("a", () => "reply"), durable());
    await workshop.until("a");
    const before = await workshop.opened();
    const apis = [two.connect(), connect()];
    for (const api of apis) {
      api.addEventListener("outbox", () => T.note("taken"));
      await api.ready;
      equal((await api.request(job("b"), { durable: true })).job, `${me} b`);
    }
    document.dispatchEvent(new Event("visibilitychange"));
    await T.wait(300);
    equal([(await workshop.opened()) - before, api1.state, api1.stats().opened], [T.host === "shared" ? 0 : 2, "open", 1]);
    await workshop.release("a");
    await logged(1);
    equal(T.log, ["a: reply"]);
    await clean();
    equal(await workshop.ran(), ["a", "b", "b"]);
    for (const api of apis.slice(0, 1)) await api.close();
  },

  "a page that is open already takes over when it is looked at, or comes back": async () => {
    const first = await open();
    const api = connect();
    await api.ready;
    const api1 = first.connect();
    api1.send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    first.gone();
    await left();
    document.dispatchEvent(new Event("visibilitychange"));
    await workshop.release("a");
    await told(api, "a: a");
    await clean();
    const second = await open();
    second.connect().send(job("b", { hold: true }), null, durable());
    await workshop.until("a", "b");
    second.gone();
    await left();
    await workshop.cut();
    await workshop.release("b");
    await told(api, "a: a", "b: b");
    await clean();
    equal(await workshop.ran(), ["a", "b"]);
  },

  "many pages, a few connections at a time": async () => {
    const names = Array.from({ length: 10 }, (_, n) => `n${n}`);
    for (const name of names) {
      const { connect, gone } = await open();
      const api = connect();
      await api.ready;
      await workshop.block();
      await T.state(api, "waiting");
      api.send(job(name, { hold: true }), null, durable());
      await until(async () => (await stored()).some(({ text }) => text.includes(name)));
      gone();
      await workshop.heal();
    }
    const api = connect();
    await until(async () => (await workshop.ran()).length === 4);
    await T.wait(200);
    equal(await workshop.ran().then(({ length }) => length), 4, "at a time");
    for (const name of names) await workshop.release(name);
    await told(api, ...names.map((name) => `${name}: ${name}`));
    await clean();
    equal((await workshop.ran()).sort(), names);
  },

  "the page that recovers goes too": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.ready;
    await workshop.block();
    await T.state(api1, "waiting");
    api1.send(job("a", { hold: true }), null, durable());
    await until(async () => (await stored()).length === 1);
    first.gone();
    await workshop.heal();
    const second = await open();
    second.connect();
    await workshop.until("a");
    equal((await stored()).map(({ sent }) => sent), [true], "now it may have been sent");
    second.gone();
    await workshop.restart();
    const api = connect();
    await told(api, "a: lost/unknown");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "a large one": async () => {
    const pad = "é\"\n".repeat(150_000);
    const first = await open();
    first.connect().send(job("a", { hold: true, pad }), null, durable());
    await workshop.until("a");
    first.gone();
    const api = connect();
    await workshop.release("a");
    await told(api, "a: a");
    ok(api.told[0].data.pad === pad && api.told[0].reply.pad === pad, "as it was");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "larger than the server takes": async () => {
    const api = connect();
    equal(await outcome(api.request(job("a", { pad: "x".repeat(2 ** 20) }), durable())), "invalid/unsent");
    await clean();
    await workshop.block();
    const first = await open();
    first.connect().send(job("b", { pad: "x".repeat(2 ** 20) }), null, durable());
    await until(async () => (await stored()).length === 1);
    first.gone();
    await left();
    await workshop.heal();
    await told(api, "b: invalid/unsent");
    await clean();
    equal(await workshop.ran(), []);
  },

  "abort, timeout and close, wherever the call is": async () => {
    const api = connect();
    await api.ready;
    const stops = [new AbortController(), new AbortController(), new AbortController()];
    api.send(job("a"), cb("storing"), durable({ signal: stops[0].signal }));
    stops[0].abort();
    api.send(job("b", { hold: true }), cb("sent"), durable({ signal: stops[1].signal }));
    await workshop.until("b");
    stops[1].abort();
    api.send(job("c", { hold: true }), cb("late"), durable({ timeout: 100 }));
    await logged(3);
    equal(T.log.splice(0, 2), ["storing: aborted/unsent", "sent: aborted/unknown"]);
    const late = T.log.pop();
    ok(/^late: timeout\/un(known|sent)$/.test(late), late); // storing takes its time
    await clean();
    await workshop.block();
    await T.state(api, "waiting");
    api.send(job("d"), cb("held"), durable({ signal: stops[2].signal }));
    api.send(job("e"), cb("late"), durable({ timeout: 1000 }));
    await until(async () => (await stored()).length === 2);
    stops[2].abort();
    await logged(2);
    equal(T.log.splice(0), ["held: aborted/unsent", "late: timeout/unsent"]);
    await clean();
    await workshop.heal();
    await T.state(api, "open");
    api.send(job("f", { hold: true }), cb("sent"), durable());
    await until(async () => (await workshop.ran()).at(-1) === "f");
    await workshop.block();
    await T.state(api, "waiting");
    api.send(job("g"), cb("held"), durable());
    await until(async () => (await stored()).length === 2);
    api.send(job("h"), cb("storing"), durable());
    await api.close();
    await logged(3);
    equal(T.log.splice(0).sort(), ["held: closed/unsent", "sent: closed/unknown", "storing: closed/unsent"]);
    equal(await stored(), [], "as soon as it is closed");
    await workshop.heal();
    const next = connect();
    await next.ready;
    await T.wait(100);
    equal([(await workshop.ran()).filter((name) => name !== "c"), next.told], [["b", "f"], []]);
    await clean();
  },

  "bounds, and what can't be stored: nothing is sent": async () => {
    const api = connect({ outbox: { calls: 2, bytes: 1000 } });
    await api.ready;
    for (const name of ["a", "b", "c"]) api.send(job(name, { hold: true }), cb(name, () => "reply"), durable());
    await logged(1);
    equal(T.log, ["c: storage/unsent"]);
    equal(await outcome(api.request(job("d", { pad: "x".repeat(1000) }), durable())), "storage/unsent");
    await workshop.release("a");
    await logged(2);
    equal(await api.request(job("e"), durable()).then(({ job }) => job), `${me} e`);
    await workshop.release("b");
    await logged(3);
    await clean();
    await T.there(async (recorder) => {
      const { indexedDB } = globalThis;
      recorder.indexedDB = indexedDB;
      Object.defineProperty(globalThis, "indexedDB", { configurable: true, get: () => { throw new DOMException("denied", "SecurityError"); } });
      await new Promise((resolve) => (indexedDB.deleteDatabase("sockjax-outbox").onsuccess = resolve)); // closes the connection to it
    });
    const error = await api.request(job("f"), durable()).catch((e) => e);
    equal([error.code, error.fate, error.cause.name], ["storage", "unsent", "SecurityError"]);
    equal(await api.request(job("g")).then(({ job }) => job), `${me} g`, "others are none the worse");
    await T.there(({ indexedDB }) => void Object.defineProperty(globalThis, "indexedDB", { configurable: true, value: indexedDB }));
    equal((await workshop.ran()).sort(), ["a", "b", "e", "g"]);
    equal([api.stats().slots, api.stats().pending], [0, 0]);
  },

  "wrong uses": async (server) => {
    const says = (error, text) => ok(error.message.includes(text), error.message);
    says(throws(TypeError, () => T.connect(server.ws, { protocol: "plain" }).send({}, null, { durable: true })), "plain mode");
    equal(await outcome(T.connect(server.ws, { preset: "seed" }).request({}, { durable: true })).then((text) => text.startsWith("TypeError")), true);
    says(throws(TypeError, () => T.connect(() => server.ws).send({}, null, { durable: true })), "outbox.name");
    for (const outbox of [null, 1, { calls: -1 }, { bytes: "x" }, { name: "" }, { name: 1 }, { names: "x" }]) throws(TypeError, () => sockjax.connect(server.ws, { outbox }));
    const api = T.connect(() => server.ws, { outbox: { name: "mine" } });
    equal(await api.request(1, { durable: true }), 1);
    await until(async () => (await stored("mine")).length === 0, "it is out of the store");
  },

  "only clients of the same name": async () => {
    const first = await open();
    first.connect({ outbox: { name: "ann" } }).send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    first.gone();
    await left();
    const others = [connect(), connect({ outbox: { name: "an" } }), connect({ outbox: { name: "bob" } })];
    await Promise.all(others.map((api) => api.ready));
    await T.wait(200);
    equal((await stored("ann")).length, 1);
    const api = connect({ outbox: { name: "ann", calls: 1 } });
    await workshop.release("a");
    await told(api, "a: a");
    equal([others.map(({ told }) => told.length), await workshop.ran()], [[0, 0, 0], ["a"]]);
    await until(async () => (await stored("ann")).length === 0);
  },

  "another visitor does not get the session": async () => {
    const first = await open();
    first.connect({ token: "ann" }).send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    first.gone();
    const api = connect({ token: "bob" });
    await told(api, "a: lost/unknown");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "a server that lets nobody in": async () => {
    const first = await open();
    first.connect({ token: "ann" }).send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    first.gone();
    await left();
    let asked = 0;
    const api = connect({ token: () => (asked++ === 0 ? "ann" : "forged") }); // the second is for the connection that recovers
    await until(() => asked === 2);
    await until(async () => (await T.sessionLocks()).length === 0, "it is given up");
    equal([(await stored()).length, api.told, api.state], [1, [], "open"]);
    await api.close();
    const next = connect({ token: "ann" });
    await workshop.release("a");
    await told(next, "a: a");
    await clean();
    equal(await workshop.ran(), ["a"]);
  },

  "wasm crashes": async () => {
    const api = connect();
    await api.ready;
    await until(() => made(1));
    api.send(job("a", { hold: true }), cb("sent"), durable());
    await workshop.until("a");
    await workshop.block();
    await T.state(api, "waiting");
    api.send(job("b"), cb("held"), durable());
    await until(async () => (await stored()).length === 2);
    const storing = T.host === "page" ? ["storing: crashed/unsent"] : []; // no page can tell when a worker does
    if (storing.length) api.send(job("c"), cb("storing"), durable());
    await crash();
    await logged(2 + storing.length);
    equal(T.log.splice(0).sort(), ["held: crashed/unsent", "sent: crashed/unknown", ...storing]);
    await clean();
    await workshop.heal();
    equal(await api.request(job("d"), durable()).then(({ job }) => job), `${me} d`);
    await clean();
    equal([await workshop.ran(), api.told], [["a", "d"], []]);
  },

  "wasm crashes, and then the page goes": async () => {
    const first = await open();
    const api1 = first.connect();
    await api1.request(job("a"), durable());
    await until(() => made(1, first.page.T));
    await crash(first.page.T);
    await until(() => made(2, first.page.T));
    await T.state(api1, "open");
    api1.send(job("b", { hold: true }), null, durable());
    await workshop.until("a", "b");
    first.gone();
    const api = connect();
    await workshop.release("b");
    await told(api, "b: b");
    await clean();
    equal(await workshop.ran(), ["a", "b"]);
  },

  "wasm crashes while it recovers": async () => {
    await leaveTwo();
    const api = connect();
    await until(() => T.there(({ sockets }) => sockets.length === 2 && sockets[1].readyState === WebSocket.OPEN), "the second socket");
    await workshop.release("a");
    await told(api, "a: a");
    await crash();
    await until(() => made(2));
    await workshop.release("b");
    await told(api, "a: a", "b: b");
    await clean();
    equal((await workshop.ran()).sort(), ["a", "b"]);
  },

  "wasm crashes while it recovers, and the page's own connection is still without": T.needs(["own socket"], async () => {
    await leaveTwo();
    const [{ session }] = await stored();
    // The page is busy when Go has just started, so that only who comes then gets an engine.
    const { requestIdleCallback } = globalThis;
    const idle = requestIdleCallback ?? ((act) => setTimeout(act)); // WebKit has none
    let breaths = 0;
    let api;
    globalThis.requestIdleCallback = (act, options) => {
      breaths++;
      if (breaths === 1) until(() => api.state === "open").then(act); // otherwise it comes then, on a busy machine
      else if (breaths > 2) idle(act, options);
    };
    await navigator.locks.request(`sockjax ${session}`, async () => {
      api = connect();
      await until(() => api.state === "open" && breaths === 2);
    });
    await until(() => T.there(({ sockets }) => sockets.length === 2 && sockets[1].readyState === WebSocket.OPEN), "the second socket");
    await workshop.release("a");
    await told(api, "a: a");
    await crash();
    await until(() => made(2));
    await workshop.release("b");
    await told(api, "a: a", "b: b");
    equal([api.stats().opened, api.stats().crashes], [1, 0]);
    globalThis.requestIdleCallback = requestIdleCallback;
    await clean();
    equal((await workshop.ran()).sort(), ["a", "b"]);
  }),

  "close() while it recovers leaves it to the next": async () => {
    const first = await open();
    first.connect().send(job("a", { hold: true }), null, durable());
    await workshop.until("a");
    first.gone();
    const api = connect();
    await until(() => T.there(({ sockets }) => sockets.length === 2 && sockets[1].readyState === WebSocket.OPEN), "the second socket");
    await T.wait(50);
    await api.close();
    equal([api.told, await T.sessionLocks(), (await stored()).length], [[], [], 1]);
    const next = connect();
    await workshop.release("a");
    await told(next, "a: a");
    await clean();
    equal([await workshop.ran(), api.told], [["a"], []]);
  },

  "pages that go at any moment, on a bad network": async () => {
    const made = [];
    const answered = new Set(); // jobs of which a page was told that they ran
    const lost = new Set(); // and those of which it was told that nobody knows
    const late = new Set(); // those that were not in the store when their page went, which may have sent them as it went
    const known = new Set(); // pages whose hello the server has certainly heard
    const follow = (api) =>
      api.addEventListener("outbox", ({ detail }) => {
        const name = detail.data.job;
        if (detail.error === null) answered.add(name);
        else if (detail.error.code === "lost" && !known.has(pageOf(name))) lost.add(name);
        else T.note(`${name}: ${detail.error.message}`);
      });
    const pageOf = (name) => Number(name.slice(me.length + 1).split("-")[0]);
    let waits = false;
    for (const pause of [0, 3, 10, 25, 60, 120]) {
      const { connect, gone, page } = await open();
      const api = connect();
      follow(api);
      const look = async () => {
        if ((await workshop.ran()).some((name) => name.startsWith(`${pause}-`))) known.add(pause);
      };
      if ((waits = !waits)) {
        await api.ready;
        known.add(pause);
      }
      const start = performance.now();
      for (let n = 0; performance.now() < start + pause || n < 20; n++) {
        const call = job(`${pause}-${n}`);
        made.push(call.job);
        api.send(call, (reply, error) => (error === null ? answered.add(call.job) : page.console.log(error)), durable());
        if (n % 7 === 0) await T.wait(1);
        if (n % 41 !== 40) continue;
        await look();
        await workshop.cut();
      }
      await T.wait(pause);
      gone();
      await workshop.cut();
      const left = (await stored()).map(({ text }) => JSON.parse(text).job);
      for (const name of made) if (pageOf(name) === pause && !left.includes(name)) late.add(name);
    }
    const api = connect();
    follow(api);
    await api.ready;
    await clean();
    equal(T.log, [], "nothing is lost");
    const ran = (await workshop.ran()).map((name) => `${me} ${name}`);
    equal(ran.length, new Set(ran).size, "each ran once");
    const runs = new Set(ran);
    for (const name of made) {
      if (answered.has(name)) ok(runs.has(name), `${name} was answered, and ran`);
      if (runs.has(name)) ok(answered.has(name) || lost.has(name) || late.has(name), `${name} ran, and somebody was told`);
    }
    ok(runs.size > 20, `${runs.size} of ${made.length} ran`); // the others were not stored when their page went
  },
};

for (const [name, act] of Object.entries(cases)) {
  T.cases[name] = T.needs(act.needs ?? [], async (server) => {
    await workshop.heal();
    await act(server);
  });
}
