import { PART_COUNT, PART_DATA, PART_END, PART_FROM, PART_KIND, PART_SLOT, PART_TAKEN, PART_WINDOW, PART_WORDS } from "../shared/abi.js";

import { byteLength } from "./wire.js";

const encoder = new TextEncoder();

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

  /** Parts of a stream have come. */
  arrived(slot, values) {
    this.#face.parts(slot, values);
  }

  /** The server has the first n parts of a body, and its handler may have taken them. */
  told(slot, n, taken) {
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

/** Takes a binary frame apart: the messages, and take(n), which is the next n bytes. */
export function readBinary(buffer) {
  if (buffer.byteLength < 4) throw new Error("a frame that is too short");
  const length = new DataView(buffer).getUint32(0);
  let at = 4 + length;
  const frame = JSON.parse(decoder.decode(new Uint8Array(buffer, 4, length)));
  const take = (n) => {
    if (!Number.isSafeInteger(n) || n < 0 || at + n > buffer.byteLength) throw new Error("bytes that are not there");
    at += n;
    return new Uint8Array(buffer, at - n, n);
  };
  return { frame, take };
}
