import { CAUSE_CLOSE, CODE_CLOSED, FATE_UNSENT, STATE_CLOSED, STATE_CONNECTING, STATE_OPEN } from "../shared/abi.js";
import { Calls } from "./calls.js";
import { Exchange, exchangeOf } from "./exchange.js";
import { SockjaxError } from "../shared/errors.js";
import { Stream } from "./stream.js";
import { Topics } from "./topics.js";
import { checkCall } from "./options.js";
import { isHiding } from "../shared/page-events.js";

/** Each client has these bound to it, so that a page may pass them on, or write const { request } = api. */
const METHODS = ["send", "request", "stream", "on", "reconnect", "drain", "close", "stats", "addEventListener", "removeEventListener", "dispatchEvent"];

/** The face of a client: what a page sees of it. What it does stands in sockjax.d.ts, and how in ../port/port.js. */
export class Sockjax extends EventTarget {
  #calls;
  #topics = new Topics();
  #protocol;
  #host;
  #ready;
  #state = STATE_CONNECTING;

  /** open(face) makes the host. */
  constructor(options, open) {
    super();
    for (const name of METHODS) this[name] = this[name].bind(this);
    let opened, failed;
    this.#ready = new Promise((resolve, reject) => {
      opened = resolve;
      failed = reject;
    });
    this.#ready.catch(() => {}); // not every page asks for it
    const calls = (this.#calls = new Calls(options));
    this.#protocol = options.protocol;
    this.#host = open({
      settle: calls.settle,
      parts: calls.parts,
      room: calls.room,
      changed: (detail, ended) => {
        this.#state = detail.state;
        if (detail.state === STATE_OPEN) opened();
        if (detail.state === STATE_CLOSED) {
          const error = ended ?? new SockjaxError(CODE_CLOSED, FATE_UNSENT, detail.reason);
          failed(error);
          if (detail.cause !== CAUSE_CLOSE) this.#tell("error", error);
        }
        this.#tell("statechange", detail);
      },
      topic: this.#topics.hear,
      unmatched: (detail) => this.#tell("unmatched", detail),
      outbox: (detail) => this.#tell("outbox", detail),
      hiding: isHiding,
    });
    calls.attach(this.#host);
    this.#topics.attach(this.#host);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  send(data, callback, options) {
    if (callback !== undefined && callback !== null && typeof callback !== "function") {
      throw new TypeError(`sockjax: the callback must be a function, not ${typeof callback}`);
    }
    return this.#calls.send(data, callback, checkCall(options), exchangeOf(data, options));
  }

  request(data, options) {
    return new Promise((resolve, reject) => {
      this.send(data, (reply, error) => (error === null ? resolve(reply) : reject(error)), options);
    });
  }

  stream(data, options) {
    const stream = new Stream();
    this.#calls.send(data, stream.settle, checkCall(options), new Exchange(data, options, stream));
    return stream;
  }

  on(topic, handler, options) {
    return this.#topics.on(topic, handler, options, this.#protocol);
  }

  get state() {
    return this.#state;
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
    await this.#host.close();
  }

  stats() {
    return this.#calls.addTo(this.#host.stats());
  }
}
