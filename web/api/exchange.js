import { CODE_ABORTED } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { Body } from "./body.js";
import { isBytes, viewOf } from "./bytes.js";

/** Bytes of a stream that may have come and not been read: as many as a line of 100 Mbit/s carries in a third of a second. */
const WINDOW = 4 * 1024 * 1024;

/** What a call has beside data of JSON and one outcome: a body, a stream of parts, or data of bytes. */
export class Exchange {
  /** Copied, since the page may change them after the call; null if the data is none. */
  bytes;
  #body;
  #stream;
  #failure = null; // of the body: [code, message, cause]

  constructor(data, options, stream) {
    const body = options?.body ?? null;
    this.#body = body === null ? null : new Body(body, options.onprogress ?? null);
    this.bytes = isBytes(data) ? viewOf(data).slice() : null;
    this.#stream = stream;
  }

  /** See submit in ../port/port.js. */
  get extra() {
    return { window: this.#stream === null ? 0 : WINDOW, open: this.#body !== null, bytes: this.bytes };
  }

  /** The call has been submitted. */
  begin(host, slot, number) {
    const abort = () => host.abort(slot, number);
    this.#stream?.begin((n) => host.took(slot, n), abort);
    this.#body?.begin(
      (part, size) => host.feed(slot, part, size),
      () => host.end(slot),
      (...failure) => {
        this.#failure = failure;
        abort();
      },
    );
  }

  parts(values) {
    this.#stream?.parts(values);
  }

  room(fed, taken, most) {
    this.#body?.room(fed, taken, most);
  }

  /** The call has ended. Returns the error that the page is told: only here is it known how a body has failed. */
  over(error) {
    this.#body?.stop(error ?? undefined);
    if (this.#failure === null || error?.code !== CODE_ABORTED) return error;
    const [code, message, cause] = this.#failure;
    return new SockjaxError(code, error.fate, message, { cause });
  }
}

/** The exchange of a call with these arguments, or null for ordinary ones. */
export function exchangeOf(data, options) {
  return isBytes(data) || (options?.body ?? null) !== null ? new Exchange(data, options, null) : null;
}
