import { Address } from "./address.js";
import { Durable } from "../store/durable.js";
import { Bootstrap } from "./bootstrap.js";
import { Engine } from "./engine.js";
import { SockjaxError, aborted, report } from "../shared/errors.js";
import { Frames, LONGEST_NAME } from "./frames.js";
import { forGo } from "./go-options.js";
import { Slots } from "./slots.js";
import { countedSize, notJSON, plain, uuid } from "./wire.js";

/** As flagIdempotent and flagSent in ../../wasm/exports.go. */
const IDEMPOTENT = 1;
const SENT = 2;

/** Milliseconds after which a congested socket is looked at again: it has no event for that. */
const BREATH = 10;

/**
 * The host of one client: they hold what never enters Go, the text and the
 * callback of each call, in slots, and do what the engine (../../internal/engine) decides.
 *
 * Callbacks and listeners of the page run only from `#turn` and from the
 * arrival of a frame (frames.js), where no Go frame is on the stack; what Go
 * reports in between is put into `#news`.
 */
export class Host {
  /** The client's number in Go, -1 while there is none. */
  id = -1;
  state = "connecting";
  /** The state that the page has been told of. More than one change may come before a turn. */
  told = "connecting";
  /** Why no more calls can be made, null as long as they can. */
  ended = null;
  /** An Engine, or an Bootstrap as long as there is none. */
  engine;
  /** The uuid that names this client to the server. Each engine has one of its own. */
  session;
  calls = 0;
  replies = 0;
  failures = 0;
  opened = 0;
  unmatched = 0;
  crashes = 0;

  #runtime;
  #address;
  #options;
  #face;
  #turning = false; // turn is scheduled
  #breathing = false; // breathe is
  #slots = new Slots();
  #frames;
  #durable = null; // made for the first durable call
  #news = [];
  #drainers = [];
  #closing = null;
  #released;

  /** face is told of changes, errors and unmatched messages; session is that of an earlier life, to go on with. */
  constructor(runtime, url, options, face, session) {
    this.#runtime = runtime;
    this.#address = new Address(url, options.token);
    this.#options = options;
    this.#face = face;
    this.#frames = new Frames(this, this.#slots.texts, options.protocol === "plain");
    this.#renew(session);
    if (options.protocol === "sockjax.1" && session === undefined) this.engine.open(this.#address);
    runtime.add(this);
  }

  /** A new life, or one to go on with. */
  #renew(session) {
    this.session = session ?? uuid();
    this.#wait(session !== undefined);
  }

  /** There is no engine. */
  #wait(resume) {
    this.engine = new Bootstrap(this, this.#frames, this.#slots.texts, this.#options.queue, resume);
  }

  // ---- from the page

  send(data, callback, { timeout = this.#options.timeout, signal, idempotent, durable } = {}) {
    if (durable) this.#durable ??= new Durable(this, this.#options, this.#slots.texts); // throws
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
      this.fail(slot, new SockjaxError("invalid", "unsent", problem, { cause }));
      return key;
    }
    if (this.ended) {
      this.fail(slot, new SockjaxError(this.ended.code, "unsent", this.ended.message));
      return key;
    }
    if (signal) {
      if (signal.aborted) {
        this.fail(slot, aborted("unsent", signal));
        return key;
      }
      const abort = () => this.#abort(slot, number, signal);
      signal.addEventListener("abort", abort, { once: true });
      this.#slots.atRelease(slot, () => signal.removeEventListener("abort", abort));
    }
    this.#slots.texts[slot] = text;
    const bytes = countedSize(text);
    const flags = idempotent ? IDEMPOTENT : 0;
    if (durable) {
      this.#slots.atRelease(slot, () => this.#durable.over(number));
      this.#durable.submit(slot, number, bytes, timeout, flags, Boolean(idempotent));
    } else {
      this.engine.submit(slot, number, name, bytes, timeout, flags);
      this.schedule();
    }
    return key;
  }

  /** Makes a call that an earlier life of the session has stored, and perhaps sent: see recovery.js. */
  resend({ key, text, size, idempotent, sent }, callback) {
    const slot = this.#slots.take(callback);
    this.#slots.texts[slot] = text;
    if (this.ended) return this.fail(slot, new SockjaxError("closed", sent ? "unknown" : "unsent", this.ended.message));
    this.engine.submit(slot, key, undefined, size, 0, (idempotent ? IDEMPOTENT : 0) | (sent ? SENT : 0));
    this.schedule();
  }

  reconnect() {
    if (this.#closing) throw new SockjaxError("closed", "unsent", "the client was closed: make a new one with connect()");
    this.ended = null;
    if (this.id >= 0) {
      this.engine.reconnect();
      this.schedule();
    } else {
      if (this.state === "closed") this.changed("connecting", 0, 0, 0, "");
      this.#runtime.add(this);
    }
  }

  nudge() {
    this.engine.nudge();
    this.schedule();
  }

  pause() {
    this.engine.pause();
    this.schedule();
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
      this.#durable?.failAll("closed", this.ended.message);
      if (this.id >= 0) {
        this.engine.close();
        this.schedule();
      } else {
        this.engine.failAll("closed", this.ended.message);
        this.changed("closed", 0, 0, 0, "close() was called");
        this.engine.close();
        this.released();
      }
    });
    return this.#closing.then(() => this.#durable?.settled());
  }

  stats() {
    const { calls, replies, failures, opened, unmatched, crashes } = this;
    const { sent: framesOut, received: framesIn, unitsSent: unitsOut, unitsReceived: unitsIn, garbage } = this.#frames;
    const { used: slots, capacity: slotCapacity } = this.#slots;
    const waiting = this.engine.stats();
    this.#durable?.addTo(waiting);
    return {
      ...waiting,
      calls, replies, failures, framesOut, framesIn, unitsOut, unitsIn, opened, unmatched, garbage, crashes, slots, slotCapacity,
    };
  }

  // ---- calls

  #abort(slot, number, signal) {
    const fate = this.#durable?.abort(number) ?? this.engine.abort(number);
    if (fate !== null) this.fail(slot, aborted(fate, signal));
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

  /** Ends a call in the next turn. */
  fail(slot, error) {
    this.#news.push({ slot, error });
    this.schedule();
  }

  /**
   * The server does not know the session any more. If that makes an end of
   * calls in the store, the store must have noted it before the server learns
   * that this page has heard so: from then on the session can be resumed, and
   * a page that finds such a call would send it, and it would run twice.
   * Returns a Promise, or null if there is nothing to wait for.
   */
  noteLoss() {
    return this.#durable?.noteLoss() ?? this.#face.noteLoss?.() ?? null;
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
    if (this.#news.length > 0) this.#deliver();
    const { congested } = this.#frames;
    this.engine.flush(congested);
    if ((congested || this.#frames.congested) && !this.#breathing) {
      this.#breathing = true;
      setTimeout(this.#breathe, BREATH);
    }
    if (this.#drainers.length > 0 && this.engine.queued + (this.#durable?.queued ?? 0) === 0) {
      for (const resolve of this.#drainers.splice(0)) resolve();
    }
  };

  #breathe = () => {
    this.#breathing = false;
    this.schedule();
  };

  #deliver() {
    // What a callback causes is told in the next turn.
    for (const { slot, error, tell } of this.#news.splice(0)) {
      if (tell) tell();
      else this.settle(slot, undefined, error);
    }
  }

  // ---- from Go, through safejs: see ../../wasm/bridge.go and socket.go

  failed(slot, code, fate, message) {
    this.fail(slot, new SockjaxError(code, fate, message));
  }

  changed(state, attempt, delay, closeCode, reason) {
    const previous = this.state;
    if (state === previous) return;
    this.state = state;
    if (state === "open") this.opened++;
    if (state === "closed" && !this.#closing) this.ended = new SockjaxError("closed", "unsent", reason);
    this.#durable?.changed(state, reason);
    const detail = { state, previous, attempt, delay, closeCode, reason };
    const tell = () => {
      this.told = state;
      this.#face.changed(detail, this.ended);
    };
    this.#news.push({ tell });
    this.schedule();
  }

  /** Asks where to connect: see Address. */
  ask(answer) {
    this.#address.askURL(answer);
  }

  askToken(answer) {
    this.#address.askToken(answer);
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
    this.#wait(false);
    this.#released();
  }

  // ---- from Go, by number: imports of ../../wasm/imports.go

  prefix(message) {
    this.#frames.prefix(message);
  }

  /** Returns whether that is enough for now. */
  frame(at, count, limit) {
    this.#frames.frame(this.engine.memory, at, count, limit);
    return this.#frames.congested;
  }

  word(text) {
    this.#frames.write(text);
  }

  // ---- from the runtime

  /** The first connection is there, or has failed: an engine may take over. */
  join() {
    this.#runtime.add(this);
  }

  /** No engine should begin yet. */
  get busy() {
    return this.id < 0 && this.engine.opening;
  }

  /** There is an engine: gives it what was begun without. */
  begin(go, connect) {
    const bootstrap = this.engine;
    bootstrap.flush(this.#frames.congested); // the engine knows nothing of what it still has to tell the server
    const id = connect(this, { ...forGo(this.#options), session: this.session, ...bootstrap.handover() }) ?? -1; // undefined if Go panicked
    if (id < 0) return;
    this.id = id;
    this.engine = new Engine(this.#runtime, go, id);
    if (bootstrap.welcomed !== null) this.engine.welcome(bootstrap.welcomed);
    for (const { slot, number, name, bytes, timeout, flags, sent } of bootstrap.takeAll()) {
      this.engine.submit(slot, number, name, bytes, timeout, sent ? flags | SENT : flags);
    }
    if (bootstrap.paused) this.pause();
    else if (bootstrap.nudged) this.nudge();
    this.schedule();
  }

  /** The engine is gone, and its socket with it. */
  crashed(message) {
    if (this.id < 0) return; // it was not this client's
    this.crashes++;
    this.id = -1;
    this.#address.forget();
    this.#frames.abandon();
    this.#renew();
    this.#durable?.crashed(message);
    const told = new Set(this.#news.map(({ slot }) => slot));
    for (const slot of this.#slots.taken()) {
      if (!told.has(slot)) this.fail(slot, new SockjaxError("crashed", "unknown", message));
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
    this.#durable?.failAll("crashed", error.message, error);
    this.changed("closed", 0, 0, 0, error.message);
    this.ended = new SockjaxError("crashed", "unsent", error.message, { cause: error });
    this.engine.failAll("crashed", error.message, error);
    this.engine.close();
  }
}
