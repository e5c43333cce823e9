import { Early } from "./early.js";
import { SockjaxError, report } from "./errors.js";
import { Frames, LONGEST_NAME } from "./frames.js";
import { forGo, socketURL } from "./options.js";
import { Slots } from "./slots.js";
import { countedSize, notJSON, plain } from "./wire.js";

/** As flagIdempotent in ../wasm/exports.go. */
const IDEMPOTENT = 1;

/**
 * The hands of one client: they hold what never enters Go, the text and the
 * callback of each call, in slots, and do what the engine (../client) decides.
 *
 * Callbacks and listeners of the page run only from `#turn` and from the
 * arrival of a frame (frames.js), where no Go frame is on the stack; what Go
 * reports in between is put into `#news`.
 */
export class Hands {
  /** The client's number in Go, -1 while there is none. */
  id = -1;
  state = "connecting";
  /** Why no more calls can be made, null as long as they can. */
  ended = null;
  /** The exports of ../wasm/exports.go, null before there are any. */
  go = null;
  calls = 0;
  replies = 0;
  failures = 0;
  opened = 0;
  unmatched = 0;
  crashes = 0;

  #runtime;
  #url;
  #options;
  #face;
  #turning = false; // turn is scheduled
  #slots = new Slots();
  #frames;
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
    this.#frames = new Frames(this, runtime, this.#slots.texts, options.protocol === "plain");
    this.#early = new Early(options.queue, (slot, error) => this.#fail(slot, error));
    runtime.add(this);
  }

  // ---- from the page

  send(data, callback, { timeout = this.#options.timeout, signal, idempotent } = {}) {
    const slot = this.#slots.take(callback);
    let text, name, key, problem, cause;
    try {
      text = JSON.stringify(data);
      if (text !== undefined && this.#options.protocol === "plain") ({ text, name, key = name, problem } = plain(data, text));
    } catch (thrown) {
      cause = thrown;
      text = undefined;
    }
    // Not earlier: a toJSON or a getter may have made calls of its own, and
    // the engine wants keys to grow from one submit to the next.
    const number = ++this.calls;
    key ??= number;
    if (text === undefined) problem ??= notJSON(data, cause);
    if (name?.length * 3 > LONGEST_NAME) problem = "the key is too long";
    if (problem !== undefined) {
      this.#fail(slot, new SockjaxError("invalid", "unsent", problem, { cause }));
      return key;
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
    const bytes = countedSize(text);
    const flags = idempotent ? IDEMPOTENT : 0;
    if (this.id < 0) this.#early.add(slot, { number, name, bytes, timeout, flags });
    else this.#submit(slot, number, name, bytes, timeout, flags);
    return key;
  }

  reconnect() {
    if (this.#closing) throw new SockjaxError("closed", "unsent", "the client was closed: make a new one with connect()");
    this.ended = null;
    if (this.id >= 0) {
      this.go.reconnect(this.id);
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
        this.go.closeClient(this.id);
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
      const at = this.go.stats(this.id);
      [pending, queued, queuedBytes, , funcs] = new Float64Array(this.go.mem.buffer, at, 5);
    }
    const { calls, replies, failures, opened, unmatched, crashes } = this;
    const { sent: framesOut, received: framesIn, unitsSent: unitsOut, unitsReceived: unitsIn, garbage } = this.#frames;
    const { used: slots, capacity: slotCapacity } = this.#slots;
    return {
      pending, queued, queuedBytes, calls, replies, failures, framesOut, framesIn, unitsOut, unitsIn,
      opened, unmatched, garbage, crashes, slots, slotCapacity, funcs,
    };
  }

  // ---- calls

  #submit(slot, number, name, bytes, timeout, flags) {
    if (name === undefined) this.go.submit(this.id, slot, number, bytes, timeout, flags);
    else this.go.submitNamed(this.id, slot, number, bytes, timeout, flags, this.#runtime.write(name));
    this.schedule();
  }

  #abort(slot, number, signal) {
    if (this.#early.drop(slot, number, aborted("unsent", signal)) || this.id < 0) return;
    const found = this.go.abort(this.id, number);
    if (found >= 0) this.#fail(slot, aborted(found & 1 ? "unknown" : "unsent", signal));
  }

  /** Ends a call: the only place where a callback runs. */
  settle(slot, reply, error) {
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

  /** A message came that no call waits for. */
  tellUnmatched(key, message) {
    this.unmatched++;
    this.#face.unmatched({ key, message });
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
      this.go.flush(this.id);
      this.#runtime.resume();
    }
    if (this.#drainers.length > 0 && this.#queued() === 0) {
      for (const resolve of this.#drainers.splice(0)) resolve();
    }
  };

  #queued() {
    return this.id >= 0 ? this.go.queued(this.id) : this.#early.size;
  }

  #deliver() {
    // What a callback causes is told in the next turn.
    for (const { slot, error, tell } of this.#news.splice(0)) {
      if (tell) tell();
      else this.settle(slot, undefined, error);
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
    this.#frames.attach(socket);
  }

  detach(socket) {
    this.#frames.detach(socket);
  }

  released() {
    this.#runtime.remove(this);
    this.id = -1;
    this.#released();
  }

  // ---- from Go, by number: imports of ../wasm/imports.go

  hello(session, resume) {
    this.#frames.hello(session, resume);
  }

  frame(at, count) {
    this.#frames.frame(this.go.mem, at, count);
  }

  word(text) {
    this.#frames.write(text);
  }

  // ---- from the runtime

  /** There is an engine: gives it the calls that waited for it. */
  begin(go, connect) {
    this.go = go;
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
    this.#frames.abandon();
    this.#early.clear(); // all slots are told below
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
