import { CAUSE_FUNCTION, CAUSE_NETWORK, CAUSE_PAUSED, CAUSE_SERVER, CLOSE_ABNORMAL, CLOSE_FORBIDDEN, CLOSE_HANDSHAKE, CLOSE_UNAUTHORIZED, CLOSE_VERSION, CODE_OVERLOADED, CODE_TIMEOUT, FATE_UNKNOWN, FATE_UNSENT, FIRST_FRAME, FIRST_REQUESTS, HANDSHAKE, NONE, PONG, SEND_ALL, SEND_NOTHING, STATE_CONNECTING, STATE_OPEN, SUBPROTOCOL } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { drop } from "./frames.js";
import { LONGEST_TIMER } from "../shared/time.js";
import { byteLength } from "./wire.js";

/** Codes with which a server ends a connection that it does not take. */
const TURNED_AWAY = [CLOSE_UNAUTHORIZED, CLOSE_FORBIDDEN, CLOSE_VERSION];

/**
 * Stands in for the engine, with the same methods, as long as there is none:
 * wasm is being loaded, or restarted. It holds calls back within the engine's
 * bounds and deadlines, and can do one thing more: open a page's first
 * connection and use it, so that the first reply does not wait for wasm. The
 * engine then goes on with the connection and the session as they are. If the
 * connection fails, that is left to the engine too.
 */
export class Bootstrap {
  /** The first connection is being opened; an engine should not begin yet. */
  opening = false;
  /** The welcome, if it has come: for the engine. */
  welcomed = null;
  /** What the page was last told: for the engine too. */
  nudged = false;
  paused = false;
  /** Whether the connection is to be another one. */
  outdated = false;
  queuedBytes = 0;

  #host;
  #frames;
  #texts;
  #bounds;
  #waiting = new Map(); // calls not sent yet, by number, oldest first
  #sent = new Map(); // calls sent, by number
  #cancels = [];
  #socket = null;
  #hello = ""; // to be sent
  #resume; // a server may have seen the session
  #limits = { frame: FIRST_FRAME, requests: FIRST_REQUESTS };
  #over = () => {}; // ends what open has begun
  #failed = null; // how the connection ended: {code, cause, reason}
  #heard = false; // something has come
  #outcomes = 0;

  /** texts are those of the slots. */
  constructor(host, frames, texts, bounds, resume) {
    this.#host = host;
    this.#frames = frames;
    this.#texts = texts;
    this.#bounds = bounds;
    this.#resume = resume;
  }

  // ---- the connection

  /** Opens the first connection. */
  async open(address) {
    this.opening = true;
    let socket = null;
    let token = "";
    const over = (code, cause, reason) => {
      clearTimeout(timer);
      if (socket !== null && socket !== this.#socket) drop(socket);
      if (!this.opening) return;
      this.opening = false;
      if (this.#socket === null) this.#failed = { code, cause, reason };
      this.#host.join();
    };
    this.#over = over;
    const timer = setTimeout(() => {
      const [cause, why] = socket === null ? [CAUSE_FUNCTION, "url or token function did not answer"] : ["", "socket did not open"];
      over(CLOSE_HANDSHAKE, cause, `the ${why} within ${HANDSHAKE / 1000} s`);
    }, HANDSHAKE);
    try {
      const url = await address.url();
      token = await address.token();
      if (!this.opening) return;
      socket = new WebSocket(url, SUBPROTOCOL);
    } catch (error) {
      over(0, CAUSE_FUNCTION, String(error?.message || error));
      return;
    }
    socket.onopen = () => {
      if (!this.opening) return;
      this.#socket = socket;
      this.#frames.attach(socket);
      this.#hello = JSON.stringify({ hello: { session: this.#host.session, resume: false, token: token || undefined } });
      this.flush(SEND_ALL); // an engine takes a connection over only with its hello sent
      over();
    };
    const end = (code, reason) => {
      if (socket === this.#socket) {
        if (!this.#heard && TURNED_AWAY.includes(code)) this.#takeBack();
        this.#abandon(code === CLOSE_ABNORMAL ? CAUSE_NETWORK : CAUSE_SERVER, reason);
        this.#failed = { code, cause: "", reason }; // the code tells
      }
      over(code, "", reason);
    };
    socket.onclose = (event) => {
      const { code, reason } = this.#frames.ended(event);
      end(code, reason);
    };
    socket.onerror = () => end(CLOSE_ABNORMAL, `the connection to ${socket.url} failed`);
  }

  /** The calls that were sent stay in doubt until an engine has connected anew. */
  #abandon(cause, reason) {
    if (this.#socket === null) return;
    this.#frames.detach(this.#socket);
    drop(this.#socket);
    this.#socket = null;
    this.welcomed = null;
    this.#outcomes = 0;
    if (this.#host.state === STATE_OPEN) this.#host.changed(STATE_CONNECTING, cause, reason);
  }

  /** What was sent has not run, and waits again: a server runs nothing before its welcome. */
  #takeBack() {
    for (const call of this.#sent.values()) {
      call.sent = false;
      this.queuedBytes += call.bytes;
    }
    this.#waiting = new Map([...this.#sent, ...this.#waiting]);
    this.#sent.clear();
    this.#resume = false;
  }

  /** What an engine is made with, to go on: see OPTIONS in abi.js, and begun in ../../wasm/bridge.go. */
  handover() {
    const { code = 0, cause = "", reason = "" } = this.#failed ?? {};
    return { socket: this.#socket, failed: this.#failed !== null, code, cause, reason, resume: this.#resume, heard: this.#heard, outcomes: this.#outcomes };
  }

  /** Takes all calls out, oldest first, with what is left of their timeouts. */
  takeAll() {
    const calls = [...this.#sent.values(), ...this.#waiting.values()].sort((a, b) => a.number - b.number);
    for (const call of calls) {
      this.#take(call.number);
      if (call.due !== undefined) call.timeout = Math.max(1, call.due - performance.now());
    }
    return calls;
  }

  // ---- from the page

  submit(slot, number, name, bytes, timeout, flags) {
    const { calls, bytesBound } = this.#bounds;
    const crowded = this.#waiting.size >= calls && !(bytesBound && this.welcomed !== null);
    if (crowded || this.queuedBytes + bytes > this.#bounds.bytes) {
      this.#host.fail(slot, new SockjaxError(CODE_OVERLOADED, FATE_UNSENT, "the queue is full: too much waits to be sent"));
      return undefined;
    }
    const call = { slot, number, name, bytes, timeout, flags, sent: false, held: false, window: 0, due: undefined, timer: undefined };
    if (timeout > 0) {
      call.due = performance.now() + timeout;
      call.timer = setTimeout(() => this.#late(number), Math.min(timeout, LONGEST_TIMER));
    }
    this.#waiting.set(number, call);
    this.queuedBytes += bytes;
    return call;
  }

  /** What is more than a request waits for the engine. */
  submitExchange(slot, number, bytes, timeout, flags, window) {
    const call = this.submit(slot, number, undefined, bytes, timeout, flags);
    if (call !== undefined) Object.assign(call, { held: true, window });
  }

  took() {}
  feed() {}
  endBody() {}

  #late(number) {
    const slot = this.#slotOf(number);
    const fate = this.abort(number);
    const why = fate === FATE_UNSENT ? ": wasm was not ready yet" : "";
    this.#host.fail(slot, new SockjaxError(CODE_TIMEOUT, fate, `no reply in time${why}`));
  }

  abort(number) {
    const call = this.#take(number);
    if (call === undefined) return null;
    if (!call.sent) return FATE_UNSENT;
    this.#cancels.push(number);
    this.#host.schedule();
    return FATE_UNKNOWN;
  }

  /** Fails all calls. */
  failAll(code, message, cause) {
    for (const { slot, sent } of this.takeAll()) {
      this.#host.fail(slot, new SockjaxError(code, sent ? FATE_UNKNOWN : FATE_UNSENT, message, { cause }));
    }
  }

  nudge() {
    const { paused } = this;
    this.nudged = true;
    this.paused = false;
    if (paused) this.#host.join(); // with wasm there, nothing but this connection was waited for
  }

  pause() {
    this.nudged = false;
    this.paused = true;
    this.#disconnect(CAUSE_PAUSED, "the page is not in use");
  }

  /** Ends the connection. The calls must have been taken out, and the state be closed. */
  close() {
    this.#disconnect("", "");
  }

  #disconnect(cause, reason) {
    this.opening = false;
    this.#over();
    this.#abandon(cause, reason);
  }

  get queued() {
    return this.#waiting.size;
  }

  stats() {
    const { queued, queuedBytes } = this;
    return { pending: queued + this.#sent.size, queued, queuedBytes, inDoubt: 0, unacked: this.#outcomes, funcs: 0 };
  }

  // ---- from a turn

  flush(what) {
    if (this.#socket === null || what === SEND_NOTHING) return;
    while (this.#frames.sending !== SEND_NOTHING && this.#send());
  }

  /** Sends a frame, if there is something to send and it is allowed. */
  #send() {
    if (this.#hello !== "") {
      // Alone: if something on the way refuses the first calls' frame, the
      // server knows the session all the same.
      this.#frames.write(`[${this.#hello}]`);
      this.#hello = "";
      this.#resume = true;
      return true;
    }
    const messages = this.#cancels.splice(0).map((number) => `{"cancel":${number}}`);
    let last = 0; // call's number
    let size = messages.reduce((sum, message) => sum + message.length + 1, 2);
    for (const call of this.#waiting.values()) {
      if (this.#sent.size >= this.#limits.requests) break;
      if (call.held) continue;
      const message = `{"key":${call.number},"data":${this.#texts[call.slot]}}`;
      size += byteLength(message) + 1;
      if (size > this.#limits.frame) break; // one that is larger alone is the engine's to judge
      messages.push(message);
      this.#waiting.delete(call.number);
      this.queuedBytes -= call.bytes;
      call.sent = true;
      last = call.number;
      this.#sent.set(call.number, call);
    }
    if (messages.length === 0) return false;
    this.#frames.write(`[${messages.join()}]`, last);
    return true;
  }

  // ---- from a frame

  received() {
    this.#heard = true;
  }

  pinged() {
    this.#frames.write(PONG);
  }

  ponged() {}

  welcome(welcome) {
    this.welcomed = welcome;
    const { frame, requests } = welcome;
    this.#limits = { frame: Math.max(FIRST_FRAME, frame), requests: Math.max(FIRST_REQUESTS, requests) };
    if (welcome.ours) this.#host.changed(STATE_OPEN, "", "");
  }

  authorized() {}

  settle(number) {
    this.#outcomes++;
    return this.drop(number);
  }

  settleNotRun(number) {
    const slot = this.settle(number);
    return slot < 0 ? slot : 2 * slot; // there is no earlier session
  }

  /** There are no streams yet, but what a server says of one counts. */
  parts(number, n) {
    this.#outcomes += n;
    return NONE;
  }

  piece() {
    return this.parts(0, 1);
  }

  taken() {
    return this.parts(0, 1);
  }

  got() {
    return this.parts(0, 1);
  }

  /** A call that may be tried again is left to the engine. */
  refused(number, after) {
    const call = this.#sent.get(number);
    if (call === undefined || after <= 0 || performance.now() + after >= call.due) return this.drop(number);
    this.#sent.delete(number);
    call.sent = false;
    call.held = true;
    this.#waiting.set(number, call);
    this.queuedBytes += call.bytes;
    return NONE;
  }

  drop(number) {
    if (!this.#sent.has(number)) return NONE;
    return this.#take(number).slot;
  }

  #slotOf(number) {
    return (this.#sent.get(number) ?? this.#waiting.get(number)).slot;
  }

  #take(number) {
    const call = this.#sent.get(number) ?? this.#waiting.get(number);
    if (call === undefined) return undefined;
    clearTimeout(call.timer);
    if (!this.#sent.delete(number)) {
      this.#waiting.delete(number);
      this.queuedBytes -= call.bytes;
    }
    return call;
  }
}
