import { CODE_INVALID, DEAD, ITEM_CANCEL, ITEM_SLOT, ITEM_WORDS, NONE, PING, PONG, SEND_ALL, SEND_NOTHING, SEND_NO_PARTS } from "../shared/abi.js";
import { Binary } from "./binary.js";
import { binaryFrame, readBinary } from "./exchanges.js";
import { forgotten, notRun, refusal, rejected } from "../shared/errors.js";
import { fitsScratch } from "../shared/names.js";
import { readAuthorized, readError, readWelcome } from "./messages.js";
import { byteLength, plainName } from "./wire.js";

/**
 * A browser takes whatever it is given into memory. With more bytes than this
 * waiting in there, further frames stay with the engine, where calls can
 * still be aborted, and count for the queue's bounds.
 */
const HIGH_WATER = 1024 * 1024;
/** With more than this, no parts of bodies follow: a small call would wait behind them. */
const PARTS_WATER = 256 * 1024;
/** A cancel, as an item has it. */
const CANCEL = 1;
/** Characters that a server may send while the store notes a loss. */
const MOST_HELD = 16 * 1024 * 1024;

/**
 * A client's socket, as far as each frame is concerned: puts frames together
 * of what the engine wants sent, and takes apart those that arrive. The
 * socket's other events go to Go (../../wasm/socket.go).
 */
export class Frames {
  received = 0;
  sent = 0;
  unitsReceived = 0;
  unitsSent = 0;
  garbage = 0;

  #host;
  #texts;
  #exchanges;
  #plain;
  #socket = null;
  #parts = null; // of the next frame: where they stand, and how many
  #bytes = null; // takes the bytes of a message, in a binary frame
  #binary = new Binary();
  #prefix = "";
  #welcomed = false; // on this socket
  #held = null; // texts that have arrived while the loss of the session is noted
  #heldUnits = 0;

  /** texts are those of the slots, and exchanges what some have beside. */
  constructor(host, texts, exchanges, plain) {
    this.#host = host;
    this.#texts = texts;
    this.#exchanges = exchanges;
    this.#plain = plain;
  }

  attach(socket) {
    this.#host.topics.lost();
    this.#socket = socket;
    this.#prefix = "";
    this.#welcomed = false;
    this.#binary.reset();
    this.#held = null;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
  }

  detach(socket) {
    socket.onmessage = null;
    if (this.#socket !== socket) return;
    this.#host.topics.lost();
    this.#socket = this.#held = null;
  }

  /** Returns what a close event of the socket means to an engine: {code, reason}. */
  ended(event) {
    return this.#binary.ended(event);
  }

  /** Closes the socket of an engine that is gone. */
  abandon() {
    if (this.#socket === null) return;
    this.#host.topics.lost();
    drop(this.#socket);
    this.#socket = this.#held = null;
  }

  // ---- out: imports of ../../wasm/imports.go

  /** Puts a message in front of the next frame. */
  prefix(message) {
    this.#prefix += (this.#prefix && ",") + JSON.stringify(message);
  }

  get connected() {
    return this.#socket?.readyState === 1; // WebSocket.OPEN
  }

  /** What the socket may be given: one of SEND_ALL and those beside it. */
  get sending() {
    const amount = this.#socket?.bufferedAmount ?? 0;
    if (amount > HIGH_WATER) return SEND_NOTHING;
    return amount > PARTS_WATER ? SEND_NO_PARTS : SEND_ALL;
  }

  /** What goes behind the items of the next frame stands there, so many of it. */
  parts(at, count) {
    this.#parts = [at, count];
  }

  /** Sends the items that stand at an address of Go's memory, in a frame of so many bytes, or in several. */
  frame(words, at, count, limit) {
    const first = at / 4;
    if (this.#plain) this.write(this.#texts[words[first + ITEM_SLOT]]);
    else this.#messages(words, first, count, limit);
  }

  #messages(words, first, count, limit) {
    const messages = new Array(count); // of a series, its pieces
    const chunks = []; // bytes that stand behind them
    const special = this.#exchanges.size > 0;
    let series = false; // the one before goes on
    let last = 0; // request's key
    for (let i = 0, item = first; i < count; i++, item += ITEM_WORDS) {
      const key = words[item] + words[item + 1] * 2 ** 32;
      const kind = words[item + ITEM_CANCEL] & 0xffff;
      if (kind === CANCEL) {
        messages[i] = `{"cancel":${key}}`;
        continue;
      }
      last = key;
      const slot = words[item + ITEM_SLOT];
      const text = this.#texts[slot];
      if (kind !== 0 || (special && this.#exchanges.get(slot) !== undefined)) {
        messages[i] = this.#exchanges.request(slot, key, text, kind !== 0, chunks);
        series = false;
        continue;
      }
      const next = item + ITEM_WORDS;
      const more = i + 1 < count && words[next] === words[item] + 1 && words[next + 1] === words[item + 1] && (words[next + ITEM_CANCEL] & 0xffff) === 0 && !(special && this.#exchanges.get(words[next + ITEM_SLOT]) !== undefined);
      if (series) messages[i] = more ? text : `${text}]`;
      else messages[i] = more ? `[${key},${text}` : `{"key":${key},"data":${text}}`;
      series = more;
    }
    if (this.#prefix !== "") messages.unshift(this.#prefix);
    const parts = this.#parts;
    if (parts !== null) this.#exchanges.parts(words, ...parts, this.#texts, messages, chunks);
    const text = `[${messages.join()}]`;
    if (count > 1 && chunks.length === 0 && text.length * 3 > limit && byteLength(text) > limit) {
      // The engine counts small texts by the character: see countedSize.
      const half = count >> 1;
      this.#parts = null;
      this.#messages(words, first, half, limit);
      this.#parts = parts;
      this.#messages(words, first + half * ITEM_WORDS, count - half, limit);
      return;
    }
    this.#prefix = "";
    this.#parts = null;
    if (chunks.length > 0) this.#send(binaryFrame(text, chunks));
    else this.write(text, last);
  }

  /** key is that of a call in the frame, if there is one. */
  write(text, key = 0) {
    this.#send(this.#plain ? text : this.#binary.encode(text, key), text.length);
  }

  /** A socket that is closing takes what it gets and drops it; its close event tells the engine what that means for the calls. */
  #send(data, units = data.length) {
    this.sent++;
    this.unitsSent += units;
    this.#socket?.send(data);
  }

  // ---- in

  #receive(text) {
    const host = this.#host;
    host.beginTurn();
    try {
      this.#hear(host.engine, text);
    } finally {
      host.endTurn();
    }
  }

  #hear(engine, text) {
    const units = text.length ?? text.byteLength;
    this.received++;
    this.unitsReceived += units;
    engine.received(units);
    if (this.#held === null) this.#take(engine, text);
    else if ((this.#heldUnits += units) > MOST_HELD) this.#socket.close(); // nothing comes any more; the engine connects anew
    else this.#held.push(text);
  }

  #take(engine, text) {
    if (text === PING) engine.pinged();
    else if (text === PONG) engine.ponged();
    else this.#read(engine, text);
  }

  /** Lets what arrives wait, from this frame on, until the store has noted what it means. */
  #hold(text, noted) {
    const held = (this.#held = [text]);
    this.#heldUnits = 0;
    noted.then(() => {
      if (this.#held !== held) return; // the connection has ended
      this.#held = null;
      for (const text of held) this.#take(this.#host.engine, text);
      this.#host.schedule();
    });
  }

  /** All of a frame counts, or nothing of it where it is not JSON to its end. */
  #read(engine, text) {
    let frame;
    this.#bytes = null;
    try {
      if (typeof text === "string") frame = JSON.parse(text);
      else ({ frame, take: this.#bytes } = readBinary(text));
    } catch {
      // A text that is no JSON, or a binary frame that is none of ours.
    }
    if (frame === undefined || frame === null || typeof frame !== "object" || Array.isArray(frame) === this.#plain) {
      this.garbage++;
    } else if (this.#plain) {
      this.#plainReply(engine, frame);
    } else {
      const noted = this.#welcomed ? null : this.#loss(frame);
      if (noted !== null) return this.#hold(text, noted);
      for (const message of frame) {
        if (this.#host.engine !== engine) break; // a callback closed the client, or wasm has crashed
        if (Array.isArray(message)) this.#series(engine, message);
        else this.#message(engine, message);
      }
    }
    this.#host.read(text, frame);
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
    } else if (message.data === undefined && (message.got ?? message.taken ?? message.parts ?? message.chunk ?? message.bytes ?? message.text ?? null) !== null) {
      this.#exchange(engine, key, message);
    } else {
      this.#reply(engine, key, message.data ?? null, message);
    }
  }

  /** What has to do with a stream, a body, or bytes. */
  #exchange(engine, key, message) {
    const heard = this.#exchanges.heard(engine, key, message, this.#bytes);
    if (heard === null) this.garbage++;
    else if (heard.data !== undefined) this.#reply(engine, key, heard.data, message);
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

/** Closes a socket that nobody listens to any more. */
export function drop(socket) {
  for (const handler of ["onopen", "onmessage", "onerror", "onclose"]) socket[handler] = null;
  socket.close();
}
