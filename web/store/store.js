import { CODE_STORAGE, FATE_UNSENT } from "../shared/abi.js";
import { Database, Late } from "./database.js";
import { SockjaxError } from "../shared/errors.js";

/** {text, idempotent} under [name, session, key, size]: what a name holds shows in its keys, and no text is read for that. */
const CALLS = "calls";
/** What is known of a call under [name, session, key]; nothing as long as it can't have been sent. */
const SENT = "sent";
const MAYBE = 1;
const LOST = 2; // it was sent, and its server does not know the session any more

/**
 * The durable calls of all clients of this origin. A record of one is {name,
 * session, key, size, text, idempotent, sent, lost}; the first three name it.
 *
 * This is JavaScript, and no Go with a binding of IndexedDB, because the text
 * of a call never enters Go. It would have to be carried there and back, with
 * a js.Func for each event of each request, and every visitor would download
 * the binding.
 *
 * Whatever fails fails with the code storage.
 */
export class Store {
  #database = new Database("sockjax-outbox", [CALLS, SENT]);
  #waiting = []; // works for the next transaction
  #busy = false;

  /** Stores a call, if its name then holds no more than bounds: {calls, bytes}. */
  put(record, bounds) {
    return this.#work({
      name: record.name,
      strict: true,
      run(tx, holding) {
        record.written = true; // with sent as it is from here on
        holding.add(record, bounds); // throws
        putCall(tx, record);
        if (record.sent) tx.objectStore(SENT).put(record.lost ? LOST : MAYBE, sentKey(record));
      },
    });
  }

  /** Stores a call without waiting for anything, not even for what its name holds, if the database is open: what waits ends with the page. */
  rush(record) {
    this.#database.rush((tx) => putCall(tx, record));
  }

  /** Notes that calls may be sent from now on. */
  mark(records) {
    return this.#work({
      strict: true, // if a power cut took it back, a call could run twice
      run: (tx) => records.forEach((record) => tx.objectStore(SENT).put(MAYBE, sentKey(record))),
    });
  }

  /** Notes that calls are lost, if they are still there behind all that was asked for before. */
  lose(records) {
    return this.#work({
      strict: true,
      run(tx) {
        const sent = tx.objectStore(SENT);
        for (const record of records) {
          sent.getKey(sentKey(record)).onsuccess = ({ target }) => {
            if (target.result !== undefined) sent.put(LOST, sentKey(record));
          };
        }
      },
    });
  }

  /** Removes calls. */
  remove(records) {
    return this.#work({
      run(tx, holding) {
        for (const record of records) {
          holding.delete(record);
          tx.objectStore(CALLS).delete(callKey(record));
          tx.objectStore(SENT).delete(sentKey(record));
        }
      },
    });
  }

  /** The sessions that have calls under this name. */
  async sessions(name) {
    const [keys] = await this.#read((calls) => [calls.getAllKeys(below([name]))]);
    return [...new Set(keys.map(([, session]) => session))];
  }

  /** The calls of a session, oldest first. */
  async records(name, session) {
    const range = below([name, session]);
    const [keys, values, sentKeys, sent] = await this.#read((calls, sent) => [
      calls.getAllKeys(range), calls.getAll(range), sent.getAllKeys(range), sent.getAll(range),
    ]);
    const known = new Map(sentKeys.map(([, , key], i) => [key, sent[i]]));
    return keys.map(([, , key, size], i) => ({ name, session, key, size, ...values[i], sent: known.has(key), lost: known.get(key) === LOST }));
  }

  async #read(ask) {
    try {
      if (!(await this.#database.exists())) return [[], [], [], []];
      const requests = await this.#database.transact("readonly", (tx) => ask(tx.objectStore(CALLS), tx.objectStore(SENT)));
      return requests.map(({ result }) => result);
    } catch (cause) {
      throw failure(cause);
    }
  }

  /** What is asked for while a transaction runs shares the next one. */
  #work(work) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...work, resolve, reject });
      this.#drain();
    });
  }

  async #drain() {
    if (this.#busy) return;
    this.#busy = true;
    await null; // until the page's turn is over
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0));
    this.#busy = false;
  }

  async #write(works) {
    let problems = [];
    const run = (tx) =>
      holdings(tx, works, (holding) => {
        problems = works.map((work) => {
          try {
            work.run(tx, holding);
            return null;
          } catch (problem) {
            return problem;
          }
        });
      });
    const durability = works.some(({ strict }) => strict) ? "strict" : "relaxed";
    try {
      await this.#database.transact("readwrite", run, durability);
      works.forEach(({ resolve, reject }, i) => (problems[i] === null ? resolve() : reject(failure(problems[i]))));
    } catch (cause) {
      if (cause instanceof Late) {
        // Those that wait would wait as long, one after the other.
        for (const { reject } of [...works, ...this.#waiting.splice(0)]) reject(failure(cause));
      } else if (works.length === 1) {
        works[0].reject(failure(cause));
      } else {
        // One that finds no room must not take the others along.
        for (const work of works) await this.#write([work]);
      }
    }
  }
}

/** Calls then(holding) once it is known what the names that something is put under hold. */
function holdings(tx, works, then) {
  const names = new Set(works.map(({ name }) => name).filter((name) => name !== undefined));
  const holding = new Holding();
  if (names.size === 0) return then(holding);
  let missing = names.size;
  for (const name of names) {
    tx.objectStore(CALLS).getAllKeys(below([name])).onsuccess = ({ target }) => {
      holding.set(name, target.result);
      if (--missing === 0) then(holding);
    };
  }
}

/** What names hold, in the course of one transaction. */
class Holding {
  #names = new Map(); // name → {bytes, sizes: session and key → size}

  set(name, keys) {
    const sizes = new Map(keys.map(([, session, key, size]) => [`${session} ${key}`, size]));
    this.#names.set(name, { sizes, bytes: keys.reduce((sum, [, , , size]) => sum + size, 0) });
  }

  add({ name, session, key, size }, bounds) {
    const held = this.#names.get(name);
    if (held.sizes.size >= bounds.calls) throw new Full("calls");
    if (held.bytes + size > bounds.bytes) throw new Full("bytes");
    held.sizes.set(`${session} ${key}`, size);
    held.bytes += size;
  }

  delete({ name, session, key }) {
    const held = this.#names.get(name);
    const id = `${session} ${key}`;
    if (held === undefined || !held.sizes.has(id)) return;
    held.bytes -= held.sizes.get(id);
    held.sizes.delete(id);
  }
}

/** Bounds are reached. */
export class Full extends Error {
  constructor(what) {
    super(`the outbox is full: too many ${what} wait for their outcome`);
  }
}

const putCall = (tx, record) => tx.objectStore(CALLS).put({ text: record.text, idempotent: record.idempotent }, callKey(record));
const callKey = ({ name, session, key, size }) => [name, session, key, size];
const sentKey = ({ name, session, key }) => [name, session, key];

/** All keys that begin with these parts: an array is behind every string and number. */
const below = (parts) => IDBKeyRange.bound(parts, [...parts, []]);

/** What a page is told. */
export function failure(cause) {
  if (cause instanceof SockjaxError) return cause;
  return new SockjaxError(CODE_STORAGE, FATE_UNSENT, `the call could not be stored: ${reason(cause)}`, { cause });
}

function reason(cause) {
  if (cause instanceof Late || cause instanceof Full) return cause.message;
  if (cause?.name === "QuotaExceededError") return "the browser's storage for this site is full";
  if (cause?.name === "VersionError") return "another tab has a later version of sockjax: reload the page";
  return `this page may not store anything: ${cause?.message || cause}`;
}

/** The one of the page. */
export const store = new Store();
