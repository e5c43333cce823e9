// The store of durable calls, and who may have what is in it. Each case has a
// page, and a storage, of its own; `modules` are those of web/.
const { equal, ok, until, outcome } = T;
const { Store, Outbox, lockName } = modules;
const bounds = { calls: 1000, bytes: 16 * 1024 * 1024 };
const options = { name: "n", ...bounds };
const DATABASE = "sockjax-outbox";

/** As T.outcome, with what is told. */
const told = (promise) => promise.then(() => "stored", ({ code, fate, message }) => `${code}/${fate}: ${message}`);
const record = (key, more) => ({ name: "n", session: "s", key, size: 3, text: `"${key}"`, idempotent: false, sent: false, ...more });
const keys = async (store, name = "n", session = "s") => (await store.records(name, session)).map(({ key }) => key);
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Keeps every other writer out until the function that it returns is called. */
const occupy = async () => {
  const db = await done(indexedDB.open(DATABASE, 1));
  let over = false;
  const ended = new Promise((resolve) => {
    const tx = db.transaction(["calls", "sent"], "readwrite");
    const more = () => over || (tx.objectStore("calls").get("nothing").onsuccess = more);
    tx.oncomplete = resolve;
    more();
  });
  return async () => {
    over = true;
    await ended;
    db.close();
  };
};

Object.assign(T.cases, {
  "what is stored is found again, oldest first": async () => {
    const store = new Store();
    await store.put(record(10, { sent: true }), bounds);
    await store.put(record(11, { sent: true }), bounds);
    await Promise.all([store.put(record(9, { idempotent: true, text: '"é💎"', size: 8 }), bounds), store.put(record(100), bounds)]);
    await store.put(record(1, { session: "other" }), bounds);
    await store.put(record(2, { name: "nn" }), bounds);
    await store.mark([record(100)]);
    await store.lose([record(11), record(12)]); // the second is not there
    const again = new Store();
    equal(await again.records("n", "s"), [
      record(9, { size: 8, text: '"é💎"', idempotent: true }), record(10, { sent: true }), record(11, { sent: true, lost: true }), record(100, { sent: true }),
    ].map(({ name, session, key, size, text, idempotent, sent, lost = false }) => ({ name, session, key, size, text, idempotent, sent, lost })));
    await again.remove([record(11)]);
    equal((await again.sessions("n")).sort(), ["other", "s"]);
    await again.remove([record(10), record(9, { size: 8 })]);
    await store.remove([record(10)]); // twice
    equal([await keys(store), await keys(store, "n", "other"), await keys(store, "nn")], [[100], [1], [2]]);
    await store.remove([record(100)]);
    equal([await store.sessions("n"), await store.sessions("nobody"), await store.records("n", "nobody")], [["other"], [], []]);
    const db = await done(indexedDB.open(DATABASE, 1));
    equal(await done(db.transaction("sent").objectStore("sent").count()), 0, "marks left");
  },

  "what is sent before it is stored is stored as sent, and as lost if it is": async () => {
    const outbox = new Outbox(options, "s");
    const add = (key, more) => outbox.add({ key, size: 3, text: `"${key}"`, idempotent: false, sent: false, ...more });
    const added = [add(1), add(2), add(3, { idempotent: true })];
    equal([outbox.hurry(1), outbox.hurry(3), outbox.hurry(4)], [true, true, false]);
    const noted = outbox.noteLoss();
    await Promise.all([...added, noted]);
    const found = await new Store().records("n", "s");
    equal(found.map(({ key, sent, lost }) => [key, sent, lost]), [[1, true, true], [2, false, false], [3, true, false]]);
    equal([outbox.hurry(2), outbox.hurry(3)], [false, true], "the store says that the second is unsent");
  },

  "looking makes no database": async () => {
    const store = new Store();
    equal([await store.sessions("n"), await store.records("n", "s")], [[], []]);
    const made = (await indexedDB.databases()).filter(({ version }) => version > 0); // WebKit lists one whose making was aborted, too
    equal(made, []);
    await Promise.all([store.sessions("n"), store.put(record(1), bounds)]);
    equal(await store.sessions("n"), ["s"]);
  },

  "a turn of the page shares a transaction": async () => {
    const store = new Store();
    await store.put(record(0), bounds);
    let made = 0;
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...args) {
      made++;
      return transaction.apply(this, args);
    };
    await Promise.all(Array.from({ length: 300 }, (_, i) => store.put(record(i + 1), bounds)));
    equal(made, 1);
    equal((await keys(store)).length, 301);
  },

  "bounds, in one turn and later": async () => {
    const store = new Store();
    const three = { calls: 3, bytes: 100 };
    const ends = await Promise.all([1, 2, 3, 4].map((key) => told(store.put(record(key), three))));
    equal(ends, ["stored", "stored", "stored", "storage/unsent: the call could not be stored: the outbox is full: too many calls wait for their outcome"]);
    equal(await outcome(new Store().put(record(5), three)), "storage/unsent");
    equal(await told(store.put(record(5, { name: "other" }), three)), "stored", "each name has bounds of its own");
    // What goes makes room, also for what comes in the same turn.
    equal(await Promise.all([store.remove([record(1)]), told(store.put(record(6), three)), outcome(store.put(record(7), three))]), [undefined, "stored", "storage/unsent"].map((x) => x ?? null));
    equal(await keys(store), [2, 3, 6]);
    await store.remove([record(2), record(3), record(6)]);
    equal(await told(store.put(record(8, { size: 100 }), three)), "stored");
    ok((await told(store.put(record(9, { size: 1 }), three))).endsWith("too many bytes wait for their outcome"), "it says bytes");
    await store.remove([record(8, { size: 100 })]);
    equal(await told(store.put(record(9, { size: 101 }), three)).then((end) => end.split(":")[0]), "storage/unsent");
    equal(await keys(store), []);
  },

  "IndexedDB is missing, or forbidden": async () => {
    const real = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    const missing = (value) => Object.defineProperty(globalThis, "indexedDB", { configurable: true, ...value });
    for (const value of [{ value: undefined }, { value: null }, { get: () => { throw new DOMException("not here", "SecurityError"); } }]) {
      missing(value);
      const store = new Store();
      const end = await told(store.put(record(1), bounds));
      ok(end.startsWith("storage/unsent: the call could not be stored: this page may not store anything: "), end);
      equal(await outcome(store.sessions("n")), "storage/unsent");
      equal(await outcome(store.remove([record(1)])), "storage/unsent");
    }
    Object.defineProperty(globalThis, "indexedDB", real);
    equal(await told(new Store().put(record(1), bounds)), "stored");
  },

  "a sandboxed frame": async () => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.src = "/sandboxed";
    const answer = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));
    document.body.append(frame);
    for (const end of await answer) ok(end.startsWith("storage/unsent: the call could not be stored: this page may not store anything: "), end);
  },

  "no Web Locks": async () => {
    Object.defineProperty(navigator, "locks", { value: undefined });
    const end = await told(new Outbox(options, "s").add(record(1)));
    ok(end.startsWith("storage/unsent") && end.includes("https"), end);
    equal(await keys(new Store()), []);
  },

  "a later version has the database": async () => {
    (await done(indexedDB.open(DATABASE, 2))).close();
    const end = await told(new Store().put(record(1), bounds));
    equal(end, "storage/unsent: the call could not be stored: another tab has a later version of sockjax: reload the page");
    equal(await outcome(new Store().sessions("n")), "storage/unsent");
  },

  "it stands in nobody's way": async () => {
    const store = new Store();
    await store.put(record(1), bounds);
    let blocked = false;
    const clearing = indexedDB.deleteDatabase(DATABASE);
    clearing.onblocked = () => (blocked = true);
    await done(clearing);
    equal(blocked, false);
    equal([await keys(store), await told(store.put(record(2), bounds)), await keys(store)], [[], "stored", [2]]);
    const later = await done(indexedDB.open(DATABASE, 2));
    later.close();
    ok((await told(store.put(record(3), bounds))).includes("later version"), "a later version may have it");
  },

  "opening never ends: another tab will not let go": async () => {
    const store = new Store();
    await store.put(record(1), bounds);
    const selfish = await done(indexedDB.open(DATABASE, 1));
    const deletion = indexedDB.deleteDatabase(DATABASE); // waits for it, and others for this
    const clearing = done(deletion);
    await new Promise((resolve) => (deletion.onblocked = resolve));
    const start = performance.now();
    const ends = await Promise.all([told(store.put(record(2), bounds)), told(store.put(record(3), bounds))]);
    for (const end of ends) equal(end, "storage/unsent: the call could not be stored: the browser's storage has not answered within 3 s");
    ok(performance.now() - start < 6000, "all wait together");
    selfish.close();
    await clearing;
    equal([await told(store.put(record(4), bounds)), await keys(store)], ["stored", [4]]);
  },

  "a transaction never begins: nothing of it is done later": async () => {
    const store = new Store();
    await store.put(record(1), bounds);
    const leave = await occupy();
    const first = told(store.put(record(2), bounds));
    await T.wait(500);
    const second = told(store.remove([record(1)])); // waits for the next transaction
    for (const end of await Promise.all([first, second])) ok(end.endsWith("has not answered within 3 s"), end);
    await leave();
    equal(await keys(store), [1]);
    equal([await told(store.put(record(3), bounds)), await keys(store)], ["stored", [1, 3]]);
  },

  "what is written too late is removed": async () => {
    const outbox = new Outbox(options, "s");
    await outbox.add(record(1));
    const leave = await occupy();
    const { abort } = IDBTransaction.prototype;
    IDBTransaction.prototype.abort = () => { throw new DOMException("too late", "InvalidStateError"); };
    const end = await told(outbox.add(record(2)));
    IDBTransaction.prototype.abort = abort;
    ok(end.endsWith("has not answered within 3 s"), end);
    let written = false;
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (...args) {
      written = true;
      return put.apply(this, args);
    };
    await leave();
    await until(() => written, "the late transaction");
    await until(async () => (await keys(new Store())).length === 1);
    equal([await keys(new Store()), await T.sessionLocks()], [[1], [lockName("s")]]);
    await outbox.remove(1);
    await until(async () => (await T.sessionLocks()).length === 0);
  },

  "the lock is held as long as something is stored": async () => {
    const outbox = new Outbox(options, "s");
    const store = new Store();
    equal(await T.sessionLocks(), []);
    await Promise.all([outbox.add(record(1)), outbox.add(record(2))]);
    equal([await T.sessionLocks(), await keys(store)], [[lockName("s")], [1, 2]]);
    await outbox.remove(1);
    await outbox.remove(7); // there is none
    equal([await T.sessionLocks(), await keys(store)], [[lockName("s")], [2]]);
    outbox.remove(2);
    await outbox.settled();
    await until(async () => (await T.sessionLocks()).length === 0);
    equal(await keys(store), []);
    for (let n = 3; n < 20; n++) {
      await outbox.add(record(n, { sent: true }));
      equal(await T.sessionLocks(), [lockName("s")]);
      await outbox.remove(n);
    }
    await until(async () => (await T.sessionLocks()).length === 0);
    equal(await keys(store), []);
  },

  "removed before it is stored": async () => {
    const outbox = new Outbox(options, "s");
    const store = new Store();
    for (const turns of [0, 1, 2, 3, 4, 5, 10, 50]) {
      const added = outbox.add(record(turns + 1));
      for (let n = 0; n < turns; n++) await null;
      outbox.remove(turns + 1);
      await added;
      await outbox.settled();
      equal(await keys(store), [], `after ${turns} microtasks`);
    }
    await until(async () => (await T.sessionLocks()).length === 0);
    // And the lock is to be had again.
    await outbox.add(record(100));
    equal(await T.sessionLocks(), [lockName("s")]);
  },

  "a lock that somebody else has": async () => {
    const outbox = new Outbox(options, "s");
    let letGo;
    const take = () => new Promise((resolve) => navigator.locks.request(lockName("s"), () => (resolve(), new Promise((free) => (letGo = free)))));
    await take();
    const waiting = told(outbox.add(record(1)));
    await T.wait(50);
    equal(await keys(new Store()), [], "not before it is ours");
    letGo();
    equal(await waiting, "stored");
    await outbox.remove(1);
    await take();
    const ends = await Promise.all([told(outbox.add(record(2))), told(outbox.add(record(3)))]);
    for (const end of ends) equal(end, "storage/unsent: the call could not be stored: another tab is at work on this session");
    letGo();
    equal([await told(outbox.add(record(4))), await keys(new Store())], ["stored", [4]]);
  },

  "marks": async () => {
    const outbox = new Outbox(options, "s");
    await Promise.all([1, 2, 3].map((key) => outbox.add(record(key))));
    await outbox.remove(2);
    await outbox.mark([1, 2]);
    equal((await new Store().records("n", "s")).map(({ key, sent, text }) => [key, sent, text]), [[1, true, '"1"'], [3, false, '"3"']]);
  },

  "what can't be removed is removed with the next": async () => {
    const outbox = new Outbox(options, "s");
    await Promise.all([1, 2].map((key) => outbox.add(record(key))));
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = () => { throw new DOMException("broken", "UnknownError"); };
    outbox.remove(1);
    await outbox.settled(); // no hang
    IDBDatabase.prototype.transaction = transaction;
    equal([await keys(new Store()), await T.sessionLocks()], [[1, 2], [lockName("s")]]);
    await outbox.remove(2);
    equal(await keys(new Store()), []);
    await until(async () => (await T.sessionLocks()).length === 0);
  },

  "what waits for a storage that does not answer is bounded": async () => {
    const outbox = new Outbox({ name: "n", calls: 10, bytes: 100 }, "s");
    await outbox.add(record(1));
    const leave = await occupy();
    const ends = [];
    const more = Array.from({ length: 20 }, (_, n) => told(outbox.add(record(n + 2))).then((end) => ends.push(end)));
    await until(() => ends.length === 11);
    for (const end of ends) ok(end.endsWith("too many calls wait for their outcome"), end);
    equal(await outcome(new Outbox({ name: "n", calls: 10, bytes: 100 }, "t").add(record(1, { size: 101 }))), "storage/unsent");
    await leave();
    await Promise.all(more);
    equal((await keys(new Store())).length, 10);
  },
});
