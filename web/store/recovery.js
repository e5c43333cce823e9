import { CODE_CLOSED, CODE_CRASHED, CODE_LOST, CODE_OVERLOADED, FATE_EXECUTED, FATE_UNKNOWN, STATE_CLOSED, STATE_OPEN } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { acquire, noteLoss } from "./outbox.js";
import { store } from "./store.js";

/** Each takes a connection of its own. */
const AT_ONCE = 4;

const LOST = "an earlier page has sent the request, and the server did not know the session any more";

/** Failures after which a call is not over: it stays in the store, for another time. */
const LEFT = [CODE_CLOSED, CODE_CRASHED, CODE_OVERLOADED];

/**
 * Sends again what pages that are gone have left in the store, each session
 * under its own id and on a connection of its own, so that the server knows
 * the calls and runs none twice.
 *
 * Of one call that a page has left it is known whether it may have been sent.
 * If so it is in doubt: it waits for a welcome that resumes the session. If
 * not, it is a call like any other.
 */
export class Recovery {
  #name;
  #connect;
  #tell;
  #sessions = new Map(); // id → Promise that it is let go; null as long as its lock is waited for
  #host = new Set();
  #places = AT_ONCE;
  #queue = []; // for a place
  #closed = false;

  /** connect(session, face) makes the Host of an earlier session; tell(detail) is called for each call that is over, and may return a Promise that the page has heard. */
  constructor(name, connect, tell) {
    this.#name = name;
    this.#connect = connect;
    this.#tell = tell;
  }

  /** Looks for sessions without a page. */
  async look() {
    if (this.#closed || !globalThis.navigator?.locks) return;
    const sessions = await store.sessions(this.#name).catch(() => []); // what can't be read can't be sent: another time perhaps
    for (const session of sessions) {
      if (this.#sessions.has(session)) continue;
      this.#sessions.set(session, null);
      this.#take(session)
        .catch(() => {}) // it has a page, or as above
        .then(() => this.#sessions.delete(session));
    }
  }

  async #take(session) {
    const letGo = await acquire(session);
    if (this.#closed) return letGo();
    const work = this.#work(session).finally(letGo);
    this.#sessions.set(session, work);
    await work;
  }

  async #work(session) {
    while (await this.#attempt(session));
  }

  /** Returns whether wasm has crashed under it: the next one can send what is left. */
  async #attempt(session) {
    const records = await store.records(this.#name, session);
    if (records.length === 0) return false; // it has a page, which has just got its last outcome
    if (this.#places-- <= 0) await new Promise((resolve) => this.#queue.push(resolve));
    try {
      const [lost, others] = [true, false].map((wanted) => records.filter((record) => record.lost === wanted));
      await Promise.all(lost.map((record) => this.#over(record, undefined, new SockjaxError(CODE_LOST, FATE_UNKNOWN, LOST))));
      return !this.#closed && others.length > 0 && (await this.#resend(session, others)) && !this.#closed;
    } finally {
      this.#places++;
      this.#queue.shift()?.();
    }
  }

  /** Resolves when each call is over, or left for another time: to whether that is because wasm has crashed. */
  async #resend(session, records) {
    const ends = [];
    const settlers = []; // by slot
    let host;
    const resend = (record) => {
      const slot = ends.length;
      ends.push(new Promise((end) => (settlers[slot] = (reply, error) => end(this.#over(record, reply, error)))));
      host.resend(slot, record);
    };
    const unsent = records.filter(({ sent }) => !sent);
    const begun = new Promise((resolve) => {
      host = this.#connect(session, {
        settle: (slot, reply, error) => settlers[slot](reply, error),
        hiding: () => false, // its calls are stored
        unmatched() {}, // outcomes of calls that were not durable
        noteLoss: () => noteLoss(records),
        changed: ({ state }) => {
          if (state === STATE_CLOSED || host.crashes > 0) resolve(); // it gave up, or wasm has crashed, and its session is another
          else if (state === STATE_OPEN) this.#mark(unsent.splice(0)).then((calls) => resolve(calls.forEach(resend)));
        },
      });
    });
    this.#host.add(host);
    try {
      for (const record of records) if (record.sent) resend(record);
      await begun;
      await Promise.all(ends);
    } finally {
      this.#host.delete(host);
      await host.close();
    }
    return host.crashes > 0;
  }

  /** Returns those of the calls that may be sent now: all or none. */
  #mark(calls) {
    for (const call of calls) call.marked = true;
    return store.mark(calls).then(() => calls, () => []);
  }

  /** A call has ended. */
  async #over(record, reply, error) {
    if (error !== null && LEFT.includes(error.code)) return;
    record.over = true;
    const { key, text } = record;
    // An earlier life of the page has got the reply, and run its callback.
    const known = error?.code === CODE_LOST && error.fate === FATE_EXECUTED;
    if (!known) await this.#tell({ key, data: JSON.parse(text), reply, error });
    await store.remove([record]).catch(() => {}); // then it is forgotten, or lost, another time
  }

  /** Lets go of all sessions; what is not over stays in the store. */
  async close() {
    this.#closed = true;
    for (const host of this.#host) host.close();
    for (const resolve of this.#queue.splice(0)) resolve();
    await Promise.all(this.#sessions.values());
  }
}
