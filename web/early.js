import { SockjaxError } from "./errors.js";

/** setTimeout takes no longer delay: it would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Calls that were made while there is no engine, because wasm is still being
 * loaded, or restarted. Their bounds and deadlines are those of the engine.
 */
export class Early {
  /** Bytes of JSON that wait here. */
  bytes = 0;
  #calls = new Map(); // by slot, oldest first
  #bounds;
  #fail;

  /** fail(slot, error) is called for a call that ends here. */
  constructor(bounds, fail) {
    this.#bounds = bounds;
    this.#fail = fail;
  }

  get size() {
    return this.#calls.size;
  }

  /** call is {number, name, bytes, timeout, flags}. */
  add(slot, call) {
    if (this.size >= this.#bounds.calls || this.bytes + call.bytes > this.#bounds.bytes) {
      this.#fail(slot, new SockjaxError("overloaded", "unsent", "the queue is full: too much waits to be sent"));
      return;
    }
    if (call.timeout > 0) {
      call.due = performance.now() + call.timeout;
      const late = () => this.drop(slot, call.number, new SockjaxError("timeout", "unsent", "no reply in time: wasm was not ready yet"));
      call.timer = setTimeout(late, Math.min(call.timeout, LONGEST_TIMER));
    }
    this.#calls.set(slot, call);
    this.bytes += call.bytes;
  }

  /** Fails a call with error, if it still waits here. */
  drop(slot, number, error) {
    const call = this.#calls.get(slot);
    if (call?.number !== number) return false;
    this.#remove(slot, call);
    this.#fail(slot, error);
    return true;
  }

  dropAll(error) {
    for (const [slot, { number }] of [...this.#calls]) this.drop(slot, number, error);
  }

  /** Takes all calls out, oldest first, with what is left of their timeouts. */
  *takeAll() {
    for (const [slot, call] of this.#calls) {
      this.#remove(slot, call);
      if (call.due !== undefined) call.timeout = Math.max(1, call.due - performance.now());
      yield [slot, call];
    }
  }

  /** Forgets all calls, whose slots somebody else will settle. */
  clear() {
    for (const [slot, call] of [...this.#calls]) this.#remove(slot, call);
  }

  #remove(slot, call) {
    clearTimeout(call.timer);
    this.#calls.delete(slot);
    this.bytes -= call.bytes;
  }
}
