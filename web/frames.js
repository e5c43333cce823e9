import { failure } from "./errors.js";
import { byteLength, count, plainName } from "./wire.js";

/** As record in ../wasm/imports.go: a key (float64), a slot, a kind. */
const RECORD = 16;
const CANCEL = 1;
/** As scratch in ../wasm/exports.go. */
export const LONGEST_NAME = 1024;
/** As FirstFrame in ../protocol: bytes that a frame may have before the welcome. */
const FIRST_FRAME = 64 * 1024;

/**
 * A client's socket, as far as each frame is concerned: puts frames together
 * of what the engine wants sent, and takes apart those that arrive. The
 * socket's other events go to Go (../wasm/socket.go).
 */
export class Frames {
  received = 0;
  sent = 0;
  unitsReceived = 0;
  unitsSent = 0;
  garbage = 0;

  #hands;
  #runtime;
  #texts;
  #plain;
  #socket = null;
  #hello = "";
  #limit = FIRST_FRAME;

  /** texts are those of the slots. */
  constructor(hands, runtime, texts, plain) {
    this.#hands = hands;
    this.#runtime = runtime;
    this.#texts = texts;
    this.#plain = plain;
  }

  attach(socket) {
    this.#socket = socket;
    this.#limit = FIRST_FRAME;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
  }

  detach(socket) {
    socket.onmessage = null;
    if (this.#socket === socket) this.#socket = null;
  }

  /** Closes the socket of an engine that is gone. */
  abandon() {
    this.#hello = "";
    if (this.#socket === null) return;
    for (const handler of ["onopen", "onmessage", "onerror", "onclose"]) this.#socket[handler] = null;
    this.#socket.close();
    this.#socket = null;
  }

  // ---- out: imports of ../wasm/imports.go

  /** Puts a hello in front of the next frame. */
  hello(session, resume) {
    this.#hello = `{"hello":${JSON.stringify({ session, resume })}}`;
  }

  /** Sends the records that stand at an address of Go's memory. */
  frame({ buffer }, at, count) {
    const keys = new Float64Array(buffer, at, (count * RECORD) / 8);
    const words = new Uint32Array(buffer, at, (count * RECORD) / 4);
    if (this.#plain) this.write(this.#texts[words[2]]);
    else this.#messages(keys, words, 0, count);
  }

  #messages(keys, words, from, to) {
    let text = "[" + this.#hello;
    let comma = this.#hello === "" ? "" : ",";
    for (let i = from; i < to; i++) {
      if (words[4 * i + 3] === CANCEL) text += comma + '{"cancel":' + keys[2 * i] + "}";
      else text += comma + '{"key":' + keys[2 * i] + ',"data":' + this.#texts[words[4 * i + 2]] + "}";
      comma = ",";
    }
    text += "]";
    if (to - from > 1 && text.length * 3 > this.#limit && byteLength(text) > this.#limit) {
      // The engine counts small texts by the character: see countedSize.
      const middle = (from + to) >> 1;
      this.#messages(keys, words, from, middle);
      this.#messages(keys, words, middle, to);
      return;
    }
    this.#hello = "";
    this.write(text);
  }

  write(text) {
    this.sent++;
    this.unitsSent += text.length;
    // A socket that is closing takes the text and drops it; its close event
    // tells the engine what that means for the calls.
    this.#socket?.send(text);
  }

  // ---- in

  #receive(text) {
    const { go, id } = this.#hands;
    this.received++;
    this.unitsReceived += text.length ?? text.byteLength;
    go.received(id);
    if (text === "ping") go.pinged(id);
    else if (text !== "pong") this.#read(text);
    this.#hands.schedule();
  }

  #read(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      // A text that is no JSON, or a binary frame.
    }
    if (frame === undefined || frame === null || typeof frame !== "object") {
      this.garbage++;
    } else if (this.#plain) {
      this.#plainReply(frame);
    } else if (Array.isArray(frame)) {
      for (const message of frame) {
        if (this.#hands.id < 0) return; // a callback closed the client, or wasm has crashed
        this.#message(message);
      }
    } else {
      this.garbage++;
    }
  }

  #message(message) {
    const hands = this.#hands;
    const key = message?.key;
    if (Number.isSafeInteger(key) && key > 0) {
      const slot = hands.go.settle(hands.id, key);
      if (this.#runtime.dead) return; // the number means nothing
      if (slot < 0) hands.tellUnmatched(key, message);
      else if (message.error === undefined && message.refused === undefined) hands.settle(slot, message.data ?? null, null);
      else hands.settle(slot, undefined, failure(message));
    } else if (message?.welcome) {
      const { resumed, heartbeat, limits } = message.welcome;
      this.#limit = Math.max(FIRST_FRAME, count(limits?.frame));
      hands.go.welcome(hands.id, resumed === true ? 1 : 0, count(heartbeat), count(limits?.frame), count(limits?.requests));
    } else if (key !== undefined || message === null || typeof message !== "object") {
      this.garbage++; // anything else is a message of a later version
    }
  }

  #plainReply(frame) {
    const { go, id } = this.#hands;
    const name = plainName(frame);
    const known = name !== undefined && name.length * 3 <= LONGEST_NAME;
    const slot = known ? go.settleNamed(id, this.#runtime.write(name)) : -1;
    if (this.#runtime.dead) return;
    if (slot < 0) this.#hands.tellUnmatched(name, frame);
    else this.#hands.settle(slot, frame, null);
  }
}
