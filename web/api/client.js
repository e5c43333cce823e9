import { CAUSE_CLOSE, CODE_CLOSED, FATE_UNSENT, STATE_CLOSED, STATE_OPEN } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { Host } from "../host/host.js";
import { checkCall, complete } from "./options.js";
import { Recovery } from "../store/recovery.js";
import { Runtime } from "../host/runtime.js";
import { pageURL, socketURL } from "../shared/url.js";

/** Each client has these bound to it, so that a page may pass them on, or write const { request } = api. */
const METHODS = ["send", "request", "reconnect", "drain", "close", "stats", "addEventListener", "removeEventListener", "dispatchEvent"];

/** The face of a client. What it does stands in sockjax.d.ts, how in host.js. */
export class Sockjax extends EventTarget {
  #host;
  #ready;
  #recovery = null;

  constructor(runtime, url, options) {
    super();
    for (const name of METHODS) this[name] = this[name].bind(this);
    let opened, failed;
    this.#ready = new Promise((resolve, reject) => {
      opened = resolve;
      failed = reject;
    });
    this.#ready.catch(() => {}); // not every page asks for it
    this.#host = new Host(runtime, url, options, {
      changed: (detail, ended) => {
        if (detail.state === STATE_OPEN) {
          opened();
          this.#look();
        }
        if (detail.state === STATE_CLOSED) {
          const error = ended ?? new SockjaxError(CODE_CLOSED, FATE_UNSENT, detail.reason);
          failed(error);
          if (detail.cause !== CAUSE_CLOSE) this.#tell("error", error);
        }
        this.#tell("statechange", detail);
      },
      nudged: () => this.#look(),
      unmatched: (detail) => this.#tell("unmatched", detail),
    });
    const { name } = options.outbox;
    if (options.protocol === "plain" || name === undefined) return;
    const patient = { ...options, queue: { calls: Infinity, bytes: Infinity } }; // the outbox has bounds of its own
    const connect = (session, face) => new Host(runtime, url, patient, face, session);
    this.#recovery = new Recovery(name, connect, (detail) => this.#tell("outbox", detail));
  }

  /** Each time that there is a server, or that the visitor comes from another tab, which may be gone. */
  #look() {
    if (this.state === STATE_OPEN) this.#recovery?.look();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  send(data, callback, options) {
    if (callback !== undefined && callback !== null && typeof callback !== "function") {
      throw new TypeError(`sockjax: the callback must be a function, not ${typeof callback}`);
    }
    return this.#host.send(data, callback, checkCall(options));
  }

  request(data, options) {
    return new Promise((resolve, reject) => {
      this.send(data, (reply, error) => (error === null ? resolve(reply) : reject(error)), options);
    });
  }

  get state() {
    return this.#host.told;
  }

  get ready() {
    return this.#ready;
  }

  reconnect() {
    this.#host.reconnect();
  }

  drain() {
    return this.#host.drain();
  }

  async close() {
    await Promise.all([this.#host.close(), this.#recovery?.close()]);
  }

  stats() {
    return this.#host.stats();
  }
}

/** Makes the page's connect function. ownURL returns where the wasm lies beside the script, and throws if the script has no such place. */
export function connector(ownURL) {
  let runtime = null;
  return function connect(url, options) {
    if (!globalThis.WebSocket) throw new Error("sockjax: there is no WebSocket here; Node.js before version 22 has one with --experimental-websocket");
    const all = complete(options);
    const where = typeof url === "function" ? url : socketURL(url);
    if (typeof where === "string") all.outbox.name ??= where;
    runtime = runtimeFrom(options?.wasmURL, runtime, ownURL);
    return new Sockjax(runtime, where, all);
  };
}

/** The page has one runtime, from wherever its first client says. */
function runtimeFrom(wasmURL, present, ownURL) {
  if (wasmURL === undefined || wasmURL === null) return present ?? new Runtime(besideScript(ownURL));
  const given = pageURL(wasmURL, "wasmURL").href;
  if (present !== null && present.url !== given) {
    throw new TypeError(`sockjax: all clients of a page share one wasm, which comes from ${present.url}: a later one can't have it from ${given}`);
  }
  return present ?? new Runtime(given);
}

function besideScript(ownURL) {
  try {
    return String(ownURL());
  } catch (cause) {
    throw new TypeError("sockjax: this script has no URL of its own, beside which its wasm could lie: the option wasmURL must say where it is", { cause });
  }
}
