import { Late } from "./database.js";
import { Full, failure, store } from "./store.js";

/** Milliseconds to wait for a lock. */
const PATIENCE = 3_000;

/**
 * While a page has calls of a session in the store, it holds the lock of that
 * name. A session with calls and without a holder has lost its page; whoever
 * gets the lock may send them again: see recovery.js. The browser lets go of
 * the lock when the page ends, in whichever way. A page that sleeps in the
 * back/forward cache has to end when somebody else asks for its lock.
 *
 * Where a page has no locks, which a browser gives to https pages only, it
 * has no durable calls either: nothing else tells a page that sleeps from one
 * that is gone, and two that send under one session would get each other's
 * replies.
 */
export const lockName = (session) => `sockjax ${session}`;

/** The calls that one client has in the store. */
export class Outbox {
  #name;
  #session;
  #bounds;
  #records = new Map(); // by key: in the store, or on their way there
  #over = []; // of these, those that are to go
  #calls = 0; // the others
  #bytes = 0; // of these
  #lock = null; // a Promise of what lets go of it
  #waiters = [];

  /** See the option outbox in sockjax.d.ts. */
  constructor({ name, calls, bytes }, session) {
    this.#name = name;
    this.#session = session;
    this.#bounds = { calls, bytes };
  }

  /** Stores a call: {key, size, text, idempotent, sent}. Once it was removed, how this ends means nothing. */
  async add(call) {
    const { calls, bytes } = this.#bounds;
    // The store looks at what other clients have there; but until it does,
    // what waits for it takes room too.
    if (this.#calls >= calls) throw failure(new Full("calls"));
    if (this.#bytes + call.size > bytes) throw failure(new Full("bytes"));
    const record = { name: this.#name, session: this.#session, ...call };
    this.#records.set(call.key, record);
    this.#calls++;
    this.#bytes += call.size;
    try {
      await this.#hold();
      if (record.over) return;
      await store.put(record, this.#bounds);
      record.text = ""; // it is in the store, and with the slots
    } catch (cause) {
      if (cause.cause instanceof Late) {
        this.remove(call.key); // it may be written nevertheless
      } else {
        this.#end(record);
        this.#gone([record]);
      }
      throw failure(cause);
    }
  }

  /** Returns whether a call may be sent before it is stored: that is so if the store will say that it may have been. */
  hurry(key) {
    const record = this.#records.get(key);
    if (record === undefined || (record.written && !record.sent)) return false;
    record.sent = record.hurried = true;
    return true;
  }

  /** Has a call stored that no connection takes, as the page ends: without the lock, which would end with it. */
  rush(key) {
    const record = this.#records.get(key);
    if (!record?.text) return; // it is in the store, or there is no room for it
    record.sent = false;
    store.rush(record);
  }

  /** Notes that calls may be sent from now on. */
  mark(keys) {
    const records = keys.map((key) => this.#records.get(key)).filter(Boolean);
    for (const record of records) record.marked = true;
    return store.mark(records);
  }

  /** See noteLoss in host.js. */
  noteLoss() {
    return noteLoss([...this.#records.values()].filter(({ text, hurried }) => text === "" || hurried)); // the others are not sent yet
  }

  /** Removes a call, if it is here. */
  async remove(key) {
    const record = this.#records.get(key);
    if (record === undefined || record.over) return;
    this.#end(record);
    this.#over.push(record);
    const records = this.#over.splice(0);
    try {
      await store.remove(records);
      this.#gone(records);
    } catch {
      this.#over.push(...records); // the next one takes them along
      this.#tellWaiters();
    }
  }

  /** Resolves when nothing is here, or what is here can't be removed. */
  settled() {
    return this.empty ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Lets go of the calls; they stay in the store. */
  leave() {
    this.#records.clear();
    this.#gone([]);
  }

  get empty() {
    return this.#records.size === 0;
  }

  /** It counts no more, and if it is not on its way yet, it need not go. */
  #end(record) {
    if (record.over) return;
    record.over = true;
    this.#calls--;
    this.#bytes -= record.size;
  }

  #gone(records) {
    for (const { key } of records) this.#records.delete(key);
    if (!this.empty) return;
    this.#lock?.then(
      (letGo) => letGo(),
      () => {},
    );
    this.#lock = null;
    this.#tellWaiters();
  }

  #tellWaiters() {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #hold() {
    this.#lock ??= acquire(this.#session);
    return this.#lock;
  }
}

/**
 * Has the store note which of these calls are lost with their session: a page
 * that finds them must not send them again. null if none can be. Those that
 * are over count too: it may be that they could not be removed.
 */
export function noteLoss(records) {
  const news = records.filter(({ sent, marked, idempotent, lost }) => (sent || marked) && !idempotent && !lost);
  if (news.length === 0) return null;
  for (const record of news) record.lost = true;
  return store.lose(news).catch(() => {}); // a storage that fails can't be waited for
}

/** Resolves to what lets go of the lock again. */
export async function acquire(session) {
  if (!globalThis.navigator?.locks) throw new Error("it has no Web Locks, which browsers give to https pages only");
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Late("another tab is at work on this session")), PATIENCE);
  try {
    return await new Promise((resolve, reject) => {
      navigator.locks.request(lockName(session), { signal: stop.signal }, () => new Promise((letGo) => resolve(letGo))).catch(reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
