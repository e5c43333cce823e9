// The pages of TestChaos: clients that make calls of all kinds at random, and
// note what became of each. The Go side starts them, takes the notes, and
// judges: see wasm_chaos_judge_test.go for what the notes mean.
globalThis.chaos = (() => {
  const CLOSED = 8; // as in wasm_chaos_judge_test.go
  const MOST = 60; // calls of one client in flight

  /** Numbers from 0 to 1 that a seed fixes (mulberry32). */
  const randomness = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  const now = () => performance.timeOrigin + performance.now();
  const counts = { made: 0, settled: 0, opened: 0, replaced: 0, unmatched: 0 };
  const problems = [];
  const settled = []; // notes that nobody has taken
  let stopping = false;
  let callers = [];

  /** One client after the other, under one number. */
  class Caller {
    constructor(number, seed, url, options, pause) {
      this.random = randomness(seed);
      // Every other one has a token, which it gets from somewhere, or not.
      const token = async () => {
        await T.wait(this.below(100));
        if (this.random() < 0.1) throw new Error("no token at the moment");
        return `client ${number}`;
      };
      Object.assign(this, { number, url, pause, options: number % 2 ? { ...options, token } : options });
      this.made = 0;
      this.callbacks = []; // how often each call came back, by its number
      this.waiting = new Map(); // notes of calls that have not
      this.connect();
      this.ended = this.live();
    }

    below = (n) => Math.floor(this.random() * n);

    connect() {
      const api = sockjax.connect(this.url, this.options);
      api.addEventListener("statechange", ({ detail }) => (counts.opened += detail.state === "open"));
      api.addEventListener("unmatched", () => counts.unmatched++);
      api.addEventListener("error", ({ detail }) => problems.push(`client ${this.number} has closed: ${detail.message}`));
      this.api = api;
    }

    async live() {
      while (!stopping) {
        for (let burst = this.below(16); burst >= 0 && this.waiting.size < MOST; burst--) this.make();
        await T.wait(this.below(2 * this.pause));
        const dice = this.random();
        if (dice < 0.002) this.replace();
        else if (dice < 0.006) this.api.reconnect();
        else if (dice < 0.01) dispatchEvent(new Event("online"));
      }
    }

    /** A page that ends one client, calls under way and all, and makes another. */
    async replace() {
      counts.replaced++;
      for (const note of this.waiting.values()) note.flags |= CLOSED;
      const old = this.api;
      this.connect();
      await this.close(old);
    }

    async close(api) {
      await api.close();
      await T.wait(0); // the last callbacks run in a turn of their own
      this.empty(api, "after close");
    }

    empty(api, when) {
      const stats = api.stats();
      for (const name of ["pending", "queued", "queuedBytes", "slots", "inDoubt", "unacked"]) {
        if (stats[name]) problems.push(`client ${this.number}: ${name} is ${stats[name]} ${when}`);
      }
      if (stats.garbage || stats.crashes) problems.push(`client ${this.number}: ${stats.garbage} frames of garbage, ${stats.crashes} crashes`);
    }

    make() {
      const n = this.made++;
      const id = this.number * 2 ** 32 + n;
      const note = { id, made: now(), settled: 0, outcome: "", flags: 0, wrong: "" };
      const data = { id };
      const options = {};
      const kind = this.random();
      if (kind < 0.35) data.ms = this.below(300);
      else if (kind < 0.43) data.fail = true;
      else if (kind < 0.46) data.size = this.below(100_000);
      else if (kind < 0.48) data.pad = "p".repeat(this.below(40_000));
      else if (kind < 0.54) {
        const controller = new AbortController();
        options.signal = controller.signal;
        setTimeout(() => controller.abort(), this.below(200));
        data.ms = this.below(250);
        data.deaf = this.random() < 0.5;
        note.flags |= 2;
      } else if (kind < 0.6) {
        options.timeout = 1 + this.below(250);
        data.ms = this.below(250);
        data.deaf = this.random() < 0.5;
        note.flags |= 4;
      }
      if (this.random() < 0.2) {
        options.idempotent = true;
        data.idempotent = true;
        note.flags |= 1;
      }
      this.callbacks[n] = 0;
      this.waiting.set(n, note);
      counts.made++;
      this.api.send(data, (reply, error) => this.settle(n, note, data, reply, error), options);
    }

    settle(n, note, data, reply, error) {
      if (++this.callbacks[n] > 1) return; // told by unsound
      this.waiting.delete(n);
      note.settled = now();
      const { id, fail, size = 0 } = data;
      if (error === null) {
        if (reply?.id !== id || (reply.pad?.length ?? 0) !== size || fail) note.wrong = `reply ${JSON.stringify(reply)?.slice(0, 200)}`;
      } else {
        note.outcome = `${error.code}/${error.fate}`;
        if (error.code === "rejected" && error.data?.id !== id) note.wrong = `error ${error.reason}: ${error.message}`;
      }
      counts.settled++;
      settled.push(note);
    }

    /** Calls that did not come back exactly once. */
    unsound() {
      const found = [];
      this.callbacks.forEach((times, n) => times !== 1 && found.push(`call ${n} of client ${this.number} came back ${times} times`));
      return found;
    }
  }

  return {
    randomness,
    now,
    start({ seed, first, clients, url, pause, ...options }) {
      callers = Array.from({ length: clients }, (_, i) => new Caller(first + i, seed + i, url, options, pause));
    },
    /** What has come back since the last time. */
    take: () => ({ counts, settled: settled.splice(0) }),
    /** No more calls: resolves to whether all came back, in time. */
    async stop(ms) {
      stopping = true;
      await Promise.all(callers.map(({ ended }) => ended));
      return T.within(ms, () => callers.every(({ waiting }) => waiting.size === 0));
    },
    /** Closes everything. */
    async finish(acked) {
      // What is in doubt, or not acknowledged, must become nothing by itself.
      await T.within(acked, () => callers.every(({ api }) => !api.stats().unacked));
      for (const caller of callers) {
        caller.empty(caller.api, "when all calls had come back");
        await caller.close(caller.api);
      }
      return [...problems, ...callers.flatMap((caller) => caller.unsound()), ...T.uncaught];
    },
    /** For a report of what hangs. */
    stuck: () =>
      callers.map(({ number, api, waiting }) => ({ number, state: api.state, stats: api.stats(), ids: [...waiting.values()].map(({ id }) => id) })),
  };
})();
