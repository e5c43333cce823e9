import { DEAD } from "./engine.js";
import { failure, forgotten } from "../shared/errors.js";
import { byteLength, count, outgoing, plainName, readWelcome } from "./wire.js";

/** As item in ../../wasm/imports.go: words of 4 bytes, of which the first two are the key. */
const ITEM = 4;
const SLOT = 2;
const CANCEL = 3; // the first byte
/** As scratch in ../../wasm/exports.go. */
export const LONGEST_NAME = 1024;
/**
 * A browser takes whatever it is given into memory. With more bytes than this
 * waiting in there, further frames stay with the engine, where calls can
 * still be aborted, and count for the queue's bounds.
 */
const HIGH_WATER = 1024 * 1024;
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
  #plain;
  #socket = null;
  #prefix = "";
  #held = null; // texts that have arrived while the loss of the session is noted
  #heldUnits = 0;

  /** texts are those of the slots. */
  constructor(host, texts, plain) {
    this.#host = host;
    this.#texts = texts;
    this.#plain = plain;
  }

  attach(socket) {
    this.#socket = socket;
    this.#prefix = "";
    this.#held = null;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
  }

  detach(socket) {
    socket.onmessage = null;
    if (this.#socket === socket) this.#socket = this.#held = null;
  }

  /** Closes the socket of an engine that is gone. */
  abandon() {
    if (this.#socket === null) return;
    drop(this.#socket);
    this.#socket = this.#held = null;
  }

  // ---- out: imports of ../../wasm/imports.go

  /** Puts a message in front of the next frame. */
  prefix(message) {
    this.#prefix += (this.#prefix && ",") + JSON.stringify(message);
  }

  /** The socket has more to send than it should. */
  get congested() {
    return this.#socket !== null && this.#socket.bufferedAmount > HIGH_WATER;
  }

  /** Sends the items that stand at an address of Go's memory, in a frame of so many bytes, or in several. */
  frame({ words }, at, count, limit) {
    const first = at / 4;
    if (this.#plain) this.write(this.#texts[words[first + SLOT]]);
    else this.#messages(words, first, count, limit);
  }

  #messages(words, first, count, limit) {
    const messages = new Array(count); // of a series, its pieces
    let series = false; // the one before goes on
    for (let i = 0, item = first; i < count; i++, item += ITEM) {
      const key = words[item] + words[item + 1] * 2 ** 32;
      if (words[item + CANCEL] & 1) {
        messages[i] = `{"cancel":${key}}`;
        continue;
      }
      const text = this.#texts[words[item + SLOT]];
      const next = item + ITEM;
      const more = i + 1 < count && words[next] === words[item] + 1 && words[next + 1] === words[item + 1] && !(words[next + CANCEL] & 1);
      if (series) messages[i] = more ? text : `${text}]`;
      else messages[i] = more ? `[${key},${text}` : `{"key":${key},"data":${text}}`;
      series = more;
    }
    if (this.#prefix !== "") messages.unshift(this.#prefix);
    const text = `[${messages.join()}]`;
    if (count > 1 && text.length * 3 > limit && byteLength(text) > limit) {
      // The engine counts small texts by the character: see countedSize.
      const half = count >> 1;
      this.#messages(words, first, half, limit);
      this.#messages(words, first + half * ITEM, count - half, limit);
      return;
    }
    this.#prefix = "";
    this.write(text);
  }

  write(text) {
    this.sent++;
    this.unitsSent += text.length;
    // A socket that is closing takes the text and drops it; its close event
    // tells the engine what that means for the calls.
    this.#socket?.send(this.#plain ? text : outgoing(text));
  }

  // ---- in

  #receive(text) {
    const { engine } = this.#host;
    const units = text.length ?? text.byteLength;
    this.received++;
    this.unitsReceived += units;
    engine.received(units);
    if (this.#held === null) this.#take(engine, text);
    else if ((this.#heldUnits += units) > MOST_HELD) this.#socket.close(); // nothing comes any more; the engine connects anew
    else this.#held.push(text);
    this.#host.schedule();
  }

  #take(engine, text) {
    if (text === "ping") engine.pinged();
    else if (text === "pong") engine.ponged();
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

  #read(engine, text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      // A text that is no JSON, or a binary frame.
    }
    if (frame === undefined || frame === null || typeof frame !== "object") {
      this.garbage++;
    } else if (this.#plain) {
      this.#plainReply(engine, frame);
    } else if (Array.isArray(frame)) {
      const noted = frame[0]?.welcome && frame[0].welcome.resumed !== true ? this.#host.noteLoss() : null;
      if (noted !== null) return this.#hold(text, noted);
      for (const message of frame) {
        if (this.#host.engine !== engine) return; // a callback closed the client, or wasm has crashed
        if (Array.isArray(message)) this.#series(engine, message);
        else this.#message(engine, message);
      }
    } else {
      this.garbage++;
    }
  }

  /** The key of the first reply, then the data of this one and of those that follow. */
  #series(engine, series) {
    const [first] = series;
    const { length } = series;
    if (!(Number.isSafeInteger(first) && first > 0 && length > 1 && Number.isSafeInteger(first + (length - 2)))) {
      this.garbage++;
      return;
    }
    for (let i = 1; i < length; i++) {
      if (this.#host.engine !== engine) return;
      this.#reply(engine, first + (i - 1), series[i], null);
    }
  }

  #reply(engine, key, data, message) {
    const slot = engine.settle(key);
    if (slot >= 0) this.#host.settle(slot, data, null);
    else this.#unmatched(slot, key, message ?? { key, data });
  }

  #message(engine, message) {
    const key = message?.key;
    if (Number.isSafeInteger(key) && key > 0) {
      if (message.error === undefined && message.refused === undefined && message.forgotten !== true) {
        this.#reply(engine, key, message.data ?? null, message);
      } else {
        this.#failure(engine, key, message);
      }
    } else if (message?.welcome) {
      engine.welcome(readWelcome(message.welcome, this.#host.session));
    } else if (message?.token) {
      engine.authorized(count(message.token.expires));
    } else if (key !== undefined || message === null || typeof message !== "object") {
      this.garbage++; // anything else is a message of a later version
    }
  }

  /** Only an error is an outcome: the handler ran. */
  #failure(engine, key, message) {
    const { error, refused } = message;
    let slot;
    if (error !== undefined) slot = engine.settle(key);
    else if (refused !== undefined) slot = engine.refused(key, refused?.code === "invalid" ? -1 : count(refused?.after));
    else slot = engine.drop(key);
    if (slot >= 0) this.#host.settle(slot, undefined, error === undefined && refused === undefined ? forgotten() : failure(message));
    else if (error !== undefined) this.#unmatched(slot, key, message);
  }

  #unmatched(slot, key, message) {
    if (slot !== DEAD) this.#host.tellUnmatched(key, message);
  }

  #plainReply(engine, frame) {
    const name = plainName(frame);
    const known = name !== undefined && name.length * 3 <= LONGEST_NAME;
    const slot = known ? engine.settleName(name) : -1;
    if (slot >= 0) this.#host.settle(slot, frame, null);
    else this.#unmatched(slot, name, frame);
  }
}

/** Closes a socket that nobody listens to any more. */
export function drop(socket) {
  for (const handler of ["onopen", "onmessage", "onerror", "onclose"]) socket[handler] = null;
  socket.close();
}
