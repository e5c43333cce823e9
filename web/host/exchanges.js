import { PART_COUNT, PART_DATA, PART_END, PART_FROM, PART_KIND, PART_SLOT, PART_TAKEN, PART_WINDOW, PART_WORDS } from "../shared/abi.js";

import { byteLength } from "./wire.js";

const encoder = new TextEncoder();

/** Large replies that come at the same time. */
const MOST_REPLIES = 64;

/**
 * What calls have beside their texts, by slot: data of bytes, the parts of a
 * body until the server has got them, and the bytes of a large text. The engine
 * decides when each goes, and knows their sizes.
 */
export class Exchanges {
  #host;
  #face;
  #bySlot = new Map();
  #large = new Map(); // slot → a text's bytes
  #replies = new Map(); // key → the pieces of a large reply

  constructor(host, face) {
    this.#host = host;
    this.#face = face;
  }

  get size() {
    return this.#bySlot.size;
  }

  /** extra is what submit has in ../port/port.js. */
  add(slot, number, { window = 0, open = false, bytes = null }) {
    this.#bySlot.set(slot, {
      number, window, open, bytes,
      parts: [], // those behind the first `released`
      released: 0,
      sizes: [], // of those behind the first `taken`
      taken: 0,
      takenBytes: 0,
      complete: false,
    });
  }

  get(slot) {
    return this.#bySlot.get(slot);
  }

  delete(slot) {
    this.#bySlot.delete(slot);
    this.#large.delete(slot);
  }

  clear() {
    this.#bySlot.clear();
    this.#large.clear();
  }

  // ---- from the page: see ../port/port.js

  feed(slot, part) {
    const exchange = this.#bySlot.get(slot);
    if (!exchange?.open || exchange.complete) return;
    const size = typeof part === "string" ? byteLength(part) : part.length;
    exchange.parts.push(part);
    exchange.sizes.push(size);
    this.#host.engine.feed(exchange.number, size);
    this.#host.schedule();
  }

  end(slot) {
    const exchange = this.#bySlot.get(slot);
    if (!exchange?.open) return;
    exchange.complete = true;
    this.#host.engine.endBody(exchange.number);
    this.#host.schedule();
  }

  took(slot, n) {
    const exchange = this.#bySlot.get(slot);
    if (exchange === undefined) return;
    this.#host.engine.took(exchange.number, n);
    this.#host.schedule();
  }

  /** There is an engine: gives it what there was without. */
  begin(slot, bytes, timeout, flags, window) {
    const { number, sizes, complete } = this.#bySlot.get(slot);
    const { engine } = this.#host;
    engine.submitExchange(slot, number, bytes, timeout, flags, window);
    for (const size of sizes) engine.feed(number, size);
    if (complete) engine.endBody(number);
  }

  // ---- from a frame

  /** Takes a message with one of these members; take(n) is the frame's next n bytes, if it has any. Returns {data} if it is a reply, and null if it breaks the protocol. */
  heard(engine, key, { got = null, taken = null, parts = null, chunk = null, bytes = null, text = null, window = 0, size = 0 }, take) {
    if (![got, taken, text, window, size].every((n) => n === null || isCount(n))) return null;
    if (got !== null) this.#told(engine.got(key, got), got, false);
    else if (taken !== null) this.#told(engine.taken(key, taken, window), taken, true);
    else if (parts !== null) {
      if (!Array.isArray(parts)) return null;
      this.#arrived(engine.parts(key, parts.length, size), parts);
    } else if (text !== null) {
      this.#expect(key, text);
    } else {
      const data = take?.(chunk ?? bytes) ?? null;
      if (data === null) return null;
      if (chunk === null) return { data: data.slice().buffer };
      if (this.#replies.has(key)) return this.#piece(engine, key, data);
      this.#arrived(engine.parts(key, 1, data.length), [data]);
    }
    return {};
  }

  /** Parts of a stream have come. */
  #arrived(slot, values) {
    if (slot >= 0) this.#face.parts(slot, values);
  }

  /** The server has the first n parts of a body, and its handler may have taken them. */
  #told(slot, n, taken) {
    const exchange = this.#bySlot.get(slot);
    if (exchange === undefined) return;
    const count = n - exchange.released;
    if (count > 0) exchange.released += exchange.parts.splice(0, count).length;
    if (!taken) return;
    for (const size of exchange.sizes.splice(0, n - exchange.taken)) {
      exchange.takenBytes += size;
      exchange.taken++;
    }
    this.#face.room(slot, exchange.takenBytes);
  }

  /** A large reply comes in pieces, perhaps once more. One that nobody waits for is never complete. */
  #expect(key, size) {
    const before = this.#replies.get(key) ?? { size, pieces: [], got: 0 };
    this.#replies.delete(key);
    if (this.#replies.size >= MOST_REPLIES) this.#replies.delete(this.#replies.keys().next().value);
    this.#replies.set(key, { ...before, size, begins: true }); // if its first piece is new
  }

  /** The last piece is the outcome. */
  #piece(engine, key, piece) {
    const reply = this.#replies.get(key);
    const before = reply.begins ? { pieces: [], got: 0 } : reply;
    const got = before.got + piece.length;
    if (got < reply.size) {
      reply.begins = false;
      if (engine.piece(key)) Object.assign(reply, { pieces: [...before.pieces, piece], got });
      return {};
    }
    this.#replies.delete(key);
    const all = new Uint8Array(got);
    let at = 0;
    for (const part of [...before.pieces, piece]) {
      all.set(part, at);
      at += part.length;
    }
    try {
      return { data: JSON.parse(decoder.decode(all)) };
    } catch {
      return null;
    }
  }

  // ---- to a frame

  /** The message of a request that has an exchange, or goes in pieces. Bytes of it go to chunks. */
  request(slot, key, text, large, chunks) {
    const { window = 0, open = false, bytes = null } = this.#bySlot.get(slot) ?? {};
    let message;
    if (large) message = `{"key":${key},${bytes ? `"bytes":0,` : ""}"text":${this.#bytesOf(slot, text).length}`;
    else if (bytes) {
      chunks.push(bytes);
      message = `{"key":${key},"bytes":${bytes.length}`;
    } else message = `{"key":${key},"data":${text}`;
    return `${message}${open ? ',"open":true' : ""}${window > 0 ? `,"window":${window}` : ""}}`;
  }

  #bytesOf(slot, text) {
    const { bytes = null } = this.#bySlot.get(slot) ?? {};
    if (bytes) return bytes;
    let all = this.#large.get(slot);
    if (all === undefined) this.#large.set(slot, (all = encoder.encode(text)));
    return all;
  }

  /** Adds to messages, and to chunks, what stands at an address of Go's memory: see Part in abi.js. */
  parts(words, at, count, texts, messages, chunks) {
    for (let i = 0, part = at / 4; i < count; i++, part += PART_WORDS) {
      const key = words[part] + words[part + 1] * 2 ** 32;
      const from = words[part + PART_FROM] + words[part + PART_FROM + 1] * 2 ** 32;
      const slot = words[part + PART_SLOT];
      const window = words[part + PART_WINDOW];
      switch (words[part + PART_KIND] & 0xff) {
        case PART_TAKEN:
          messages.push(`{"key":${key},"taken":${from},"window":${window}}`);
          break;
        case PART_END:
          messages.push(`{"key":${key},"end":true}`);
          break;
        case PART_DATA:
          this.#data(key, from, this.#bySlot.get(slot), words[part + PART_COUNT], messages, chunks);
          break;
        default:
          chunks.push(this.#bytesOf(slot, texts[slot]).subarray(from, from + window));
          messages.push(`{"key":${key},"chunk":${window}}`);
      }
    }
  }

  /** Parts of JSON share a message; each of bytes has its own. */
  #data(key, from, exchange, count, messages, chunks) {
    let texts = [];
    const flush = (next) => {
      if (texts.length > 0) messages.push(`{"key":${key},"from":${next - texts.length},"parts":[${texts.join()}]}`);
      texts = [];
    };
    for (let n = from; n < from + count; n++) {
      const part = exchange.parts[n - exchange.released];
      if (typeof part === "string") {
        texts.push(part);
        continue;
      }
      flush(n);
      messages.push(`{"key":${key},"from":${n},"chunk":${part.length}}`);
      chunks.push(part);
    }
    flush(from + count);
  }
}

/** A binary frame: the length of its messages, these, and their bytes. */
export function binaryFrame(text, chunks) {
  let size = 0;
  for (const { length } of chunks) size += length;
  const frame = new Uint8Array(4 + 3 * text.length + size);
  const { written } = encoder.encodeInto(text, frame.subarray(4));
  new DataView(frame.buffer).setUint32(0, written);
  let at = 4 + written;
  for (const chunk of chunks) {
    frame.set(chunk, at);
    at += chunk.length;
  }
  return frame.subarray(0, at);
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function isCount(n) {
  return Number.isSafeInteger(n) && n >= 0;
}

/** Takes a binary frame apart: the messages, and take(n), which is the next n bytes, or null if they are not there. */
export function readBinary(buffer) {
  if (buffer.byteLength < 4) throw new Error("a frame that is too short");
  const length = new DataView(buffer).getUint32(0);
  let at = 4 + length;
  const frame = JSON.parse(decoder.decode(new Uint8Array(buffer, 4, length)));
  const take = (n) => {
    if (!isCount(n) || at + n > buffer.byteLength) return null;
    at += n;
    return new Uint8Array(buffer, at - n, n);
  };
  return { frame, take };
}
