import { DEAD, FATES, NONE, OPTIONS, STATS, WELCOME } from "../shared/abi.js";

/**
 * Makes an engine that tells a Bridge, with options of forGo, and goes on from
 * what a Bootstrap hands over. Returns its number, or undefined if Go panicked.
 */
export function makeEngine(runtime, connect, bridge, session, options, { socket, cause, reason, ...begun }) {
  runtime.writeNumbers(OPTIONS, { ...options, ...begun });
  return connect(bridge, session, socket, cause, reason);
}

/**
 * One client's engine, ../../internal/engine, behind the exports of ../../wasm/exports.go:
 * only numbers cross. As long as there is none, bootstrap.js stands in for it and
 * has the same methods.
 */
export class Engine {
  #runtime;
  #go;
  #id;

  constructor(runtime, go, id) {
    this.#runtime = runtime;
    this.#go = go;
    this.#id = id;
  }

  // ---- from the page

  submit(slot, number, name, bytes, timeout, flags) {
    if (name === undefined) this.#go.submit(this.#id, slot, number, bytes, timeout, flags);
    else this.#go.submitNamed(this.#id, slot, number, bytes, timeout, flags, this.#runtime.writeName(name));
  }

  /** submit for a call with a stream or a body. */
  submitExchange(slot, number, bytes, timeout, flags, window) {
    this.#go.submitExchange(this.#id, slot, number, bytes, timeout, flags, window);
  }

  took(number, n) {
    this.#go.took(this.#id, number, n);
  }

  feed(number, size) {
    this.#go.feed(this.#id, number, size);
  }

  endBody(number) {
    this.#go.endBody(this.#id, number);
  }

  /** Takes a call out and returns its fate, null if it has ended or ends with the runtime. */
  abort(number) {
    const fate = this.#go.abort(this.#id, number);
    return fate === NONE || this.#runtime.dead ? null : FATES[fate];
  }

  reconnect() {
    this.#go.reconnect(this.#id);
  }

  /** Now is a good time to connect, or to look whether the connection is alive. */
  nudge() {
    this.#go.nudge(this.#id);
  }

  /** Disconnects until a nudge. */
  pause() {
    this.#go.pause(this.#id);
  }

  close() {
    this.#go.closeClient(this.#id);
  }

  /** Calls that wait to be sent. */
  get queued() {
    return this.#go.queued(this.#id);
  }

  stats() {
    this.#go.stats(this.#id);
    return this.#runtime.readNumbers(STATS);
  }

  // ---- from a turn

  /** Ends a turn of the page; sends what can be sent: one of SEND_ALL and those beside it. */
  flush(what) {
    if (this.#go.flush(this.#id, what)) this.#runtime.resume();
    else this.#runtime.check();
  }

  /** See Runtime. */
  get words() {
    return this.#runtime.words;
  }

  // ---- from a frame

  received(units) {
    this.#go.received(this.#id, units);
  }

  pinged() {
    this.#go.pinged(this.#id);
  }

  ponged() {
    this.#go.ponged(this.#id);
  }

  /** See readWelcome in messages.js. */
  welcome(welcome) {
    this.#runtime.writeNumbers(WELCOME, welcome);
    this.#go.welcome(this.#id);
  }

  authorized(expires) {
    this.#go.authorized(this.#id, expires);
  }

  /** Each of these returns the slot of the call that ends, NONE or DEAD. */
  settle(key) {
    const slot = this.#go.settle(this.#id, key);
    return this.#runtime.dead ? DEAD : slot;
  }

  settleName(name) {
    const slot = this.#go.settleNamed(this.#id, this.#runtime.writeName(name));
    return this.#runtime.dead ? DEAD : slot;
  }

  /** Parts, and what concerns a body, are counted like outcomes. Each returns the slot of a call that goes on, NONE or DEAD. */
  parts(key, n, bytes, asked) {
    const slot = this.#go.parts(this.#id, key, n, bytes, asked ? 1 : 0);
    return this.#runtime.dead ? DEAD : slot;
  }

  piece(key) {
    const slot = this.#go.piece(this.#id, key);
    return this.#runtime.dead ? DEAD : slot;
  }

  taken(key, n, window) {
    const slot = this.#go.taken(this.#id, key, n, window);
    return this.#runtime.dead ? DEAD : slot;
  }

  /** How large a part of a call's body should be now, in bytes. */
  chunk(key) {
    return this.#go.chunk(this.#id, key);
  }

  got(key, n) {
    const slot = this.#go.got(this.#id, key, n);
    return this.#runtime.dead ? DEAD : slot;
  }

  /** For an outcome that says that no handler ran: 2·slot, and 1 more if an earlier session may have run the call. */
  settleNotRun(key) {
    const found = this.#go.settleNotRun(this.#id, key);
    return this.#runtime.dead ? DEAD : found;
  }

  refused(key, after) {
    const slot = this.#go.refused(this.#id, key, after);
    return this.#runtime.dead ? DEAD : slot;
  }

  drop(key) {
    const slot = this.#go.drop(this.#id, key);
    return this.#runtime.dead ? DEAD : slot;
  }
}
