import { CODE_CLOSED, CODE_INVALID, FLAG_OPEN, PART_COUNT, PART_DATA, PART_END, PART_FROM, PART_KIND, PART_SLOT, PART_TAKEN, PART_WINDOW, PART_WORDS } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { Replies } from "./replies.js";

/** Bytes of a body that a page may have given before anything is known of the server, and beyond what that may be sent. */
const AHEAD = 128 * 1024;

/** Bytes that a message has beside its part, at most. */
const AROUND = 256;

/** Bytes of a chunk of a body, as long as nothing is known of the line. */
const FIRST_CHUNK = 8 * 1024;

/**
 * What calls have beside their texts: data of bytes, the parts of a body until
 * the server has got them, and the bytes of a text that goes in pieces. The
 * engine decides when each goes, and knows their sizes.
 */
export class Exchanges {
  replies = new Replies();

  #host;
  #face;
  #tellLater;
  #bySlot = new Map();
  #large = new Map(); // slot → bytes of its text
  #encoder = new TextEncoder();
  #credit = 0; // bytes of a body that the server lets begin
  #frame = Infinity; // bytes of a frame that it takes
  #textsOnly = false;

  /** See Host for both. tellLater(tell) has tell called in the next turn. */
  constructor(host, face, tellLater) {
    this.#host = host;
    this.#face = face;
    this.#tellLater = tellLater;
  }

  get size() {
    return this.#bySlot.size + this.replies.size;
  }

  has(slot) {
    return this.#bySlot.has(slot);
  }

  // ---- from the page: see ../port/port.js

  /** Makes a call that has what extra says. */
  submit(slot, number, size, timeout, flags, extra) {
    const exchange = new Exchange(slot, number, extra, this.#credit);
    this.#bySlot.set(slot, exchange);
    this.#host.engine.submitExchange(slot, number, size, timeout, extra.open ? flags | FLAG_OPEN : flags, extra.window);
    if (this.#textsOnly && extra.bytes !== null) this.#fail(exchange, TEXTS_ONLY);
    else if (extra.open) this.#tellLater(() => this.#tell(exchange));
  }

  feed(slot, part, size) {
    const exchange = this.#bySlot.get(slot);
    if (exchange === undefined || exchange.complete) return;
    if (typeof part !== "string" && this.#textsOnly) return this.#fail(exchange, TEXTS_ONLY);
    if (typeof part === "string" && size + AROUND > this.#frame) return this.#fail(exchange, `a part of the body has ${size} bytes, but the server takes frames of ${this.#frame}: bytes are cut, JSON can't be`);
    exchange.feed(part, size);
    this.#host.engine.feed(exchange.number, size);
    this.#host.schedule();
  }

  end(slot) {
    const exchange = this.#bySlot.get(slot);
    if (exchange === undefined) return;
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

  #fail(exchange, why, code = CODE_INVALID) {
    exchange.complete = true;
    const fate = this.#host.engine.abort(exchange.number);
    if (fate !== null) this.#host.fail(exchange.slot, new SockjaxError(code, fate, why));
  }

  /** Tells the page how much there is room for. */
  #tell(exchange) {
    if (this.#bySlot.get(exchange.slot) === exchange) this.#face.room(exchange.slot, ...exchange.room);
  }

  // ---- from the host

  /** There is an engine: gives it a call that was made without. */
  begin(slot, size, timeout, flags, window) {
    const { number, sizes, complete } = this.#bySlot.get(slot);
    const { engine } = this.#host;
    engine.submitExchange(slot, number, size, timeout, flags, window);
    for (const size of sizes) engine.feed(number, size);
    if (complete) engine.endBody(number);
  }

  delete(slot) {
    this.#bySlot.delete(slot);
    this.#large.delete(slot);
    this.replies.delete(slot);
  }

  clear() {
    this.#bySlot.clear();
    this.#large.clear();
    this.replies.clear();
  }

  /** The client is being closed. A server would wait for credit, or for the rest of a body, until it forgets the session. */
  close() {
    for (const exchange of this.#bySlot.values()) this.#fail(exchange, "the client was closed", CODE_CLOSED);
  }

  /** What the server lets a client send. */
  welcomed({ frame, window }) {
    this.#frame = frame || Infinity;
    this.#credit = window;
    for (const exchange of this.#bySlot.values()) {
      if (exchange.begun(window)) this.#tell(exchange);
    }
  }

  /** Parts of a stream have come. */
  arrived(slot, values) {
    this.#face.parts(slot, values);
  }

  /** The server has the first n parts of a body. */
  got(slot, n) {
    this.#bySlot.get(slot)?.got(n);
  }

  /** It has taken them, and lets so many bytes of others come. */
  taken(slot, n, credit) {
    const exchange = this.#bySlot.get(slot);
    if (exchange === undefined) return;
    exchange.taken(n, credit, this.#host.engine.chunk(exchange.number));
    this.#tell(exchange);
  }

  /** Something on the way takes no bytes, and nothing else will do for them. */
  onlyTexts() {
    this.#textsOnly = true;
    this.#tellLater(() => {
      for (const exchange of this.#bySlot.values()) if (exchange.hasBytes) this.#fail(exchange, TEXTS_ONLY);
    });
  }

  // ---- to a frame

  /** A request with an exchange, or one that goes in pieces. Bytes of it go to bytes. */
  request(slot, key, text, large, bytes) {
    const { window = 0, open = false, bytes: data = null } = this.#bySlot.get(slot)?.extra ?? {};
    let what = `"data":${text}`;
    if (large) {
      what = `"text":${this.#bytesOf(slot, text).length}`;
      if (data !== null) {
        what += ',"bytes":0';
        bytes.push(new Uint8Array()); // it stands in a binary frame alone
      }
    } else if (data !== null) {
      what = `"bytes":${data.length}`;
      bytes.push(data);
    }
    return `{"key":${key},${what}${open ? ',"open":true' : ""}${window > 0 ? `,"window":${window}` : ""}}`;
  }

  /** What goes in pieces. */
  #bytesOf(slot, text) {
    const { bytes = null } = this.#bySlot.get(slot)?.extra ?? {};
    if (bytes !== null) return bytes;
    if (!this.#large.has(slot)) this.#large.set(slot, this.#encoder.encode(text));
    return this.#large.get(slot);
  }

  /** Adds to messages, and to bytes, what stands at a word of Go's memory: see Part in abi.js. */
  parts(words, first, count, texts, messages, bytes) {
    for (let i = 0, part = first; i < count; i++, part += PART_WORDS) {
      const key = words[part] + words[part + 1] * 2 ** 32;
      const from = words[part + PART_FROM] + words[part + PART_FROM + 1] * 2 ** 32;
      const slot = words[part + PART_SLOT];
      const window = words[part + PART_WINDOW];
      const kind = words[part + PART_KIND] & 0xff;
      if (kind === PART_TAKEN) {
        messages.push(`{"key":${key},"taken":${from},"window":${window}}`);
      } else if (kind === PART_END) {
        messages.push(`{"key":${key},"end":true}`);
      } else if (kind === PART_DATA) {
        this.#bySlot.get(slot).add(key, from, words[part + PART_COUNT], messages, bytes);
      } else {
        const all = this.#bytesOf(slot, texts[slot]);
        messages.push(`{"key":${key},"chunk":${window}}`);
        bytes.push(all.subarray(from, from + window));
        if (from + window === all.length) this.#large.delete(slot); // made again if it must go again
      }
    }
  }
}

const TEXTS_ONLY = "the server, or something on the way to it, takes no binary frames, in which bytes travel";

/** What one call has. */
class Exchange {
  slot;
  number;
  extra;
  complete = false; // no more parts will be fed
  sizes = []; // of the parts that the server has not taken, in bytes

  #parts = []; // that the server has not got
  #got = 0; // how many came before these
  #taken = 0; // how many parts the server has taken
  #bytes = 0; // of these
  #credit; // bytes of others that it lets come
  #chunk = FIRST_CHUNK;

  constructor(slot, number, extra, credit) {
    Object.assign(this, { slot, number, extra });
    this.#credit = credit;
  }

  /** Notes what a body may begin with, and returns whether that changes anything. */
  begun(credit) {
    if (!this.extra.open || this.#taken > 0 || credit === this.#credit) return false;
    this.#credit = credit;
    return true;
  }

  feed(part, size) {
    this.#parts.push(part);
    this.sizes.push(size);
  }

  /** Whether bytes wait to be sent. */
  get hasBytes() {
    return this.extra.bytes !== null || this.#parts.some((part) => typeof part !== "string");
  }

  /** The server has the first n parts: they need not be sent again. */
  got(n) {
    const count = Math.min(n - this.#got, this.#parts.length);
    if (count <= 0) return;
    this.#parts.splice(0, count);
    this.#got += count;
  }

  taken(n, credit, chunk) {
    this.got(n);
    const count = Math.min(n - this.#taken, this.sizes.length);
    for (const size of this.sizes.splice(0, count)) this.#bytes += size;
    this.#taken += count;
    this.#credit = credit;
    this.#chunk = chunk;
  }

  /** See room in ../port/port.js. */
  get room() {
    return [this.#bytes + this.#credit + AHEAD, this.#bytes, this.#chunk];
  }

  /** Adds parts behind the first from: those of JSON share a message, each of bytes has its own. */
  add(key, from, count, messages, bytes) {
    let texts = [];
    const flush = (next) => {
      if (texts.length > 0) messages.push(`{"key":${key},"from":${next - texts.length},"parts":[${texts.join()}]}`);
      texts = [];
    };
    for (let n = from; n < from + count; n++) {
      const part = this.#parts[n - this.#got];
      if (typeof part === "string") {
        texts.push(part);
      } else {
        flush(n);
        messages.push(`{"key":${key},"from":${n},"chunk":${part.length}}`);
        bytes.push(part);
      }
    }
    flush(from + count);
  }
}
