import { CAUSE_CLOSE, CODE_CLOSED, FATE_UNSENT, STATE_CLOSED, STATE_OPEN } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { Host } from "../host/host.js";
import { complete, duration } from "./options.js";
import { Recovery } from "../store/recovery.js";
import { Runtime } from "../host/runtime.js";
import { socketURL } from "../shared/url.js";

/** The face of a client. What it does stands in sockjax.d.ts, how in host.js. */
export class Sockjax extends EventTarget {
  #host;
  #ready;
  #recovery = null;

  constructor(runtime, url, options) {
    super();
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
      unmatched: (detail) => this.#tell("unmatched", detail),
    });
    const { name } = options.outbox;
    if (options.protocol === "plain" || name === undefined) return;
    const patient = { ...options, queue: { calls: Infinity, bytes: Infinity } }; // the outbox has bounds of its own
    const connect = (session, face) => new Host(runtime, url, patient, face, session);
    this.#recovery = new Recovery(name, connect, (detail) => this.#tell("outbox", detail));
    globalThis.document?.addEventListener("visibilitychange", this.#look);
  }

  /** Each time that there is a server, or that the visitor comes from another tab, which may be gone. */
  #look = () => {
    if (this.state === STATE_OPEN) this.#recovery?.look();
  };

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  send(data, callback, options) {
    if (callback !== undefined && callback !== null && typeof callback !== "function") {
      throw new TypeError(`sockjax: the callback must be a function, not ${typeof callback}`);
    }
    return this.#host.send(data, callback, checked(options));
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
    globalThis.document?.removeEventListener("visibilitychange", this.#look);
    await Promise.all([this.#host.close(), this.#recovery?.close()]);
  }

  stats() {
    return this.#host.stats();
  }
}

function checked(options) {
  if (options === undefined || options === null) return undefined;
  if (typeof options !== "object") throw new TypeError("sockjax: the options of a call must be an object");
  const { timeout, signal } = options;
  if (timeout !== undefined) duration("timeout", timeout);
  if (signal !== undefined && signal !== null && typeof signal.addEventListener !== "function") {
    throw new TypeError("sockjax: signal must be an AbortSignal");
  }
  return options;
}

/** Makes the page's connect function; defaultURL is where the wasm lies. */
export function connector(defaultURL) {
  let runtime = null;
  return function connect(url, options) {
    const all = complete(options);
    const where = typeof url === "function" ? url : socketURL(url);
    if (typeof where === "string") all.outbox.name ??= where;
    runtime ??= new Runtime(String(options?.wasmURL ?? defaultURL));
    return new Sockjax(runtime, where, all);
  };
}
