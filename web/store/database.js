/**
 * IndexedDB with an end to every wait: browsers are known to leave a request
 * unanswered, and another tab may be in the way.
 */

/** Milliseconds that the browser may take to open a database, or for a transaction. */
const PATIENCE = 3_000;

/** The browser did not answer in time. */
export class Late extends Error {}

export class Database {
  #name;
  #stores;
  #open = null; // a Promise
  #db = null; // what it has resolved to

  /** The stores are made when the database is; their keys are out of line. */
  constructor(name, stores) {
    this.#name = name;
    this.#stores = stores;
  }

  /** Whether there is one: asking makes none. */
  async exists() {
    return (await this.#connection(false)) !== null;
  }

  /**
   * Calls run(transaction) and resolves to what it returned, when all that it
   * asked for is done. Rejects if nothing of it is; only with a Late it may be
   * done nevertheless, but before any later transaction.
   */
  async transact(mode, run, durability = "default") {
    const db = await this.#connection(true);
    return limited((resolve, reject) => {
      let result;
      const tx = db.transaction(this.#stores, mode, { durability });
      tx.oncomplete = () => resolve(result);
      tx.onabort = () => reject(tx.error);
      result = run(tx);
      return () => tx.abort();
    });
  }

  /** Calls run(transaction) if the database is open. What it asks for is on its way when this returns. */
  rush(run) {
    const tx = this.#db?.transaction(this.#stores, "readwrite");
    if (!tx) return;
    run(tx);
    tx.commit();
  }

  /** Resolves to null if there is no database, unless it is to be made. */
  async #connection(make) {
    for (;;) {
      this.#open ??= this.#begin(make);
      const db = await this.#open;
      if (db !== null || !make) return db;
    }
  }

  #begin(make) {
    const forget = () => {
      if (this.#open === opening) this.#open = this.#db = null;
    };
    const opening = limited((resolve, reject, late) => {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        if (make) this.#stores.forEach((name) => request.result.createObjectStore(name));
        else request.transaction.abort(); // with it goes the database
      };
      request.onerror = () => (make || request.error.name !== "AbortError" ? reject(request.error) : resolve(null));
      request.onsuccess = () => {
        const db = request.result;
        if (late()) return db.close();
        // A later version of this library in another tab, or the visitor who
        // clears the site's data, must not wait for this one.
        db.onversionchange = () => {
          db.close();
          forget();
        };
        db.onclose = forget;
        resolve((this.#db = db));
      };
    });
    opening.then((db) => db ?? forget(), forget);
    return opening;
  }
}

/**
 * A Promise with a limit. start(resolve, reject, late) may return what stops
 * what it has begun; late() tells whether the Promise has given up.
 */
function limited(start) {
  return new Promise((resolve, reject) => {
    let isLate = false;
    let stop;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Late(`the browser's storage has not answered within ${PATIENCE / 1000} s`));
      try {
        stop?.();
      } catch {
        // It is being written at this moment.
      }
    }, PATIENCE);
    const ending = (end) => (value) => {
      clearTimeout(timer);
      end(value);
    };
    try {
      stop = start(ending(resolve), ending(reject), () => isLate);
    } catch (error) {
      ending(reject)(error);
    }
  });
}
