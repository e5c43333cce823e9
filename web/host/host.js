import { CAUSE_CLOSE, CAUSE_CRASHED, CAUSE_FAILED_TO_LOAD, CODE_CLOSED, CODE_CRASHED, FATE_UNKNOWN, FATE_UNSENT, FLAG_IDEMPOTENT, FLAG_SENT, SEND_ALL, STATE_CLOSED, STATE_CONNECTING, STATE_OPEN, SUBPROTOCOL } from "../shared/abi.js";
import { Address } from "./address.js";
import { Durable } from "../store/durable.js";
import { Bootstrap } from "./bootstrap.js";
import { Bridge } from "./bridge.js";
import { Engine, makeEngine } from "./engine.js";
import { SockjaxError, aborted } from "../shared/errors.js";
import { Exchanges } from "./exchanges.js";
import { Frames } from "./frames.js";
import { forGo } from "./go-options.js";
import { Topics } from "./topics.js";
import { Turns } from "./turns.js";
import { uuid } from "../shared/uuid.js";
import { countedSize } from "./wire.js";

/** What is changed by close(). */
const CLOSED = [STATE_CLOSED, CAUSE_CLOSE, "close() was called"];

/**
 * Holds the texts of a session's calls, which never enter Go, and its socket,
 * and does what the engine (../../internal/engine) decides. It is one end of
 * the port: see ../port/port.js for what the other may call, and is told. What
 * Go reports is told when the page's turn is over: see turns.js.
 */
export class Host {
  /** The client's number in Go, -1 while there is none. */
  id = -1;
  state = STATE_CONNECTING;
  /** Why no more calls can be made, null as long as they can. */
  ended = null;
  /** An Engine, or a Bootstrap as long as there is none. */
  engine;
  /** The uuid that names this client to the server. Each engine has one of its own. */
  session;
  opened = 0;
  unmatched = 0;
  crashes = 0;
  /** The client's socket: Go calls it by number, see ../../wasm/imports.go. */
  frames;
  /** What is followed beside the calls. */
  topics = new Topics((text) => this.frames.write(text), () => this.schedule(), (...what) => this.#face.topic(...what));

  #runtime;
  #address;
  #options;
  #face;
  #texts = []; // by slot, "" where none waits
  #exchanges;
  #numbers = 0; // given to calls
  #durable = null; // made for the first durable call
  #turns;
  #closing = null;
  #released = () => {};

  /** session is that of an earlier life, to go on with. */
  constructor(runtime, url, options, face, session) {
    this.#runtime = runtime;
    this.#address = new Address(url, options.token);
    this.#options = options;
    this.#face = face;
    this.#exchanges = new Exchanges(this, face, (tell) => this.#turns.add({ tell }));
    this.frames = new Frames(this, this.#texts, this.#exchanges, options.protocol === "plain");
    this.#turns = new Turns(this, this.frames);
    this.#renew(session);
    if (options.protocol === SUBPROTOCOL && session === undefined) this.engine.open(this.#address);
    runtime.add(this);
  }

  /** Begins a new life, or goes on with an earlier one: there is no engine yet. */
  #renew(session) {
    this.session = session ?? uuid();
    this.engine = new Bootstrap(this, this.frames, this.#texts, this.#options.queue, session !== undefined);
    this.#durable?.renew();
  }

  // ---- from the page

  /** Makes a call and returns its number. name is that of plain mode. */
  submit(slot, text, name, timeout, idempotent, durable, extra) {
    const number = ++this.#numbers;
    if (this.ended) {
      this.fail(slot, new SockjaxError(this.ended.code, FATE_UNSENT, this.ended.message));
      return number;
    }
    this.#texts[slot] = text;
    const bytes = extra?.bytes?.length ?? countedSize(text);
    const flags = idempotent ? FLAG_IDEMPOTENT : 0;
    if (extra !== undefined) {
      this.#exchanges.submit(slot, number, bytes, timeout, flags, extra);
      this.schedule();
    } else if (durable) {
      this.#durable ??= new Durable(this, this.#options.outbox, this.#texts);
      this.#durable.submit(slot, number, bytes, timeout, flags, idempotent);
    } else {
      this.engine.submit(slot, number, name, bytes, timeout, flags);
      this.schedule();
    }
    return number;
  }

  /** Numbers a call that fails before it is one. */
  refuse(slot, error) {
    this.fail(slot, error);
    return ++this.#numbers;
  }

  feed(slot, part, size) {
    this.#exchanges.feed(slot, part, size);
  }

  end(slot) {
    this.#exchanges.end(slot);
  }

  took(slot, n) {
    this.#exchanges.took(slot, n);
  }

  abort(slot, number) {
    const fate = this.#durable?.abort(number) ?? this.engine.abort(number);
    if (fate !== null) this.fail(slot, aborted(fate));
  }

  /** Makes a call that an earlier life of the session has stored, and perhaps sent: see recovery.js. */
  resend(slot, { key, text, size, idempotent, sent }) {
    this.#texts[slot] = text;
    if (this.ended) return this.fail(slot, new SockjaxError(CODE_CLOSED, sent ? FATE_UNKNOWN : FATE_UNSENT, this.ended.message));
    this.engine.submit(slot, key, undefined, size, 0, (idempotent ? FLAG_IDEMPOTENT : 0) | (sent ? FLAG_SENT : 0));
    this.schedule();
  }

  reconnect() {
    if (this.#closing) throw new SockjaxError(CODE_CLOSED, FATE_UNSENT, "the client was closed: make a new one with connect()");
    this.ended = null;
    if (this.id >= 0) {
      this.engine.reconnect();
      this.schedule();
    } else {
      if (this.state === STATE_CLOSED) this.changed(STATE_CONNECTING, "", "");
      if (this.state === STATE_OPEN) this.engine.outdated = true;
      this.#runtime.add(this);
    }
  }

  nudge() {
    this.engine.nudge();
    this.#face.nudged?.();
    this.schedule();
  }

  pause() {
    this.engine.pause();
    this.schedule();
  }

  hide() {
    this.#durable?.hurry();
  }

  /** A call that waits may never be sent, and one that does not is sent now. */
  get hurried() {
    return this.#face.hiding() && this.frames.connected;
  }

  /** What is not stored in this turn never is. */
  get ending() {
    return this.#face.hiding() === "now";
  }

  /** Resolves when nothing waits to be sent. */
  drain() {
    return this.#turns.drain();
  }

  /** Calls that wait to be sent. */
  get queued() {
    return this.engine.queued + (this.#durable?.queued ?? 0);
  }

  close() {
    this.#closing ??= new Promise((resolve) => {
      this.#released = resolve;
      this.ended = new SockjaxError(CODE_CLOSED, FATE_UNSENT, "the client was closed");
      this.topics.close();
      this.#durable?.failAll(CODE_CLOSED, this.ended.message);
      if (this.id >= 0) {
        if (this.#exchanges.size > 0) {
          this.#exchanges.close();
          this.engine.flush(SEND_ALL);
        }
        this.engine.close();
        this.schedule();
      } else {
        this.engine.failAll(CODE_CLOSED, this.ended.message);
        this.changed(...CLOSED);
        this.engine.close();
        this.released();
      }
    });
    return this.#closing.then(() => this.#durable?.settled());
  }

  /** Closes since nobody is left to hear of it: what is stored stays so, for another time. */
  leave() {
    this.#durable?.leave();
    return this.close();
  }

  stats() {
    const { opened, unmatched, crashes } = this;
    const { sent: framesOut, received: framesIn, unitsSent: unitsOut, unitsReceived: unitsIn, garbage } = this.frames;
    const waiting = this.engine.stats();
    this.#durable?.addTo(waiting);
    return { ...waiting, framesOut, framesIn, unitsOut, unitsIn, opened, unmatched, garbage, crashes };
  }

  // ---- calls

  /** Ends a call. */
  settle(slot, reply, error) {
    this.#texts[slot] = "";
    if (this.#exchanges.size > 0) this.#exchanges.delete(slot);
    const over = this.#durable?.over(slot);
    const told = this.#face.settle(slot, reply, error);
    if (over) told ? told.then(over) : over();
  }

  /** All outcomes of a frame have been told. */
  read(text, frame) {
    this.#face.read?.(text, frame);
  }

  /** A message came that no call waits for. */
  tellUnmatched(key, message) {
    this.unmatched++;
    this.#face.unmatched({ key, message });
  }

  /** Ends a call in the next turn. */
  fail(slot, error) {
    this.#turns.add({ slot, error });
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

  /** A turn of the page has brought something. */
  schedule() {
    this.#turns.schedule();
  }

  /** What comes until endTurn() needs no microtask: nothing of the page is on the stack then. */
  beginTurn() {
    this.#turns.begin();
  }

  endTurn() {
    this.#turns.end();
  }

  // ---- from Go: see bridge.js

  changed(state, cause, reason, attempt = 0, delay = 0, closeCode = 0) {
    const previous = this.state;
    if (state === previous) return;
    this.state = state;
    if (state === STATE_OPEN) this.opened++;
    if (state === STATE_CLOSED && !this.#closing) this.ended = new SockjaxError(CODE_CLOSED, FATE_UNSENT, reason);
    this.#durable?.changed(state, reason);
    const detail = { state, previous, attempt, delay, closeCode, cause, reason };
    const tell = () => {
      this.#face.changed(detail, this.ended);
      if (this.ended !== null && this.id >= 0 && !this.#closing) this.#retire();
    };
    this.#turns.add({ tell });
  }

  released() {
    this.#runtime.remove(this);
    this.id = -1;
    this.#renew();
    this.#released();
  }

  // ---- from the runtime

  /**
   * The client has closed by itself. Until reconnect() is called, if ever,
   * nothing may hold it: the page may have dropped it. So its engine ends, and
   * with it the session, of which no call is left.
   */
  #retire() {
    this.engine.close();
    this.#runtime.resume(); // calls released()
  }

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
    bootstrap.flush(this.frames.sending); // the engine knows nothing of what it still has to tell the server
    const id = makeEngine(this.#runtime, connect, new Bridge(this, this.#address, this.frames), this.session, forGo(this.#options), bootstrap.handover());
    if (id === undefined) return; // Go panicked
    this.id = id;
    this.engine = new Engine(this.#runtime, go, id);
    if (bootstrap.welcomed !== null) this.engine.welcome(bootstrap.welcomed);
    for (const { slot, number, name, bytes, timeout, flags, sent, window } of bootstrap.takeAll()) {
      if (this.#exchanges.has(slot)) this.#exchanges.begin(slot, bytes, timeout, flags, window);
      else this.engine.submit(slot, number, name, bytes, timeout, sent ? flags | FLAG_SENT : flags);
    }
    if (bootstrap.paused) this.pause();
    else if (bootstrap.outdated) this.engine.reconnect();
    else if (bootstrap.nudged) this.nudge();
    this.schedule();
  }

  /** The engine is gone, and its socket with it. */
  crashed(message) {
    if (this.id < 0) return; // it was not this client's
    this.crashes++;
    this.id = -1;
    this.#address.forget();
    this.frames.abandon();
    this.#durable?.failAll(CODE_CRASHED, message);
    this.#renew();
    const told = new Set(this.#turns.news.map(({ slot }) => slot));
    for (const [slot, text] of this.#texts.entries()) {
      if (text && !told.has(slot)) this.fail(slot, new SockjaxError(CODE_CRASHED, FATE_UNKNOWN, message));
    }
    this.#exchanges.clear();
    if (this.#closing) {
      this.changed(...CLOSED);
      this.released();
    } else {
      this.changed(STATE_CONNECTING, CAUSE_CRASHED, message);
    }
  }

  /** There will be no engine. */
  failedToLoad(error) {
    this.#durable?.failAll(CODE_CRASHED, error.message, error);
    this.changed(STATE_CLOSED, CAUSE_FAILED_TO_LOAD, error.message);
    this.ended = new SockjaxError(CODE_CRASHED, FATE_UNSENT, error.message, { cause: error });
    this.engine.failAll(CODE_CRASHED, error.message, error);
    this.engine.close();
    this.#renew();
  }
}
