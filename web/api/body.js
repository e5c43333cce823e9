/** Bytes of a part on the wire, at most. */
const CHUNK = 64 * 1024;
/** Bytes of a body that the host is given before the server has taken any of them, and beyond what it has. */
const AHEAD = 1024 * 1024;

/** What a body may be; a page learns of anything else at once. */
export function checkBody(body) {
  if (body === undefined || body === null) return;
  if (globalThis.FormData && body instanceof FormData) throw new TypeError("sockjax: a FormData is a body for api.fetch, which encodes it; here a body is bytes, a string, a Blob, a stream or an iterable");
  if (typeof body === "string" || bytesOf(body) || isBlob(body) || body.getReader || body[Symbol.asyncIterator] || body[Symbol.iterator]) return;
  throw new TypeError("sockjax: a body must be a string, an ArrayBuffer or a view of one, a Blob, a ReadableStream, or an iterable of bytes or of JSON values");
}

/** A view of all that an ArrayBuffer, or a view of one, holds; undefined of anything else. */
export function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const isBuffer = value instanceof ArrayBuffer || Object.prototype.toString.call(value) === "[object ArrayBuffer]";
  return isBuffer ? new Uint8Array(value) : undefined;
}

function isBlob(value) {
  return typeof value.stream === "function" && typeof value.size === "number";
}

/** Reads a body, and gives it to a host as fast as the server takes it. */
export class Body {
  #source;
  #total;
  #onprogress;
  #fed = 0;
  #taken = 0;
  #wait = null; // resolves when there is room
  #over = false;

  constructor(body, onprogress) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : bytesOf(body);
    if (bytes) body = [bytes];
    else if (isBlob(body)) this.#total = body.size;
    if (bytes) this.#total = bytes.length;
    this.#source = isBlob(body) ? body.stream() : body;
    this.#onprogress = onprogress;
  }

  /** Feeds all of it: host(part) takes a text of JSON or bytes, which are the host's own. end(error) is called when there is no more. */
  async pump(feed, end) {
    const parts = read(this.#source);
    try {
      for (;;) {
        const { done, value } = await parts.next();
        if (this.#over) return;
        if (done) break;
        const bytes = bytesOf(value);
        if (bytes === undefined) await this.#give(feed, json(value));
        for (let at = 0; bytes !== undefined && at < bytes.length && !this.#over; at += CHUNK) await this.#give(feed, bytes.slice(at, at + CHUNK));
      }
      end(null);
    } catch (error) {
      if (!this.#over) end(error);
    } finally {
      if (this.#over) Promise.resolve(parts.return?.()).catch(() => {}); // it may be the source that has failed
    }
  }

  async #give(feed, part) {
    while (this.#fed - this.#taken > AHEAD && !this.#over) await new Promise((resolve) => (this.#wait = resolve));
    if (this.#over) return;
    this.#fed += part.length;
    feed(part);
  }

  /** So many bytes were taken. */
  room(taken) {
    this.#taken = taken;
    this.#wait?.();
    this.#onprogress?.({ loaded: taken, total: this.#total });
  }

  /** The call has ended: nothing more is read. */
  stop() {
    this.#over = true;
    this.#wait?.();
  }
}

function json(value) {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a part of a body must be bytes or JSON, not ${typeof value}`);
  return text;
}

/** An iterator of a stream, or of anything that can be iterated. */
function read(source) {
  if (source[Symbol.asyncIterator]) return source[Symbol.asyncIterator]();
  if (!source.getReader) return source[Symbol.iterator]();
  const reader = source.getReader(); // Safari's streams are no iterables
  return { next: () => reader.read(), return: () => reader.cancel() };
}
