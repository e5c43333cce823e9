import { Early } from "./early.js";
import { SockjaxError, failure, report } from "./errors.js";
import { forGo, socketURL } from "./options.js";
import { Slots } from "./slots.js";
import { byteLength, count, plain, plainName, stringify } from "./wire.js";

/** As flagIdempotent in ../wasm/exports.go. */
const IDEMPOTENT = 1;
/** As record in ../wasm/imports.go: a key (float64), a slot, a kind. */
const RECORD = 16;
const CANCEL = 1;
/** As scratch in ../wasm/exports.go. */
const LONGEST_NAME = 1024;

/**
 * The hands of one client: they hold what never enters Go, the text and the
 * callback of each call, in slots, and do what the engine (../client) decides:
 * put frames together and take them apart.
 *
 * Callbacks and listeners of the page run only from `turn` and `receive`,
 * where no Go frame is on the stack; what Go reports in between is put into
 * `news`.
 */
export class Hands {
  /** The client's number in Go, -1 while there is none. */
  id = -1;
  state = "connecting";
  /** Why no more calls can be made, null as long as they can. */
  ended = null;
  framesIn = 0;
  framesOut = 0;
  unitsIn = 0;
  unitsOut = 0;
  calls = 0;
  replies = 0;
  failures = 0;
  opened = 0;
  unmatched = 0;
  garbage = 0;
  crashes = 0;

  #runtime;
  #url;
  #options;
  #face;
  #go = null; // the exports
  #socket = null;
  #hello = "";
  #turning = false; // turn is scheduled
  #slots = new Slots();
  #early;
  #news = [];
  #drainers = [];
  #asked = 0;
  #closing = null;
  #released;

  /** face is told of changes, errors and unmatched messages. */
  constructor(runtime, url, options, face) {
    this.#runtime = runtime;
    this.#url = url;
    this.#options = options;
    this.#face = face;
    this.#early = new Early(options.queue, (slot, error) => this.#fail(slot, error));
    runtime.add(this);
  }

  // ---- from the page

  send(data, callback, { timeout = this.#options.timeout, signal, idempotent } = {}) {
    const number = ++this.calls;
    const slot = this.#slots.take(callback);
    let text, name, key, problem, cause;
    if (this.#options.protocol === "plain") {
      ({ text, name, key = name, problem, cause } = plain(data));
    } else {
      ({ text, problem, cause } = stringify(data));
      key = number;
    }
    if (problem === undefined && name?.length * 3 > LONGEST_NAME) problem = "the key is too long";
    if (problem !== undefined) {
      this.#fail(slot, new SockjaxError("invalid", "unsent", problem, { cause }));
      return key ?? number;
    }
    if (this.ended) {
      this.#fail(slot, new SockjaxError(this.ended.code, "unsent", this.ended.message));
      return key;
    }
    if (signal) {
      if (signal.aborted) {
        this.#fail(slot, aborted("unsent", signal));
        return key;
      }
      const abort = () => this.#abort(slot, number, signal);
      signal.addEventListener("abort", abort, { once: true });
      this.#slots.cleanups[slot] = () => signal.removeEventListener("abort", abort);
    }
    this.#slots.texts[slot] = text;
    const bytes = byteLength(text);
    const flags = idempotent ? IDEMPOTENT : 0;
    if (this.id < 0) this.#early.add(slot, { number, name, bytes, timeout, flags });
    else this.#submit(slot, number, name, bytes, timeout, flags);
    return key;
  }

  reconnect() {
    if (this.#closing) throw new SockjaxError("closed", "unsent", "the client was closed: make a new one with connect()");
    this.ended = null;
    if (this.id >= 0) {
      this.#go.reconnect(this.id);
      this.schedule();
    } else {
      this.changed("connecting", 0, 0, 0, "");
      this.#runtime.add(this);
    }
  }

  /** Resolves when nothing waits to be sent. */
  drain() {
    return new Promise((resolve) => {
      this.#drainers.push(resolve);
      this.schedule();
    });
  }

  close() {
    this.#closing ??= new Promise((resolve) => {
      this.#released = resolve;
      this.ended = new SockjaxError("closed", "unsent", "the client was closed");
      if (this.id >= 0) {
        this.#go.closeClient(this.id);
        this.schedule();
      } else {
        this.#early.dropAll(this.ended);
        this.changed("closed", 0, 0, 0, "close() was called");
        this.released();
      }
    });
    return this.#closing;
  }

  stats() {
    let { size: pending, size: queued, bytes: queuedBytes } = this.#early;
    let funcs = 0;
    if (this.id >= 0) {
      const at = this.#go.stats(this.id);
      [pending, queued, queuedBytes, , funcs] = new Float64Array(this.#go.mem.buffer, at, 5);
    }
    const { calls, replies, failures, framesIn, framesOut, unitsIn, unitsOut, opened, unmatched, garbage, crashes } = this;
    const { used: slots, capacity: slotCapacity } = this.#slots;
    return {
      pending, queued, queuedBytes, calls, replies, failures, framesOut, framesIn, unitsOut, unitsIn,
      opened, unmatched, garbage, crashes, slots, slotCapacity, funcs,
    };
  }

  // ---- calls

  #submit(slot, number, name, bytes, timeout, flags) {
    if (name === undefined) this.#go.submit(this.id, slot, number, bytes, timeout, flags);
    else this.#go.submitNamed(this.id, slot, number, bytes, timeout, flags, this.#runtime.write(name));
    this.schedule();
  }

  #abort(slot, number, signal) {
    if (this.#early.drop(slot, number, aborted("unsent", signal)) || this.id < 0) return;
    const found = this.#go.abort(this.id, number);
    if (found >= 0) this.#fail(slot, aborted(found & 1 ? "unknown" : "unsent", signal));
  }

  /** Ends a call: the only place where a callback runs. */
  #settle(slot, reply, error) {
    const callback = this.#slots.release(slot);
    if (error === null) this.replies++;
    else this.failures++;
    if (callback === null) return;
    try {
      callback(reply, error);
    } catch (thrown) {
      report(thrown);
    }
  }

  #fail(slot, error) {
    this.#news.push({ slot, error });
    this.schedule();
  }

  // ---- turns

  /** Has turn run in a microtask: what a turn of the page sends shares frames. */
  schedule() {
    if (this.#turning) return;
    this.#turning = true;
    queueMicrotask(this.#turn);
  }

  #turn = () => {
    this.#turning = false;
    this.#deliver();
    if (this.id >= 0) {
      this.#go.flush(this.id);
      this.#runtime.resume();
    }
    if (this.#drainers.length > 0 && this.#queued() === 0) {
      for (const resolve of this.#drainers.splice(0)) resolve();
    }
  };

  #queued() {
    return this.id >= 0 ? this.#go.queued(this.id) : this.#early.size;
  }

  #deliver() {
    // What a callback causes is told in the next turn.
    for (const { slot, error, tell } of this.#news.splice(0)) {
      if (tell) tell();
      else this.#settle(slot, undefined, error);
    }
  }

  // ---- from Go, through safejs: see ../wasm/border.go and socket.go

  failed(slot, code, fate, message) {
    this.#fail(slot, new SockjaxError(code, fate, message));
  }

  changed(state, attempt, delay, closeCode, reason) {
    const previous = this.state;
    if (state === previous) return;
    this.state = state;
    if (state === "open") this.opened++;
    if (state === "closed" && !this.#closing) this.ended = new SockjaxError("closed", "unsent", reason);
    const detail = { state, previous, attempt, delay, closeCode, reason };
    this.#news.push({ tell: () => this.#face.changed(detail, this.ended) });
    this.schedule();
  }

  /** Asks where to connect. answer(url, problem) is called later; null takes the question back. */
  ask(answer) {
    const asked = ++this.#asked;
    if (answer === null) return;
    const reply = (url, problem) => {
      if (asked === this.#asked) answer(url, problem);
    };
    Promise.resolve()
      .then(() => (typeof this.#url === "function" ? this.#url() : this.#url))
      .then((url) => reply(socketURL(url), ""))
      .catch((error) => reply("", String(error?.message || error)));
  }

  attach(socket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
  }

  detach(socket) {
    socket.onmessage = null;
    if (this.#socket === socket) this.#socket = null;
  }

  released() {
    this.#runtime.remove(this);
    this.id = -1;
    this.#released();
  }

  // ---- from Go, by number: imports of ../wasm/imports.go

  hello(session, resume) {
    this.#hello = `{"hello":${JSON.stringify({ session, resume })}}`;
  }

  frame(at, count) {
    const { texts } = this.#slots;
    const { buffer } = this.#go.mem; // a new one each time that Go's memory has grown
    const keys = new Float64Array(buffer, at, (count * RECORD) / 8);
    const words = new Uint32Array(buffer, at, (count * RECORD) / 4);
    if (this.#options.protocol === "plain") {
      this.#write(texts[words[2]]);
      return;
    }
    let text = "[" + this.#hello;
    let comma = this.#hello === "" ? "" : ",";
    this.#hello = "";
    for (let i = 0; i < count; i++) {
      if (words[4 * i + 3] === CANCEL) text += comma + '{"cancel":' + keys[2 * i] + "}";
      else text += comma + '{"key":' + keys[2 * i] + ',"data":' + texts[words[4 * i + 2]] + "}";
      comma = ",";
    }
    this.#write(text + "]");
  }

  word(text) {
    this.#write(text);
  }

  #write(text) {
    this.framesOut++;
    this.unitsOut += text.length;
    // A socket that is closing takes the text and drops it; its close event
    // tells the engine what that means for the calls.
    this.#socket?.send(text);
  }

  // ---- from the socket

  #receive(text) {
    this.framesIn++;
    this.unitsIn += text.length ?? 0;
    this.#go.received(this.id);
    if (text === "ping") this.#go.pinged(this.id);
    else if (text !== "pong") this.#read(text);
    this.schedule();
  }

  #read(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      // A text that is no JSON, or a binary frame.
    }
    if (frame === null || typeof frame !== "object") {
      this.garbage++;
    } else if (this.#options.protocol === "plain") {
      const name = plainName(frame);
      const slot = name === undefined || name.length * 3 > LONGEST_NAME ? -1 : this.#go.settleNamed(this.id, this.#runtime.write(name));
      if (slot >= 0) this.#settle(slot, frame, null);
      else this.#tellUnmatched(name, frame);
    } else if (Array.isArray(frame)) {
      for (const message of frame) {
        if (this.id < 0) return; // a callback closed the client, or wasm has crashed
        this.#message(message);
      }
    } else {
      this.garbage++;
    }
  }

  #message(message) {
    const key = message?.key;
    if (Number.isSafeInteger(key) && key > 0) {
      const slot = this.#go.settle(this.id, key);
      if (this.#runtime.dead) return; // the number means nothing
      if (slot < 0) this.#tellUnmatched(key, message);
      else if (message.error === undefined && message.refused === undefined) this.#settle(slot, message.data ?? null, null);
      else this.#settle(slot, undefined, failure(message));
    } else if (message?.welcome) {
      const { resumed, heartbeat, limits } = message.welcome;
      this.#go.welcome(this.id, resumed === true ? 1 : 0, count(heartbeat), count(limits?.frame), count(limits?.requests));
    } else if (key !== undefined || message === null || typeof message !== "object") {
      this.garbage++; // anything else is a message of a later version
    }
  }

  #tellUnmatched(key, message) {
    this.unmatched++;
    this.#face.unmatched({ key, message });
  }

  // ---- from the runtime

  /** There is an engine: gives it the calls that waited for it. */
  begin(go, connect) {
    this.#go = go;
    this.id = connect(this, forGo(this.#options)) ?? -1; // undefined if Go panicked
    if (this.id < 0) return;
    for (const [slot, { number, name, bytes, timeout, flags }] of this.#early.takeAll()) {
      this.#submit(slot, number, name, bytes, timeout, flags);
    }
  }

  /** The engine is gone, and its socket with it. */
  crashed(message) {
    this.crashes++;
    this.id = -1;
    this.#asked++;
    if (this.#socket) {
      for (const handler of ["onopen", "onmessage", "onerror", "onclose"]) this.#socket[handler] = null;
      this.#socket.close();
      this.#socket = null;
    }
    this.#hello = "";
    const told = new Set(this.#news.map(({ slot }) => slot));
    for (const slot of this.#slots.taken()) {
      if (!told.has(slot)) this.#fail(slot, new SockjaxError("crashed", "unknown", message));
    }
    if (this.#closing) {
      this.changed("closed", 0, 0, 0, "close() was called");
      this.released();
    } else {
      this.changed("connecting", 0, 0, 0, message);
    }
  }

  /** There will be no engine. */
  failedToLoad(error) {
    this.changed("closed", 0, 0, 0, error.message);
    this.ended = new SockjaxError("crashed", "unsent", error.message, { cause: error });
    this.#early.dropAll(this.ended);
  }
}

function aborted(fate, signal) {
  return new SockjaxError("aborted", fate, "the call was aborted", { cause: signal.reason });
}
