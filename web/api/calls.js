import { CODE_ABORTED, CODE_INVALID, FATE_UNSENT } from "../shared/abi.js";
import { SockjaxError, aborted, report } from "../shared/errors.js";
import { BYTES_INSIDE, holdsBytes } from "./bytes.js";
import { notJSON, plain } from "./payload.js";

const NOT_PLAIN = "plain mode has neither bodies, streams nor bytes: its servers know no sessions";

/**
 * What a page keeps of its calls: for each the callback, and the signal that
 * aborts it. The host knows a call by the number of its slot, which is taken
 * until the host has told its outcome. Slots are used again, so that a call
 * allocates nothing here.
 */
export class Calls {
  made = 0;
  replies = 0;
  failures = 0;

  #host;
  #options;
  #callbacks = [];
  #signals = new Map(); // slot → [signal, listener]; few calls have one
  #exchanges = new Map(); // slot → Exchange; few calls have one
  #free = [];

  constructor(options) {
    this.#options = options;
  }

  /** See Host in ../port/port.js. */
  attach(host) {
    this.#host = host;
  }

  /** Makes a call and returns its key. The options have been checked. exchange is null for an ordinary call. */
  send(data, callback, { timeout = this.#options.timeout, signal, idempotent, durable } = {}, exchange = null) {
    if (durable) this.#checkDurable(exchange);
    const slot = this.#free.length > 0 ? this.#free.pop() : this.#callbacks.push(null) - 1;
    this.#callbacks[slot] = callback ?? null;
    this.made++;
    let text, name, key, problem, cause;
    try {
      text = exchange?.bytes ? "null" : JSON.stringify(data);
      if (text !== undefined && holdsBytes(data, text)) problem = BYTES_INSIDE;
      else if (exchange !== null && this.#options.protocol === "plain") problem = NOT_PLAIN;
      else if (text !== undefined && this.#options.protocol === "plain") ({ text, name, key, problem } = plain(text));
    } catch (thrown) {
      cause = thrown;
      text = undefined;
    }
    if (text === undefined) problem ??= notJSON(data, cause);
    let refused = null;
    if (problem !== undefined) refused = new SockjaxError(CODE_INVALID, FATE_UNSENT, problem, { cause });
    else if (signal?.aborted) refused = aborted(FATE_UNSENT, signal);
    if (exchange !== null) this.#exchanges.set(slot, exchange);
    if (refused !== null) {
      const number = this.#host.refuse(slot, refused);
      return key ?? number;
    }
    // Not earlier: a toJSON or a getter may have made calls of its own, and
    // the engine wants numbers to grow from one submit to the next.
    const number = this.#host.submit(slot, text, name, timeout, idempotent === true, durable === true, exchange?.extra);
    exchange?.begin(this.#host, slot, number);
    if (signal) {
      const listener = () => this.#host.abort(slot, number);
      signal.addEventListener("abort", listener, { once: true });
      this.#signals.set(slot, [signal, listener]);
    }
    return key ?? number;
  }

  #checkDurable(exchange) {
    const { protocol, outbox } = this.#options;
    if (exchange !== null) throw new TypeError("sockjax: only calls that are JSON alone are durable: no bodies, streams or bytes");
    if (protocol === "plain") throw new TypeError("sockjax: plain mode has no durable calls: its servers know no sessions");
    if (outbox.name === undefined) throw new TypeError("sockjax: durable calls need the option outbox.name where the URL is a function");
  }

  /** Ends a call: the only place where a callback runs. Bound, so that a host calls it with nothing between. */
  settle = (slot, reply, error) => {
    const callback = this.#callbacks[slot];
    this.#callbacks[slot] = null;
    this.#free.push(slot);
    if (error === null) this.replies++;
    else this.failures++;
    if (this.#signals.size > 0) error = this.#unlisten(slot, error);
    if (this.#exchanges.size > 0) error = this.#endExchange(slot, error);
    if (callback === null) return;
    try {
      callback(reply, error);
    } catch (thrown) {
      report(thrown);
    }
  };

  /** Only here is it known what a call was aborted with. */
  #unlisten(slot, error) {
    const [signal, listener] = this.#signals.get(slot) ?? [];
    if (signal === undefined) return error;
    this.#signals.delete(slot);
    signal.removeEventListener("abort", listener);
    return error?.code === CODE_ABORTED ? aborted(error.fate, signal) : error;
  }

  #endExchange(slot, error) {
    const exchange = this.#exchanges.get(slot);
    if (exchange === undefined) return error;
    this.#exchanges.delete(slot);
    return exchange.over(error);
  }

  /** Parts of a stream have come. */
  parts = (slot, values) => this.#exchanges.get(slot)?.parts(values);

  /** There is more room for a body. */
  room = (slot, ...room) => this.#exchanges.get(slot)?.room(...room);

  addTo(stats) {
    const { made: calls, replies, failures } = this;
    const slotCapacity = this.#callbacks.length;
    return Object.assign(stats, { calls, replies, failures, slots: slotCapacity - this.#free.length, slotCapacity });
  }
}
