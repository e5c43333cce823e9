import { CODE_ABORTED, CODE_INVALID } from "../shared/abi.js";
import { byteLength } from "../host/wire.js";
import { report } from "../shared/errors.js";
import { Arena } from "./arena.js";
import { BYTES_INSIDE, holdsBytes, isBytes, viewOf } from "./bytes.js";
import { notJSON } from "./payload.js";

/** Characters of a string that are made into bytes at once: no chunk takes more. */
const PIECE = 16 * 1024;
/** Bytes of a stream that are read at once. */
const READ = 256 * 1024;

/**
 * A call's body: reads what the page has given, as far as the host has room, and
 * feeds it in parts. See feed and room in ../port/port.js.
 */
export class Body {
  #source; // {next, cancel, total}: bytes of it are valid until the next
  #arena = new Arena();
  #onprogress;
  #feed;
  #end;
  #fail;
  #fed = 0; // bytes
  #room = 0; // how many there may have been
  #most = 0; // bytes of a part
  #taken = 0; // bytes that the server has taken
  #proceed = null; // there is room again
  #over = false;

  /** @throws TypeError for what can't be a body, or is being read already */
  constructor(body, onprogress) {
    this.#source = sourceOf(body);
    this.#onprogress = onprogress;
  }

  /** fail(code, message, cause) ends the call. */
  begin(feed, end, fail) {
    this.#feed = feed;
    this.#end = end;
    this.#fail = fail;
    this.#read();
  }

  async #read() {
    try {
      for (;;) {
        const { value, done } = await this.#source.next();
        if (this.#over) return;
        if (done) break;
        const part = await value; // an iterator that is not async may give Promises
        if (isBytes(part)) await this.#bytes(viewOf(part));
        else await this.#value(part);
        if (this.#over) return;
      }
      this.#over = true;
      this.#end();
    } catch (cause) {
      this.#stop(CODE_ABORTED, `the body could not be read: ${cause?.message ?? cause}`, cause);
    }
  }

  async #bytes(bytes) {
    for (let at = 0, end; at < bytes.length; at = end) {
      if (this.#fed >= this.#room && !(await this.#roomy())) return;
      end = Math.min(at + this.#most, bytes.length);
      const part = bytes.subarray(at, end);
      this.#put(this.#arena.keep(part, this.#fed + part.length), part.length);
    }
  }

  async #value(value) {
    let text, thrown;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      thrown = error;
    }
    if (text === undefined) return this.#stop(CODE_INVALID, `a part of the body: ${notJSON(value, thrown)}`, thrown);
    if (holdsBytes(value, text)) return this.#stop(CODE_INVALID, `a part of the body: ${BYTES_INSIDE}`);
    if (this.#fed >= this.#room && !(await this.#roomy())) return;
    this.#put(text, byteLength(text));
  }

  #put(part, size) {
    this.#fed += size;
    this.#feed(part, size);
  }

  /** Resolves when there is room, to whether the body is still wanted. */
  async #roomy() {
    while (this.#fed >= this.#room && !this.#over) await new Promise((resolve) => (this.#proceed = resolve));
    return !this.#over;
  }

  /** So many bytes may have been fed in all, in parts of at most so many bytes, and so many the server has taken. */
  room(fed, taken, most) {
    this.#room = fed;
    this.#most = most;
    this.#proceed?.();
    if (taken <= this.#taken) return;
    this.#taken = taken;
    this.#arena.taken(taken);
    try {
      this.#onprogress?.({ loaded: taken, total: this.#source.total });
    } catch (thrown) {
      report(thrown);
    }
  }

  #stop(code, message, cause) {
    if (this.#over) return;
    this.stop(cause);
    this.#fail(code, message, cause);
  }

  /** Nobody wants the rest. */
  stop(reason) {
    if (this.#over) return;
    this.#over = true;
    this.#proceed?.();
    Promise.resolve(reason).then(this.#source.cancel).catch(() => {}); // it may have ended by itself
  }
}

function sourceOf(body) {
  if (typeof body === "string") return { ...iterated(pieces(body)), total: byteLength(body) };
  if (isBytes(body)) return { ...iterated([body][Symbol.iterator]()), total: body.byteLength };
  if (globalThis.Blob && body instanceof Blob) return { ...streamed(body.stream()), total: body.size };
  if (globalThis.FormData && body instanceof FormData) {
    throw new TypeError("sockjax: a FormData can't be a body: it is a form of HTTP, for which there is api.fetch");
  }
  if (typeof body?.getReader === "function") return streamed(body);
  const iterator = body?.[Symbol.asyncIterator]?.() ?? body?.[Symbol.iterator]?.();
  if (typeof iterator?.next === "function") return iterated(iterator);
  throw new TypeError("sockjax: a body must be a string, an ArrayBuffer or a view of one, a Blob, a ReadableStream, or something to iterate over");
}

function streamed(stream) {
  if (stream.locked) throw new TypeError("sockjax: the body is being read already");
  const cancel = (reason) => reader.cancel(reason);
  let reader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    reader = stream.getReader(); // it is not one of bytes
    return { next: () => reader.read(), cancel };
  }
  let memory = new ArrayBuffer(READ); // for each read, so that no other is needed
  const next = async () => {
    const { value, done } = await reader.read(new Uint8Array(memory));
    if (value) memory = value.buffer;
    return { value, done };
  };
  return { next, cancel };
}

function iterated(iterator) {
  return { next: () => iterator.next(), cancel: () => iterator.return?.() };
}

function* pieces(text) {
  const encoder = new TextEncoder();
  for (let at = 0, end; at < text.length; at = end) {
    end = at + PIECE;
    if (text.codePointAt(end - 1) > 0xffff) end++; // the second half of a pair, which is one character
    yield encoder.encode(text.slice(at, end));
  }
}
