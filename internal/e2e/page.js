// What every page of the tests has, loaded before the client and behind
// recorder.js. `T` is the test's own; everything else is the page's.
(() => {
  const recorder = globalThis.testRecorder;

  // ---- what nobody caught

  const uncaught = [];
  addEventListener("error", (event) => uncaught.push(String(event.error ?? event.message)));
  addEventListener("unhandledrejection", (event) => uncaught.push(String(event.reason)));

  // ---- the errors that the client makes

  const failures = new Set();
  /** Notes the code and the fate of each: see Outcome in outcome.go. */
  const watchErrors = () => {
    const prototype = globalThis.sockjax?.SockjaxError?.prototype; // the seed's page has none
    if (!prototype || Object.hasOwn(prototype, "fate")) return;
    Object.defineProperty(prototype, "fate", {
      set(value) {
        failures.add(`${this.code}/${value}`);
        Object.defineProperty(this, "fate", { value, enumerable: true, configurable: true, writable: true });
      },
    });
  };

  // ---- the host

  const host = globalThis.testHost;
  /** Has clients in the host of this run, unless they say another. */
  const inHost = (all) => ({
    ...all,
    bareConnect: all.connect,
    connect: (url, options = {}) => all.connect(url, typeof options === "object" ? { host, ...options } : options),
  });
  if (host !== "page") {
    let ours;
    Object.defineProperty(globalThis, "sockjax", { configurable: true, get: () => ours, set: (all) => (ours = inHost(all)) });
  }

  // ---- the workers that the client has

  const workers = []; // that live, as far as the page has not ended them itself
  const { MessageChannel } = globalThis; // tests have others

  /** A worker that the page has made, and what it asks of the recorder there. */
  class Watched {
    #port;
    #asked = new Map(); // id → function of the answer
    #ids = 0;

    constructor(target) {
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = ({ data }) => (data.failed ? this.#failed() : this.#asked.get(data.id)?.(data));
      target.postMessage({ testRecorder: settings() }, [port2]); // there before the client's first message
      workers.push(this);
    }

    run(act, args) {
      const id = ++this.#ids;
      this.#port.postMessage({ id, act, args });
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`the worker did not answer to ${act}`)), 20_000);
        this.#asked.set(id, ({ result, failure }) => {
          clearTimeout(late);
          this.#asked.delete(id);
          failure === undefined ? resolve(result) : reject(new Error(`in the worker: ${failure}`));
        });
      });
    }

    /** For what may be too late. */
    tell(act, ...args) {
      this.#port.postMessage({ id: 0, act: String(act), args });
    }

    /** The page acts between a socket's error and its close, which waits until the worker has heard what it did. */
    async #failed() {
      await recorder.onSocketError?.();
      await wait(50);
      this.tell((recorder) => recorder.goOn());
    }
  }

  for (const kind of ["Worker", "SharedWorker"]) {
    const Real = globalThis[kind];
    if (!Real) continue;
    const Own = class extends Real {
      watched;
      constructor(url, options) {
        super(url, options);
        if (options?.name?.startsWith("sockjax ")) this.watched = new Watched(this.port ?? this);
      }
    };
    if (Real.prototype.terminate) {
      Own.prototype.terminate = function () {
        if (workers.includes(this.watched)) workers.splice(workers.indexOf(this.watched), 1);
        Real.prototype.terminate.call(this);
      };
    }
    globalThis[kind] = Own;
  }

  /** What workers are told of the recorder's members. */
  const settings = () => ({ record: recorder.record, errors: recorder.onSocketError !== null });
  const set = (members) => {
    Object.assign(recorder, members);
    for (const worker of workers) worker.tell((recorder, all) => recorder.set(all), settings());
  };

  /**
   * Runs act(recorder, ...args) where the client has socket and wasm: in the
   * worker that the page has made last, or in the page, at once. It is given as
   * a text, and sees nothing else of the test's; what it returns is copied from
   * a worker.
   */
  const there = (act, ...args) => (workers.at(-1) ?? recorder).run(String(act), args);

  /** Moves the clock of the page, and of its workers. */
  const advance = (ms) => {
    recorder.advance(ms);
    return Promise.all(workers.map((worker) => worker.run("({ advance }, ms) => advance(ms)", [ms])));
  };

  // ---- waiting

  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** Resolves to what cond returns once that is truthy; throws after 20 s. */
  const until = async (cond, what = String(cond)) => {
    const result = await within(20_000, cond);
    if (!result) throw new Error(`it never happened: ${what}`);
    return result;
  };

  /** The same, but resolves to false after ms. */
  const within = async (ms, cond) => {
    const end = recorder.now() + ms;
    for (;;) {
      const result = await cond();
      if (result) return result;
      if (recorder.now() > end) return false;
      await wait(4);
    }
  };

  // ---- what happened, in order

  let log = [];
  const note = (text) => log.push(text);
  const brief = (value) => (value === undefined ? "undefined" : JSON.stringify(value));
  /** Makes a callback that notes "name: reply" or "name: code/fate". */
  const cb = (name, show = (reply) => brief(reply)) => (reply, error) => {
    note(error ? `${name}: ${error.code}/${error.fate}` : `${name}: ${show(reply)}`);
  };
  /** The outcome of a Promise as the same kind of text. */
  const outcome = (promise) =>
    promise.then(brief, (error) => (error instanceof sockjax.SockjaxError ? `${error.code}/${error.fate}` : String(error)));
  const logged = (n) => until(() => log.length >= n, `${n} entries in the log, there are: ${log.join(" | ")}`);
  const event = (target, type) =>
    new Promise((resolve, reject) => {
      target.addEventListener(type, (e) => resolve(e.detail ?? e), { once: true });
      setTimeout(() => reject(new Error(`the event ${type} never came`)), 20_000);
    });
  /** The state after next. */
  const state = (api, wanted) => until(() => api.state === wanted, `state ${wanted}, it is ${api.state}`);

  /** Open, and with an engine: "open" alone may still be the first connection without wasm. */
  const engine = async (api) => {
    await api.ready;
    await until(() => api.stats().funcs > 0, "an engine");
  };

  /** The locks that are held for sessions. Workers, and their tabs, hold others as long as they live. */
  const sessionLocks = async () => (await navigator.locks.query()).held.map(({ name }) => name).filter((name) => !/^sockjax (tab|worker) /.test(name));

  const equal = (got, want, what = "value") => {
    const [a, b] = [brief(got), brief(want)];
    if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`);
  };
  const ok = (value, what) => {
    if (!value) throw new Error(`not so: ${what}`);
  };
  const throws = (type, act, what = String(act)) => {
    try {
      act();
    } catch (error) {
      if (error instanceof type) return error;
      throw new Error(`${what} threw ${error}, want a ${type.name}`);
    }
    throw new Error(`${what} threw nothing, want a ${type.name}`);
  };

  /** The scripted server: see server.go and control.go. */
  class Server {
    constructor(base, proxied) {
      this.base = base;
      this.ws = `${base}/ws`.replace("http", "ws");
      this.proxied = `${proxied}/ws`.replace("http", "ws");
    }
    async tell(path, body = "") {
      const response = await fetch(`${this.base}/${path}`, { method: "POST", body });
      return response.json();
    }
    seen = () => this.tell("seen");
    set = (script) => this.tell("set", JSON.stringify(script));
    release = () => this.tell("release");
    push = (text) => this.tell("push", typeof text === "string" ? text : JSON.stringify(text));
    pushBinary = (bytes) => this.tell("pushBinary", bytes);
    fin = () => this.tell("fin");
    rst = () => this.tell("rst");
    close = (code, reason = "") => this.tell("close", JSON.stringify({ code, reason }));
    stall = () => this.tell("stall");
    heal = () => this.tell("heal");
    block = () => this.tell("block");
    cut = (how = "fin") => this.tell("cut", how);
    until = (cond) => until(async () => cond(await this.seen()), `the server saw ${cond}`);
  }

  /** What an error says, and where: only Chromium's stack has both. */
  const whole = (error) => {
    const stack = String(error?.stack ?? "");
    return stack.includes(error?.message) ? stack : `${error}\n${stack}`;
  };

  const { sockets, instances } = recorder;
  globalThis.T = {
    cases: {},
    clients: [],
    host, uncaught, failures, watchErrors, sockets, instances, there, advance, wait, until, within, note, cb, outcome, logged, event, state, engine, sessionLocks, equal, ok, throws, Server,
    get log() {
      return log;
    },
    set onSocketError(act) {
      set({ onSocketError: act });
    },
    set record(record) {
      set({ record });
    },
    /** A case that Needs these features: see needs.go. */
    needs: (features, act) => Object.assign(act, { needs: features }),
    /** Collects garbage, as far as the engine lets a page ask for it. */
    gc: () => (globalThis.gc ? gc() : TestUtils.gc()),
    /** connect, with close at the case's end. */
    connect(...args) {
      const api = sockjax.connect(...args);
      T.clients.push(api);
      return api;
    },
    /** Runs one case and tells what nobody caught meanwhile. */
    async run(act, base, proxied) {
      log = [];
      watchErrors();
      failures.clear();
      uncaught.length = 0;
      recorder.reset();
      for (const worker of workers) worker.tell((recorder) => recorder.reset());
      set({ record: false, onSocketError: null });
      const server = new Server(base, proxied);
      try {
        const result = await act(server);
        return { result: result ?? null, failures: [...failures], uncaught: [...uncaught] };
      } catch (error) {
        return { failure: whole(error), log, uncaught: [...uncaught] };
      } finally {
        await Promise.all(T.clients.splice(0).map((api) => api.close()));
      }
    },
  };
})();
