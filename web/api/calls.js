import { CODE_ABORTED, CODE_INVALID, FATE_UNSENT } from "../shared/abi.js";
import { SockjaxError, aborted, report } from "../shared/errors.js";
import { Body } from "./body.js";
import { hasBytes, mayHaveBytes, notJSON, plain } from "./payload.js";
import { Stream, WINDOW } from "./stream.js";

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
  #extras = new Map(); // slot → {stream, body, cause}, as few
  #free = [];

  constructor(options) {
    this.#options = options;
  }

  /** See Host in ../port/port.js. */
  attach(host) {
    this.#host = host;
  }

  /** Makes a call whose reply comes in parts. */
  stream(data, options) {
    let call = null;
    const stream = new Stream(
      () => call !== null && this.#host.abort(...call),
      (n) => this.#host.took(call[0], n),
    );
    this.send(data, (reply, error) => stream.settled(reply, error), options, stream, (...made) => (call = made));
    return stream;
  }

  /** Makes a call and returns its key. The options have been checked. made(slot, number) is called of one with a stream. */
  send(data, callback, options, stream = null, made) {
    const { timeout = this.#options.timeout, signal, idempotent, durable, body = null, onprogress } = options ?? {};
    const bytes = ArrayBuffer.isView(data) || data instanceof ArrayBuffer ? copyOf(data) : undefined;
    const extra = stream === null && body === null && bytes === undefined ? undefined : { window: stream === null ? undefined : WINDOW, open: body !== null || undefined, bytes };
    if (durable) this.#checkDurable(extra);
    const slot = this.#free.length > 0 ? this.#free.pop() : this.#callbacks.push(null) - 1;
    this.#callbacks[slot] = callback ?? null;
    this.made++;
    let text, name, key, problem, cause;
    try {
      text = bytes === undefined ? JSON.stringify(data) : "null";
      if (text !== undefined && mayHaveBytes(text) && hasBytes(data)) problem = "the data has an ArrayBuffer or a typed array in it, which is no JSON: send bytes as a body, or as the data itself";
      else if (text !== undefined && this.#options.protocol === "plain") ({ text, name, key, problem } = plain(text));
    } catch (thrown) {
      cause = thrown;
      text = undefined;
    }
    if (text === undefined) problem ??= notJSON(data, cause);
    let refused = null;
    if (problem !== undefined) refused = new SockjaxError(CODE_INVALID, FATE_UNSENT, problem, { cause });
    else if (signal?.aborted) refused = aborted(FATE_UNSENT, signal);
    if (refused !== null) {
      const number = this.#host.refuse(slot, refused);
      return key ?? number;
    }
    // Not earlier: a toJSON or a getter may have made calls of its own, and
    // the engine wants numbers to grow from one submit to the next.
    const number = this.#host.submit(slot, text, name, timeout, idempotent === true, durable === true, extra);
    if (extra !== undefined) {
      made?.(slot, number);
      this.#extend(slot, number, stream, body === null ? null : new Body(body, onprogress));
    }
    if (signal) {
      const listener = () => this.#host.abort(slot, number);
      signal.addEventListener("abort", listener, { once: true });
      this.#signals.set(slot, [signal, listener]);
    }
    return key ?? number;
  }

  #extend(slot, number, stream, body) {
    const extra = { stream, body, cause: undefined };
    this.#extras.set(slot, extra);
    body?.pump((part) => this.#host.feed(slot, part), (error) => {
      if (error === null) return this.#host.end(slot);
      extra.cause = error;
      this.#host.abort(slot, number);
    });
  }

  /** Bound, as settle. */
  parts = (slot, values) => {
    this.#extras.get(slot)?.stream?.arrived(values);
  };

  room = (slot, taken) => {
    try {
      this.#extras.get(slot)?.body?.room(taken);
    } catch (thrown) {
      report(thrown); // by onprogress
    }
  };

  #checkDurable(extra) {
    if (extra !== undefined) throw new TypeError("sockjax: a durable call has JSON alone: no stream, no body and no bytes");
    const { protocol, outbox } = this.#options;
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
    if (this.#extras.size > 0) error = this.#over(slot, error);
    if (callback === null) return;
    try {
      callback(reply, error);
    } catch (thrown) {
      report(thrown);
    }
  };

  /** A body that has failed has aborted its call. */
  #over(slot, error) {
    const { body = null, cause } = this.#extras.get(slot) ?? {};
    this.#extras.delete(slot);
    body?.stop();
    return cause !== undefined && error?.code === CODE_ABORTED ? aborted(error.fate, { reason: cause }) : error;
  }

  /** Only here is it known what a call was aborted with. */
  #unlisten(slot, error) {
    const [signal, listener] = this.#signals.get(slot) ?? [];
    if (signal === undefined) return error;
    this.#signals.delete(slot);
    signal.removeEventListener("abort", listener);
    return error?.code === CODE_ABORTED ? aborted(error.fate, signal) : error;
  }

  addTo(stats) {
    const { made: calls, replies, failures } = this;
    const slotCapacity = this.#callbacks.length;
    return Object.assign(stats, { calls, replies, failures, slots: slotCapacity - this.#free.length, slotCapacity });
  }
}

/** What the page changes afterwards changes nothing. */
function copyOf(data) {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : new Uint8Array(data).slice();
}
