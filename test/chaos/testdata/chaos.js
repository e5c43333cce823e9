// The pages of TestChaos: clients that make calls of all kinds at random, and
// note what became of each, and follow topics. The Go side starts them, takes the
// notes, and judges: see judge_test.go for what the notes mean.
globalThis.chaos = (() => {
  // As in judge_test.go.
  const [IDEMPOTENT, ABORTABLE, HURRIED, CLOSED, STREAMED, LEFT, EMBODIED, CUT_SHORT] = Array.from({ length: 8 }, (_, i) => 1 << i);
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
      this.following = [...followers.topics, followers.topics[number % followers.topics.length]].map((topic, i) => new followers.Follower(`${number}:${i}`, topic));
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
      for (const one of this.following) this.follow(one);
    }

    follow(one) {
      one.leave();
      one.follow(this.api, this.random() < 0.5);
    }

    async live() {
      while (!stopping) {
        for (let burst = this.below(16); burst >= 0 && this.waiting.size < MOST; burst--) this.make();
        await T.wait(this.below(2 * this.pause));
        const dice = this.random();
        if (dice < 0.002) this.replace();
        else if (dice < 0.006) this.api.reconnect();
        else if (dice < 0.01) dispatchEvent(new Event("online"));
        const one = this.following[this.below(this.following.length)];
        const turn = this.random();
        if (!one.follows ? turn < 0.3 : turn < 0.02) this.follow(one);
        else if (turn < 0.04) one.leave();
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
      const none = { parts: 0, bytes: 0 };
      const note = { id, made: now(), settled: 0, outcome: "", flags: 0, wrong: "", stream: { ...none, lost: 0, twice: 0, wrong: 0 }, fed: { ...none } };
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
        note.flags |= ABORTABLE;
      } else if (kind < 0.6) {
        options.timeout = 1 + this.below(250);
        data.ms = this.below(250);
        data.deaf = this.random() < 0.5;
        note.flags |= HURRIED;
      } else if (kind < 0.61) data.pad = "p".repeat(60_000 + this.below(140_000)); // more than a frame holds
      else if (kind < 0.62) data.size = this.below(400_000);
      if (this.random() < 0.15) this.addParts(data, options, note);
      if (this.random() < 0.2) {
        options.idempotent = true;
        data.idempotent = true;
        note.flags |= IDEMPOTENT;
      }
      this.callbacks[n] = 0;
      this.waiting.set(n, note);
      counts.made++;
      const settle = (reply, error) => this.settle(n, note, data, reply, error);
      if (data.stream) this.stream(data, options, note, settle);
      else if (kind > 0.98 && !data.body) this.mirror(note, options, settle);
      else this.api.send(data, settle, options);
    }

    /** Has a call have a streamed reply, a body, or both. */
    addParts(data, options, note) {
      const { id } = data;
      const which = this.below(5); // 0, 1: stream; 2, 3: body; 4: both
      if (which !== 2 && which !== 3) {
        data.stream = exchanges.flow(this.below);
        note.flags |= STREAMED;
      }
      if (which < 2) return;
      data.body = exchanges.flow(this.below);
      note.flags |= EMBODIED;
      const fails = this.random() < 0.05;
      if (fails) note.flags |= ABORTABLE;
      if (this.random() < 0.1) {
        data.enough = 1 + this.below(10);
        note.flags |= CUT_SHORT;
      }
      options.body = exchanges.bodyOf(id, data.body, note.fed, this.below, fails);
      let loaded = 0;
      options.onprogress = (progress) => {
        if (progress.loaded <= loaded) note.wrong = `progress from ${loaded} to ${progress.loaded}`;
        loaded = progress.loaded;
      };
    }

    async stream(data, options, note, settle) {
      const stream = this.api.stream(data, options);
      const leaving = this.random() < 0.1 ? 1 + this.below(data.stream.n) : 0;
      if (leaving > 0) note.flags |= LEFT | ABORTABLE;
      const thrown = await exchanges.read(stream, note, data.stream, this.below, leaving);
      const [reply, error] = await stream.reply.then((reply) => [reply, null], (error) => [undefined, error]);
      if (thrown !== error && !(note.flags & LEFT)) note.wrong = `end: the loop has ${thrown}, and the reply ${error}`;
      settle(reply, error);
    }

    /** A call of bytes, which come back. */
    mirror(note, options, settle) {
      const size = this.below(this.random() < 0.2 ? 200_000 : 5_000);
      this.api.send(
        exchanges.mirrored(note.id, size),
        (reply, error) => {
          if (error === null && !exchanges.isMirror(reply, note.id, size)) note.wrong = `bytes: ${reply?.byteLength} of ${8 + size}`;
          settle({ id: note.id }, error);
        },
        options,
      );
    }

    settle(n, note, data, reply, error) {
      if (++this.callbacks[n] > 1) return; // told by unsound
      this.waiting.delete(n);
      note.settled = now();
      const { id, fail, size = 0, stream, body, enough } = data;
      if (error === null) {
        const all = (flow) => (flow.bytes ? flow.n * flow.size : flow.n);
        if (stream && reply.sent !== all(stream)) note.wrong = `reply: ${reply.sent} of ${all(stream)} parts were sent`;
        if (body && !enough && reply.got !== all(body)) note.wrong = `reply: ${reply.got} of ${all(body)} parts have arrived`;
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
    /** Has all follow their topics to the ends, and resolves to what they were told. */
    followed(ends, ms) {
      for (const caller of callers) for (const one of caller.following) if (!one.follows) caller.follow(one);
      return followers.followed(callers.flatMap(({ following }) => following), ends, ms);
    },
    /** Closes everything. */
    async finish(acked) {
      // What is in doubt, or not acknowledged, must become nothing by itself.
      await T.within(acked, () => callers.every(({ api }) => !api.stats().unacked));
      for (const caller of callers) {
        caller.empty(caller.api, "when all calls had come back");
        await caller.close(caller.api);
      }
      return [...problems, ...followers.problems, ...callers.flatMap((caller) => caller.unsound()), ...T.uncaught];
    },
    /** For a report of what hangs. */
    stuck: () =>
      callers.map(({ number, api, waiting }) => ({ number, state: api.state, stats: api.stats(), ids: [...waiting.values()].map(({ id }) => id) })),
  };
})();
