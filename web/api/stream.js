import { CODE_ABORTED, FATE_UNKNOWN } from "../shared/abi.js";
import { aborted } from "../shared/errors.js";

/** The reply of api.stream: see Stream in sockjax.streams.d.ts. */
export class Stream {
  #batches = []; // parts that have come: each message's
  #at = 0; // of the first batch, read
  #readers = []; // that wait: {resolve, reject}
  #outcome = null; // {reply, error}
  #reply = null; // a Promise, once it was asked for
  #answer = null; // of it: {resolve, reject}
  #left = false; // the reader has gone
  #took = null; // tells the host
  #abort = null;

  constructor() {
    for (const name of ["next", "return", "throw"]) this[name] = this[name].bind(this);
  }

  // ---- the page

  get reply() {
    if (this.#reply === null) {
      this.#reply = new Promise((resolve, reject) => (this.#answer = { resolve, reject }));
      this.#reply.catch(() => {}); // the loop throws the same
      if (this.#outcome !== null) this.#tell();
    }
    return this.#reply;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#batches.length > 0) return Promise.resolve({ value: this.#shift(), done: false });
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      if (this.#left || this.#outcome !== null) this.#finish();
    });
  }

  return(value) {
    this.#leave();
    return Promise.resolve({ value, done: true });
  }

  throw(error) {
    this.#leave();
    return Promise.reject(error);
  }

  /** Nobody will read the rest. Where the outcome has come, but was not asked for, it is as if it had not. */
  #leave() {
    if (this.#left) return;
    this.#left = true;
    const unread = this.#batches.length > 0;
    this.#batches = [];
    if (this.#outcome === null) this.#abort?.();
    else if (unread && this.#outcome.error === null && this.#reply === null) this.#outcome.error = aborted(FATE_UNKNOWN);
    this.#finish();
  }

  // ---- the call

  /** took(n) tells that n parts were read; abort() ends the call. */
  begin(took, abort) {
    this.#took = took;
    this.#abort = abort;
  }

  parts(values) {
    if (this.#left || values.length === 0) return;
    this.#batches.push(values);
    while (this.#readers.length > 0 && this.#batches.length > 0) this.#readers.shift().resolve({ value: this.#shift(), done: false });
  }

  /** The host is told when all of a message was read. */
  #shift() {
    const [values] = this.#batches;
    const value = values[this.#at++];
    if (this.#at === values.length) {
      this.#at = 0;
      this.#batches.shift();
      this.#took?.(values.length);
    }
    return value;
  }

  /** What was given up is not read to its end. */
  settle = (reply, error) => {
    this.#outcome = { reply, error };
    this.#took = this.#abort = null;
    if (error?.code === CODE_ABORTED) this.#batches = [];
    if (this.#reply !== null) this.#tell();
    if (this.#batches.length === 0) this.#finish();
  };

  #tell() {
    const { reply, error } = this.#outcome;
    if (error === null) this.#answer.resolve(reply);
    else this.#answer.reject(error);
  }

  /** Has the loop end. It throws once. */
  #finish() {
    for (const { resolve, reject } of this.#readers.splice(0)) {
      const error = this.#left ? null : this.#outcome.error;
      this.#left = true;
      if (error === null) resolve({ value: undefined, done: true });
      else reject(error);
    }
  }
}
