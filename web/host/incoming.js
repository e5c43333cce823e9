import { CODE_INVALID, DEAD, NONE } from "../shared/abi.js";
import { forgotten, notRun, refusal, rejected } from "../shared/errors.js";
import { fitsScratch } from "../shared/names.js";
import { readAuthorized, readError, readWelcome } from "./messages.js";
import { apart, plainName } from "./wire.js";

/** Takes the frames apart that arrive: tells the engine of each message, and the host of what the engine says to it. */
export class Incoming {
  garbage = 0;

  #host;
  #exchanges;
  #binary;
  #plain;
  #welcomed = false; // on this connection
  #units = 0; // of the frame that is being read
  #bytes = null; // those behind its messages
  #at = 0; // of these, read

  constructor(host, exchanges, binary, plain) {
    this.#host = host;
    this.#exchanges = exchanges;
    this.#binary = binary;
    this.#plain = plain;
  }

  /** There is another connection. */
  reset() {
    this.#welcomed = false;
  }

  /**
   * Reads a frame: all of it counts, or nothing of it where it is not JSON to its
   * end. Returns a Promise instead if the store must note first what it means,
   * otherwise null.
   */
  read(engine, data) {
    let frame;
    this.#bytes = null;
    try {
      frame = typeof data === "string" ? JSON.parse(data) : this.#apart(data);
    } catch {
      // A text that is no JSON, or a binary frame of another form.
    }
    if (frame === undefined || frame === null || typeof frame !== "object" || Array.isArray(frame) === this.#plain) {
      this.garbage++;
    } else if (this.#plain) {
      this.#plainReply(engine, frame);
    } else {
      const noted = this.#welcomed ? null : this.#loss(frame);
      if (noted !== null) return noted;
      this.#units = data.length ?? data.byteLength;
      for (const message of frame) {
        if (this.#host.engine !== engine) break; // a callback closed the client, or wasm has crashed
        if (Array.isArray(message)) this.#series(engine, message);
        else this.#message(engine, message);
      }
    }
    this.#host.read(data, frame);
    return null;
  }

  #apart(buffer) {
    const { text, bytes } = apart(buffer);
    const frame = JSON.parse(text);
    this.#bytes = bytes;
    this.#at = 0;
    return Array.isArray(frame) && isUsedUp(frame, bytes.length) ? frame : undefined;
  }

  /** Where a frame welcomes anew: a Promise that the store has noted it, or null if there is nothing to note. */
  #loss(frame) {
    const message = frame.find((message) => message?.welcome && !message.hello);
    const welcome = message && readWelcome(message.welcome, this.#host.session);
    return welcome && welcome.ours && !welcome.resumed ? this.#host.noteLoss() : null;
  }

  /** The key of the first reply, then the data of this one and of those that follow. */
  #series(engine, series) {
    const [first] = series;
    const { length } = series;
    const good = Number.isSafeInteger(first) && first > 0 ? Math.min(length, Number.MAX_SAFE_INTEGER - first + 2) : 1;
    for (let i = 1; i < good; i++) {
      if (this.#host.engine !== engine) return;
      this.#reply(engine, first + (i - 1), series[i], null);
    }
    if (good < length || length < 2) this.garbage += Math.max(1, length - good);
  }

  #reply(engine, key, data, message) {
    this.#binary.answered(key);
    const slot = engine.settle(key);
    if (slot >= 0) this.#host.settle(slot, data, null);
    else this.#unmatched(slot, key, message ?? { key, data });
  }

  /** The members that name a message are looked at in PROTOCOL.md's order. One that is null is missing. */
  #message(engine, message) {
    if (message === null || typeof message !== "object") {
      this.garbage++;
      return;
    }
    const { key } = message;
    const failed = (message.error ?? message.refused ?? message.forgotten ?? null) !== null;
    if ((message.hello ?? message.welcome ?? message.token ?? message.ack ?? message.cancel ?? null) !== null) {
      this.#control(engine, message);
    } else if (!failed && (message.on ?? message.off ?? message.topic ?? null) !== null) {
      if (!this.#host.topics.message(message)) this.garbage++;
    } else if (key === undefined) {
      // A message of a later version.
    } else if (failed) {
      this.#failure(engine, key, message);
    } else if (message.data === undefined && (message.part ?? null) !== null) {
      // The same.
    } else if (!isKey(key)) {
      this.garbage++;
    } else if ((message.got ?? message.taken ?? message.parts ?? message.chunk ?? message.end ?? message.bytes ?? null) !== null) {
      this.#exchange(engine, key, message);
    } else if (message.data === undefined && (message.text ?? null) !== null) {
      this.#begin(key, message.text, false);
    } else {
      this.#reply(engine, key, message.data ?? null, message);
    }
  }

  /** What concerns a stream or a body, and replies of bytes. */
  #exchange(engine, key, message) {
    const { got = null, taken = null, parts = null, chunk = null, end = null } = message;
    this.#binary.answered(key);
    if (got !== null) {
      if (isCount(got)) this.#told(engine.got(key, got), key, message, (slot) => this.#exchanges.got(slot, got));
      else this.garbage++;
    } else if (taken !== null) {
      const window = message.window ?? 0;
      if (!isCount(taken) || !isCount(window)) this.garbage++;
      else this.#told(engine.taken(key, taken, window), key, message, (slot) => this.#exchanges.taken(slot, taken, window));
    } else if (parts !== null) {
      const size = message.size ?? this.#units; // no less
      if (Array.isArray(parts) && isCount(size)) this.#parts(engine, key, parts, size, message);
      else this.garbage++;
    } else if (chunk !== null) {
      const bytes = this.#take(chunk);
      if (bytes === null) this.garbage++;
      else if (this.#exchanges.replies.has(key)) this.#piece(engine, key, bytes, message);
      else this.#parts(engine, key, [bytes], bytes.length, message);
    } else if (end === null) {
      const text = message.text ?? null;
      const bytes = this.#take(message.bytes);
      if (bytes === null) this.garbage++;
      else if (text !== null) this.#begin(key, text, true);
      else this.#reply(engine, key, ownBuffer(bytes), message);
    } // only a client says that a body has ended
  }

  #parts(engine, key, values, size, message) {
    const ask = message.ask ?? false;
    if (typeof ask === "boolean") this.#told(engine.parts(key, values.length, size, ask), key, message, (slot) => this.#exchanges.arrived(slot, values));
    else this.garbage++;
  }

  /** What the engine says of a message about a call that goes on: its slot, unless none waits for it. */
  #told(slot, key, message, act) {
    if (slot >= 0) act(slot);
    else this.#unmatched(slot, key, message);
  }

  /** The next so many of the bytes behind the messages, in memory that nothing else is in; null if they are not there. */
  #take(count) {
    if (!isCount(count) || this.#bytes === null || this.#at + count > this.#bytes.length) return null;
    const all = this.#bytes;
    const bytes = count === all.length ? all : all.slice(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  #begin(key, size, isBytes) {
    if (isCount(size)) this.#exchanges.replies.begin(key, size, isBytes);
    else this.garbage++;
  }

  /** The last piece is the outcome. */
  #piece(engine, key, piece, message) {
    const { replies } = this.#exchanges;
    if (replies.add(key, piece, () => engine.piece(key))) return;
    let data;
    try {
      data = replies.complete(key, piece);
    } catch {
      this.garbage++;
      return;
    }
    this.#reply(engine, key, data, message);
  }

  /** What concerns the connection. The others of these are a client's, and a later version's if a server sends them. */
  #control(engine, message) {
    if ((message.hello ?? null) !== null) return;
    if ((message.welcome ?? null) !== null) {
      const welcome = readWelcome(message.welcome, this.#host.session);
      if (welcome === null) {
        this.garbage++;
      } else if (!this.#welcomed) {
        this.#welcomed = true;
        this.#binary.welcomed();
        engine.welcome(welcome);
        this.#host.topics.welcomed();
        this.#exchanges.welcomed(welcome);
        this.#host.topics.welcomed();
      }
    } else if ((message.token ?? null) !== null) {
      const expires = readAuthorized(message.token);
      if (expires === null) this.garbage++;
      else engine.authorized(expires);
    }
  }

  /** Only an error is an outcome. */
  #failure(engine, key, message) {
    this.#binary.answered(key);
    const { error = null, refused = null } = message;
    if (error === null && refused === null && message.forgotten !== true) return; // a message of a later version
    const body = error ?? refused;
    const said = body === null ? null : readError(body);
    if (!isKey(key) || (body !== null && said === null)) {
      this.garbage++;
    } else if (error !== null && !said.executed) {
      const found = engine.settleNotRun(key);
      if (found >= 0) this.#host.settle(found >> 1, undefined, notRun(said, (found & 1) === 1));
      else this.#unmatched(found, key, message);
    } else if (error !== null) {
      const slot = engine.settle(key);
      if (slot >= 0) this.#host.settle(slot, undefined, rejected(said));
      else this.#unmatched(slot, key, message);
    } else if (refused !== null) {
      const slot = engine.refused(key, said.code === CODE_INVALID ? -1 : said.after);
      if (slot >= 0) this.#host.settle(slot, undefined, refusal(said));
      // Otherwise it is tried again, or has been given up.
    } else {
      const slot = engine.drop(key);
      if (slot >= 0) this.#host.settle(slot, undefined, forgotten());
      else this.#unmatched(slot, key, message);
    }
  }

  #unmatched(slot, key, message) {
    if (slot !== DEAD) this.#host.tellUnmatched(key, message);
  }

  #plainReply(engine, frame) {
    const name = plainName(frame);
    const known = name !== undefined && fitsScratch(name);
    const slot = known ? engine.settleName(name) : NONE;
    if (slot >= 0) this.#host.settle(slot, frame, null);
    else this.#unmatched(slot, name, frame);
  }
}

function isKey(key) {
  return Number.isSafeInteger(key) && key > 0;
}

function ownBuffer(bytes) {
  return bytes.byteOffset === 0 ? bytes.buffer : bytes.slice().buffer;
}

function isCount(n) {
  return Number.isSafeInteger(n) && n >= 0;
}

/** The members that name a message, of those before chunk: see #message. */
const NAMES = ["hello", "welcome", "token", "ack", "cancel", "error", "refused", "forgotten", "on", "off", "topic", "got", "taken", "parts"];

/** Whether the messages of a frame name all of the bytes behind them. */
function isUsedUp(frame, bytes) {
  for (const message of frame) {
    if (message?.key === undefined || NAMES.some((name) => (message[name] ?? null) !== null)) continue;
    const count = message.chunk ?? ((message.end ?? null) === null ? message.bytes : null);
    if (isCount(count) && count <= bytes) bytes -= count;
  }
  return bytes === 0;
}
