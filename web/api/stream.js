import { aborted } from "../shared/errors.js";
import { FATE_UNKNOWN } from "../shared/abi.js";

/** Bytes of parts that the server may send before any was read, at first. */
export const WINDOW = 256 * 1024;

/** A reply in parts: see Stream in sockjax.d.ts. */
export class Stream {
  /** The outcome. */
  reply;

  #stop;
  #took;
  #parts = [];
  #next = 0; // of these
  #readers = []; // that wait: {resolve, reject}
  #end = null; // {error}, once there are no more
  #untold = 0; // parts that were read, which the host has not been told
  #settle;

  /** stop() gives the call up, and took(n) tells that parts were read. */
  constructor(stop, took) {
    this.#stop = stop;
    this.#took = took;
    this.reply = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.reply.catch(() => {}); // not every page asks for it
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#next < this.#parts.length) {
      const value = this.#parts[this.#next];
      this.#parts[this.#next++] = undefined;
      if (this.#next === this.#parts.length) {
        this.#parts = [];
        this.#next = 0;
      }
      this.#read();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end === null) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = { error: null }; // an iterator fails once
    return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  /** The reader has had enough. */
  return(value) {
    this.#leave(aborted(FATE_UNKNOWN));
    return Promise.resolve({ done: true, value });
  }

  throw(reason) {
    this.#leave(aborted(FATE_UNKNOWN));
    return Promise.reject(reason);
  }

  #leave(error) {
    if (this.#end !== null) return;
    this.#parts = [];
    this.#next = 0;
    this.#finish(null);
    this.#settle.reject(error);
    this.#stop();
  }

  /** What is read in a turn is told at once. */
  #read() {
    if (this.#untold++ > 0) return;
    queueMicrotask(() => {
      const n = this.#untold;
      this.#untold = 0;
      this.#took(n);
    });
  }

  /** From the host: parts have come. */
  arrived(values) {
    if (this.#end !== null) return;
    for (const value of values) {
      const reader = this.#readers.shift();
      if (reader === undefined) this.#parts.push(value);
      else {
        this.#read();
        reader.resolve({ done: false, value });
      }
    }
  }

  /** From the host: the outcome. */
  settled(reply, error) {
    if (error === null) this.#settle.resolve(reply);
    else this.#settle.reject(error);
    this.#took = () => {}; // the slot may be another call's
    this.#finish(error);
  }

  #finish(error) {
    if (this.#end !== null) return;
    const [first, ...others] = this.#readers.splice(0);
    this.#end = { error: first === undefined ? error : null };
    if (first !== undefined) error === null ? first.resolve({ done: true, value: undefined }) : first.reject(error);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }
}
