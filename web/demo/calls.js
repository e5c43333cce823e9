// Makes the page's calls, and keeps a record of each for the table and the
// chart. A record is told to `onchange` when it begins and when it ends.

const burstTimeout = 30_000;
const progressEvery = 150; // milliseconds
const drawnOfBurst = 40; // calls, of all that it makes

export class Calls {
  #connection;
  #onchange;
  #count = 0;
  /** Whether the page's calls are marked idempotent. */
  idempotent = false;
  /** Whether they are marked durable. */
  durable = false;

  constructor(connection, onchange) {
    this.#connection = connection;
    this.#onchange = onchange;
  }

  /**
   * Makes one call. `abortAfter` aborts it after that many milliseconds.
   * @returns a Promise of its record, once it has an outcome
   */
  make(data, { timeout, abortAfter } = {}) {
    return new Promise((resolve) => {
      const record = this.#begin({ kind: kindOf(data), data });
      const abort = abortAfter === undefined ? 0 : setTimeout(() => record.controller.abort(), abortAfter);
      record.key = this.#connection.client.send(data, (reply, error) => {
        record.reply = reply;
        record.error = error;
        clearTimeout(abort);
        this.#end(record, error?.code ?? "ok");
        resolve(record);
      }, { timeout, signal: record.controller.signal, idempotent: this.idempotent, durable: this.durable });
      this.#onchange(record);
    });
  }

  /**
   * Makes `count` echo calls in one turn of the page, as one record: what is
   * worth knowing of a burst is how it went as a whole.
   */
  burst(count) {
    return new Promise((resolve) => {
      const { client } = this.#connection;
      const before = client.stats();
      const burst = { count, done: 0, failed: 0, late: 0, right: 0, first: undefined, error: null, sample: [] };
      const every = Math.ceil(count / drawnOfBurst);
      const record = this.#begin({ kind: "burst", burst });
      let newest = 0;
      // Not at once and not for each reply: to paint the page meanwhile would take twice as long as the calls do.
      const progress = setInterval(() => this.#onchange(record), progressEvery);
      const options = { timeout: burstTimeout, signal: record.controller.signal, idempotent: this.idempotent };
      let first, last;
      for (let n = 1; n <= count; n++) {
        last = client.send({ api: "echo", n }, (reply, error) => {
          burst.done++;
          if (n % every === 0) {
            burst.sample.push({ key: first + n - 1, kind: "burst", ms: performance.now() - record.started, outcome: error?.code ?? "ok" });
          }
          if (error) {
            burst.failed++;
            burst.error ??= error;
          } else {
            if (reply?.n === n) burst.right++;
            burst.first ??= performance.now() - record.started;
            // Out of order: a call that was made later has been answered before.
            if (n < newest) burst.late++;
            else newest = n;
          }
          if (burst.done < count) return;
          clearInterval(progress);
          record.error = burst.error;
          // A worker's figures come with the replies of the same turn, behind them.
          queueMicrotask(() => {
            const after = client.stats();
            burst.framesOut = after.framesOut - before.framesOut;
            burst.framesIn = after.framesIn - before.framesIn;
            burst.shared = after.host === "shared";
            this.#end(record, burst.error?.code ?? "ok");
            resolve(record);
          });
        }, options);
        first ??= last;
      }
      record.key = `${first}–${last}`;
    });
  }

  /** Shows the outcome of a durable call that an earlier page has made. */
  recovered({ key, data, reply, error }) {
    const record = this.#begin({ kind: kindOf(data), data, key, reply, error, recovered: true });
    this.#onchange(record);
    this.#end(record, error?.code ?? "ok");
  }

  #begin(fields) {
    return {
      id: ++this.#count,
      key: undefined,
      outcome: "pending",
      started: performance.now(),
      controller: new AbortController(),
      ...fields,
    };
  }

  #end(record, outcome) {
    record.ms = performance.now() - record.started;
    record.outcome = outcome;
    this.#onchange(record);
  }
}

function kindOf(data) {
  return typeof data?.api === "string" ? data.api : "other";
}
