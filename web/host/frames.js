import { ITEM_SLOT, PING, PONG, SEND_ALL, SEND_NOTHING, SEND_NO_PARTS } from "../shared/abi.js";
import { Binary } from "./binary.js";
import { Incoming } from "./incoming.js";
import { Outgoing } from "./outgoing.js";

/**
 * A browser takes whatever it is given into memory. With more bytes than this
 * waiting in there, further frames stay with the engine, where calls can
 * still be aborted, and count for the queue's bounds.
 */
const HIGH_WATER = 1024 * 1024;
/** With more than this, no parts of bodies follow: a small call would wait behind them. */
const PARTS_WATER = 512 * 1024;
/** Characters that a server may send while the store notes a loss. */
const MOST_HELD = 16 * 1024 * 1024;

/**
 * A client's socket, as far as each frame is concerned: sends what outgoing.js
 * puts together, and has incoming.js take apart what arrives. The socket's other
 * events go to Go (../../wasm/socket.go).
 */
export class Frames {
  received = 0;
  sent = 0;
  unitsReceived = 0;
  unitsSent = 0;

  #host;
  #texts;
  #exchanges;
  #plain;
  #socket = null;
  #binary = new Binary();
  #outgoing;
  #incoming;
  #held = null; // texts that have arrived while the loss of the session is noted
  #heldUnits = 0;

  /** texts are those of the slots, and exchanges what some have beside. */
  constructor(host, texts, exchanges, plain) {
    this.#host = host;
    this.#texts = texts;
    this.#exchanges = exchanges;
    this.#plain = plain;
    this.#outgoing = new Outgoing(texts, exchanges);
    this.#incoming = new Incoming(host, exchanges, this.#binary, plain);
  }

  attach(socket) {
    this.#host.topics.lost();
    this.#socket = socket;
    this.#binary.reset();
    this.#outgoing.reset();
    this.#incoming.reset();
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
    const end = this.#binary.ended(event);
    if (this.#binary.refused) this.#exchanges.onlyTexts();
    return end;
  }

  /** Closes the socket of an engine that is gone. */
  abandon() {
    if (this.#socket === null) return;
    this.#host.topics.lost();
    drop(this.#socket);
    this.#socket = this.#held = null;
  }

  get garbage() {
    return this.#incoming.garbage;
  }

  // ---- out: imports of ../../wasm/imports.go

  /** Puts a message in front of the next frame. */
  prefix(message) {
    this.#outgoing.prefix(message);
  }

  /** What goes behind the items of the next frame stands there, so many of it. */
  parts(at, count) {
    this.#outgoing.parts(at, count);
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

  /** Sends the items that stand at an address of Go's memory, in a frame of so many bytes, or in several. Returns what may be sent next. */
  frame(words, at, count, limit) {
    const first = at / 4;
    if (this.#plain) this.write(this.#texts[words[first + ITEM_SLOT]]);
    else this.#outgoing.frames(words, first, count, limit, this.#write);
    return this.sending;
  }

  #write = (text, bytes, key) => {
    if (bytes.length === 0) this.write(text, key);
    else this.#send(this.#binary.encodeBytes(text, bytes, key));
  };

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

  #receive(data) {
    const host = this.#host;
    host.beginTurn();
    try {
      this.#hear(host.engine, data);
    } finally {
      host.endTurn();
    }
  }

  #hear(engine, data) {
    const units = data.length ?? data.byteLength;
    this.received++;
    this.unitsReceived += units;
    engine.received(units);
    if (this.#held === null) this.#take(engine, data);
    else if ((this.#heldUnits += units) > MOST_HELD) this.#socket.close(); // nothing comes any more; the engine connects anew
    else this.#held.push(data);
  }

  #take(engine, data) {
    if (data === PING) return engine.pinged();
    if (data === PONG) return engine.ponged();
    const noted = this.#incoming.read(engine, data);
    if (noted !== null) this.#hold(data, noted);
  }

  /** Lets what arrives wait, from this frame on, until the store has noted what it means. */
  #hold(data, noted) {
    const held = (this.#held = [data]);
    this.#heldUnits = 0;
    noted.then(() => {
      if (this.#held !== held) return; // the connection has ended
      this.#held = null;
      for (const data of held) this.#take(this.#host.engine, data);
      this.#host.schedule();
    });
  }
}

/** Closes a socket that nobody listens to any more. */
export function drop(socket) {
  for (const handler of ["onopen", "onmessage", "onerror", "onclose"]) socket[handler] = null;
  socket.close();
}
