import { CODE_CLOSED, CODE_TIMEOUT, FATE_UNSENT, STATE_CLOSED, STATE_OPEN } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { LONGEST_TIMER } from "../shared/time.js";
import { Outbox } from "./outbox.js";

/**
 * Where a client's durable calls wait until they may be given to the engine:
 * each until it is stored, and one that was made while the client was not
 * open until it is. Only then is it noted in the store that the call may have
 * been sent. So a page that was offline until its end leaves calls of which
 * the next one knows that they never ran.
 *
 * A page that is being left has no time for that: there a call is sent at
 * once, if there is a connection, and stored beside it. If the store gets as
 * far, it says that the call may have been sent. Without one, as in Firefox,
 * which closes a page's sockets before it tells the page, the call is given to
 * the store in the same turn.
 */
export class Durable {
  #host;
  #options;
  #outboxes; // the present session's, and behind it those of sessions that have ended
  #texts;
  #calls = new Map(); // by number, oldest first
  #numbers = new Map(); // slot → number, of all without an outcome
  #bytes = 0;

  /** options are those of the outbox; texts are those of the slots. */
  constructor(host, options, texts) {
    this.#host = host;
    this.#options = options;
    this.#outboxes = [new Outbox(options, host.session)];
    this.#texts = texts;
  }

  /** The client has another session now. */
  renew() {
    this.#outboxes = [new Outbox(this.#options, this.#host.session), ...this.#outboxes.filter((outbox) => !outbox.empty)];
  }

  submit(slot, number, bytes, timeout, flags, idempotent) {
    const call = { slot, number, bytes, timeout, flags, due: undefined, timer: undefined, stored: false };
    if (timeout > 0) {
      call.due = performance.now() + timeout;
      const late = new SockjaxError(CODE_TIMEOUT, FATE_UNSENT, "no reply in time: the request was still waiting to be sent");
      call.timer = setTimeout(() => this.#fail(call, late), Math.min(timeout, LONGEST_TIMER));
    }
    this.#calls.set(number, call);
    this.#numbers.set(slot, number);
    this.#bytes += bytes;
    const sent = this.#host.state === STATE_OPEN;
    const outbox = this.#outboxes[0];
    outbox.add({ key: number, size: bytes, text: this.#texts[slot], idempotent, sent }).then(
      () => {
        if (sent) return this.#go(call);
        call.stored = true;
        if (this.#host.state === STATE_OPEN) this.#opened();
      },
      (error) => this.#fail(call, error),
    );
    this.#hurry(call);
  }

  /** The page may end before the store is done with what waits for it. */
  hurry() {
    for (const call of [...this.#calls.values()]) this.#hurry(call);
  }

  #hurry(call) {
    const [outbox] = this.#outboxes;
    if (!this.#host.hurried) {
      if (this.#host.ending) outbox.rush(call.number);
    } else if (outbox.hurry(call.number)) {
      this.#go(call);
      this.#host.engine.flush(false); // where a script of the page has it left, the turn ends too late for Firefox
    }
  }

  changed(state, reason) {
    if (state === STATE_OPEN) this.#opened();
    if (state === STATE_CLOSED) this.failAll(CODE_CLOSED, reason);
  }

  noteLoss() {
    return this.#outboxes[0].noteLoss();
  }

  /** Lets go what is stored. */
  #opened() {
    const calls = [...this.#calls.values()].filter(({ stored }) => stored);
    if (calls.length === 0) return;
    for (const call of calls) call.stored = false; // once is enough
    this.#outboxes[0].mark(calls.map(({ number }) => number)).then(
      () => calls.forEach((call) => this.#go(call)),
      (error) => calls.forEach((call) => this.#fail(call, error)),
    );
  }

  #go(call) {
    if (!this.#take(call)) return;
    const { slot, number, bytes, due, flags } = call;
    const timeout = due === undefined ? call.timeout : Math.max(1, due - performance.now());
    this.#host.engine.submit(slot, number, undefined, bytes, timeout, flags);
    this.#host.schedule();
  }

  #fail(call, error) {
    if (this.#take(call)) this.#host.fail(call.slot, error);
  }

  /** Takes a call out, if it is here, and returns its fate, or null. */
  abort(number) {
    return this.#take(this.#calls.get(number)) ? FATE_UNSENT : null;
  }

  failAll(code, message, cause) {
    for (const call of [...this.#calls.values()]) this.#fail(call, new SockjaxError(code, FATE_UNSENT, message, { cause }));
  }

  #take(call) {
    if (call === undefined || !this.#calls.delete(call.number)) return false;
    clearTimeout(call.timer);
    this.#bytes -= call.bytes;
    return true;
  }

  /** A call has ended. If it is a durable one, this returns what removes it, for when the page has been told. */
  over(slot) {
    const number = this.#numbers.get(slot);
    if (number === undefined) return undefined;
    this.#numbers.delete(slot);
    return () => {
      for (const outbox of this.#outboxes) outbox.remove(number);
    };
  }

  /** Nobody is left to hear of the calls: they stay in the store, for another time. */
  leave() {
    for (const outbox of this.#outboxes) outbox.leave();
    this.#outboxes = [];
    this.#numbers.clear();
  }

  /** Resolves when the store has nothing more of this client, or fails. */
  settled() {
    return Promise.all(this.#outboxes.map((outbox) => outbox.settled()));
  }

  get queued() {
    return this.#calls.size;
  }

  addTo(stats) {
    stats.pending += this.queued;
    stats.queued += this.queued;
    stats.queuedBytes += this.#bytes;
  }
}
