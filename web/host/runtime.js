import { loadGo } from "sockjax:runtime";
import { SCRATCH } from "../shared/abi.js";
import { report } from "../shared/errors.js";
import { GOOD_LIFE, delay } from "../shared/time.js";
import { load } from "./load.js";
import { watchPage } from "../shared/page-events.js";
import { pinWhileAway } from "./pin.js";
import { belonging } from "./version.js";

/**
 * The page's one wasm instance, for all its clients: loads it, gives it its
 * imports, lends it the scheduler, notices when it dies, starts another.
 */
export class Runtime {
  /** There is no instance, or it has ended: what its exports return means nothing. */
  dead = true;

  /** Where the wasm lies. */
  url;

  #clients = new Set();
  #byId = new Map();
  #module = null;
  #starting = false;
  #instance = null;
  #words = null;
  #crashes = 0; // in a row
  #decoder = new TextDecoder();
  #encoder = new TextEncoder();

  constructor(url) {
    this.url = url;
    const each = (act) => () => this.#clients.forEach(act);
    watchPage({
      nudge: each((host) => host.nudge()),
      hide: each((host) => host.hide()),
      pause: each((host) => host.pause()),
    });
  }

  add(host) {
    this.#clients.add(host);
    if (!this.#instance) this.#start();
    else if (host.id < 0 && !host.busy) this.#tryBegin(host);
  }

  remove(host) {
    this.#clients.delete(host);
    this.#byId.delete(host.id);
  }

  /** Puts a name where Go reads it, and returns its length in bytes. */
  writeName(name) {
    const { exports, scratch } = this.#instance;
    return this.#encoder.encodeInto(name, new Uint8Array(exports.mem.buffer, scratch, SCRATCH)).written;
  }

  /** Puts a structure where Go reads it: numbers and booleans by these names, in this order. */
  writeNumbers(names, values) {
    names.forEach((name, i) => (this.#scratchNumbers[i] = values[name]));
  }

  /** Reads what Go has put there. */
  readNumbers(names) {
    return Object.fromEntries(names.map((name, i) => [name, this.#scratchNumbers[i]]));
  }

  get #scratchNumbers() {
    const { exports, scratch } = this.#instance;
    return new Float64Array(exports.mem.buffer, scratch, SCRATCH / 8);
  }

  /**
   * Lets Go's goroutines, timers and garbage collector run, which an export
   * alone never does.
   */
  resume() {
    const instance = this.#instance;
    if (instance === null || this.dead) return;
    try {
      instance.go._resume();
      this.check();
    } catch (error) {
      this.#crash(instance, String(error));
    }
  }

  /** Looks whether the instance is sound: depth is not 0 after an export that panicked or blocked (../../wasm/exports.go). */
  check() {
    if (this.#instance === null || this.dead) return;
    if (this.words[this.#instance.depth / 4] !== 0) this.#crash(this.#instance, "an export did not return");
  }

  /** Go's memory, in words of 4 bytes. Another array takes its place when it has grown. */
  get words() {
    const { buffer } = this.#instance.exports.mem;
    if (this.#words?.buffer !== buffer) this.#words = new Uint32Array(buffer);
    return this.#words;
  }

  async #start() {
    if (this.#starting || this.#instance) return;
    this.#starting = true;
    try {
      this.#module ??= belonging(await load(this.url), this.url);
      await breath();
      await this.#launch();
    } catch (error) {
      return this.#giveUp(error);
    } finally {
      this.#starting = false;
    }
    await breath();
    for (const host of this.#clients) {
      if (this.#instance !== null && host.id < 0 && !host.busy) this.#tryBegin(host);
    }
  }

  /** There is no instance to be had: the clients are told, and let go. */
  #giveUp(error) {
    this.#retire();
    const clients = [...this.#clients];
    this.#clients.clear();
    for (const host of clients) host.failedToLoad(error);
  }

  async #launch() {
    const scope = makeScope();
    const Go = loadGo(scope);
    const go = new Go();
    go.importObject.sockjax = this.#imports();
    const made = await WebAssembly.instantiate(this.#module, go.importObject);
    const { exports } = made;
    const instance = { go, exports, born: performance.now(), connect: null, failure: null, depth: 0, scratch: 0 };
    go.exit = () => {
      // Go frames are on the stack: only note it here.
      if (this.#instance === instance) this.dead = true;
      queueMicrotask(() => this.#crash(instance, "it has ended: see the console"));
    };
    // Returns when main waits. Its Promise says nothing reliable about the
    // end, but it rejects if Go can't even start.
    go.run(made).catch((error) => {
      instance.failure = error;
    });
    await null;
    if (go.exited || instance.failure || !scope.connect) {
      throw new Error(`sockjax: wasm ended as soon as it started: ${instance.failure ?? "see the console"}`);
    }
    instance.connect = scope.connect;
    instance.depth = exports.depthPointer();
    instance.scratch = exports.scratchPointer();
    pinWhileAway(go, exports);
    this.#instance = instance;
    this.dead = false;
  }

  #begin(host) {
    const { exports, connect } = this.#instance;
    host.begin(exports, connect);
    if (host.id >= 0) this.#byId.set(host.id, host);
  }

  /** What an engine throws is no error of the page's that calls connect. */
  #tryBegin(host) {
    try {
      this.#begin(host);
    } catch (error) {
      this.#crash(this.#instance, String(error));
    }
  }

  /** What ../../wasm/imports.go declares. An exception must not get into Go. */
  #imports() {
    const text = (at, length) => this.#decoder.decode(new Uint8Array(this.#instance.exports.mem.buffer, at, length));
    const to = (act) => (id, ...rest) => {
      try {
        return act(this.#byId.get(id), ...rest);
      } catch (error) {
        report(error);
      }
    };
    return {
      wake: to((host) => host?.schedule()), // an engine that takes a connection over does so before it has a number
      hello: to((host, at, length, resume, ack, tokenAt, tokenLength) => {
        const token = text(tokenAt, tokenLength) || undefined;
        host.frames.prefix({ hello: { session: text(at, length), resume: resume === 1, ack: ack || undefined, token } });
      }),
      token: to((host, at, length) => host.frames.prefix({ token: text(at, length) })),
      ack: to((host, outcomes) => host.frames.prefix({ ack: outcomes })),
      parts: to((host, at, count) => host.frames.parts(at, count)),
      frame: to((host, at, count, limit) => host.frames.frame(host.engine.words, at, count, limit)),
      word: to((host, at, length) => host.frames.write(text(at, length))),
    };
  }

  /** Fails what waits, and starts another instance. */
  #crash(instance, why) {
    if (this.#instance !== instance) return;
    this.#retire();
    for (const host of this.#clients) host.crashed(`the wasm runtime crashed and is being restarted: ${why}`);
    this.#crashes = performance.now() - instance.born > GOOD_LIFE ? 0 : this.#crashes + 1;
    setTimeout(() => this.#start(), this.#crashes === 0 ? 0 : delay(this.#crashes));
  }

  /** Lets nothing lead into the present instance any more. */
  #retire() {
    this.dead = true;
    if (this.#instance === null) return;
    const { go } = this.#instance;
    this.#instance = null;
    this.#byId.clear();
    go.exited = true;
    for (const timer of go._scheduledTimeouts.values()) clearTimeout(timer);
    go._scheduledTimeouts.clear();
  }
}

/**
 * Lets the page do what it has to do: starting Go takes some 20 ms at once, and
 * nothing waits for it (bootstrap.js).
 */
const breath = () => new Promise((resolve) => {
  if (globalThis.requestIdleCallback) requestIdleCallback(resolve, { timeout: 200 });
  else setTimeout(resolve);
});

/**
 * What Go sees as the global object: this and nothing else of the page. Go's
 * own runtime needs the first lines, ../../wasm the rest.
 */
function makeScope() {
  return {
    Object, Array, Uint8Array, Error, Date,
    crypto, performance, console, TextEncoder, TextDecoder,
    get WebSocket() {
      return globalThis.WebSocket;
    },
  };
}
