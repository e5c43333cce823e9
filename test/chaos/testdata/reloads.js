// The page of TestChaosReload: it makes durable calls, follows topics and reloads
// itself, calls under way and all, again and again. What it knows of them it
// writes into localStorage, which survives that: see reload_test.go.
globalThis.reloads = (() => {
  const { url, seed, lives } = globalThis.plan;
  const life = Number(localStorage.life ?? 0) + 1;
  localStorage.life = life;
  const random = chaos.randomness(seed + life);
  const below = (n) => Math.floor(random() * n);

  const api = sockjax.connect(url, { heartbeat: { after: 300, timeout: 400 }, reconnect: { min: 20, max: 400 } });
  const told = (how, id, error) => {
    const name = `told ${id}`;
    localStorage[name] = [localStorage[name] ?? "", `${life} ${how} ${error === null ? "reply" : `${error.code}/${error.fate}`};`].join("");
  };
  api.addEventListener("outbox", ({ detail: { data, error } }) => told("event", data.id, error));

  // Each life goes on where the last one was told something.
  const following = followers.topics.map((topic) => {
    const name = `follower ${topic}`;
    const one = new followers.Follower("the page", topic, () => (localStorage[name] = JSON.stringify({ facts: one.facts, at: one.at })));
    Object.assign(one, JSON.parse(localStorage[name] ?? "{}"));
    one.follow(api, true);
    return one;
  });

  // Which calls are in the store: a page that ends before that sends them all
  // the same, and nobody can tell of those.
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, ...key) {
    const id = value?.text && JSON.parse(value.text).id;
    if (id) this.transaction.addEventListener("complete", () => (localStorage[`stored ${id}`] = chaos.now()));
    return put.call(this, value, ...key);
  };

  const make = (n) => {
    const id = life * 2 ** 32 + n;
    const data = { id, ms: random() < 0.5 ? below(150) : 0, fail: random() < 0.1 };
    localStorage[`made ${id}`] = chaos.now();
    api.send(data, (_, error) => told("callback", id, error), { durable: true, timeout: 0 });
  };

  const live = async () => {
    if (life > lives) return fetch("/reloads/done");
    const end = performance.now() + 50 + below(700);
    for (let n = 0; performance.now() < end; ) {
      for (let burst = below(6); burst >= 0; burst--) make(n++);
      await T.wait(below(60));
    }
    localStorage[`end ${life}`] = chaos.now();
    location.reload();
  };
  live();

  /** Resolves to whether nothing is left in the store, in time. */
  const emptied = async (ms) => {
    const databases = await indexedDB.databases();
    if (databases.length === 0) return true;
    const database = await new Promise((resolve) => (indexedDB.open(databases[0].name).onsuccess = ({ target }) => resolve(target.result)));
    const count = () => {
      const all = [...database.objectStoreNames].map((name) => database.transaction(name).objectStore(name).count());
      return Promise.all(all.map((request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))));
    };
    const empty = await T.within(ms, async () => (await count()).every((n) => n === 0));
    database.close();
    return empty;
  };

  const followed = async (ends, ms) => ({ told: await followers.followed(following, ends, ms), problems: followers.problems });

  return { emptied, followed, api, dump: () => ({ ...localStorage }) };
})();
