import { CODE_CLOSED, FATE_UNSENT } from "../shared/abi.js";
import { SockjaxError } from "../shared/errors.js";
import { readOff, readOn, readPublished } from "./messages.js";

/** Characters of a frame that tells of topics: a server takes three times as many bytes, and more. */
const FRAME = 16_000;

/**
 * The topics of a client, on whichever connection. After each welcome the server
 * is told of all of them anew, with the position behind what the handlers have
 * seen. Its twin in Go is ../../client/topics.go.
 *
 * The engine knows nothing of them: what there is to say is little, and goes to
 * the socket by itself.
 */
export class Topics {
  #send;
  #schedule;
  #tellFace;
  #topics = new Map(); // by name
  #handlers = new Map(); // by number
  #welcomed = false;
  #closed = false;

  /** send(text) sends a frame; schedule() has flush() called at the end of the turn; tell is topic() of the face. */
  constructor(send, schedule, tell) {
    this.#send = send;
    this.#schedule = schedule;
    this.#tellFace = tell;
  }

  // ---- from the page: see ../port/port.js

  /** since is the position after which the messages begin, null for now. */
  follow(number, name, since) {
    if (this.#closed) throw new SockjaxError(CODE_CLOSED, FATE_UNSENT, "the client was closed");
    let topic = this.#topics.get(name);
    if (topic === undefined) this.#topics.set(name, (topic = new Topic(name)));
    const handler = new Handler(topic, since, (...what) => this.#tellFace(number, ...what));
    this.#handlers.set(number, handler);
    if (!topic.add(handler)) this.#tell(topic);
  }

  unfollow(number) {
    const handler = this.#handlers.get(number);
    if (handler === undefined) return;
    this.#handlers.delete(number);
    const { topic } = handler;
    topic.remove(handler);
    if (topic.handlers.size === 0) this.#tell(topic);
  }

  /** A handler takes no more for a while. */
  hold(number) {
    const handler = this.#handlers.get(number);
    if (handler === undefined) return;
    handler.full = true;
    handler.active = false;
  }

  /** It goes on behind what it was told last. */
  resume(number) {
    const handler = this.#handlers.get(number);
    if (!handler?.full) return;
    handler.full = false;
    this.#tell(handler.topic);
  }

  /** Has the server told of a topic: once it has answered what it was told before, because its answers don't say to what. */
  #tell(topic) {
    topic.due = true;
    this.#schedule();
  }

  close() {
    this.#closed = true;
    this.#topics.clear();
    this.#handlers.clear();
  }

  // ---- the connection

  welcomed() {
    this.#welcomed = true;
    for (const topic of this.#topics.values()) topic.lost();
    this.#schedule();
  }

  lost() {
    this.#welcomed = false;
  }

  /** Tells the server what it does not know. */
  flush() {
    if (!this.#welcomed || this.#topics.size === 0) return;
    let frame = "";
    for (const topic of this.#topics.values()) {
      if (!topic.due || topic.waits) continue;
      const message = topic.say();
      if (topic.handlers.size === 0) this.#topics.delete(topic.name);
      if (message === "") continue;
      if (frame !== "" && frame.length + message.length > FRAME) {
        this.#send(`[${frame}]`);
        frame = "";
      }
      frame += (frame && ",") + message;
    }
    if (frame !== "") this.#send(`[${frame}]`);
  }

  /** Takes in what the server says of a topic. Returns false if that breaks the protocol. */
  message(message) {
    let said, take;
    if ((message.on ?? null) !== null) {
      said = readOn(message);
      take = (topic) => topic.answer(said.position);
    } else if ((message.off ?? null) !== null) {
      said = readOff(message);
      take = (topic) => topic.refuse(said);
    } else {
      said = readPublished(message);
      take = (topic) => topic.published(said);
    }
    if (said === null) return false;
    const topic = this.#topics.get(said.topic);
    if (topic !== undefined) {
      take(topic);
      if (topic.due) this.#schedule();
    }
    return true;
  }
}

/** A topic with its handlers. It has one subscription at the server. */
class Topic {
  handlers = new Set();
  at = null; // behind what was received; null: not known yet
  due = false; // the server must be told
  #told = false; // on was sent on the present connection
  #answered = false;
  #asked = null; // the position in it

  constructor(name) {
    this.name = name;
  }

  /** The server has not answered yet. */
  get waits() {
    return this.#told && !this.#answered;
  }

  /** Returns whether the handler simply joins the others. */
  add(handler) {
    this.handlers.add(handler);
    if (handler.at !== null || this.at === null) return false;
    handler.stand(this.at);
    handler.asked = handler.active = this.#answered;
    return this.#answered;
  }

  remove(handler) {
    handler.ended = true;
    this.handlers.delete(handler);
    if (this.handlers.size === 0) this.at = null; // whoever subscribes later begins later
  }

  /**
   * The position to ask for, null for what comes from now on; undefined where nothing is wanted. Foreign
   * ones go first, one history after the other: the server must say that they are. Of each history it is
   * the first position, so that nobody there misses anything.
   */
  #since() {
    const foreign = ({ epoch }) => epoch !== this.at?.epoch;
    let since;
    for (const { full, at } of this.handlers) {
      if (full) continue;
      since ??= null;
      if (at === null) continue;
      if (since === null || (foreign(at) && !foreign(since)) || (at.epoch === since.epoch && at.offset < since.offset)) since = at;
    }
    return since;
  }

  /** What the server must be told, "" if nothing. */
  say() {
    this.due = false;
    const since = this.#since();
    if (since === undefined) {
      if (!this.#told) return "";
      this.#told = this.#answered = false;
      return JSON.stringify({ off: this.name });
    }
    for (const handler of this.handlers) {
      handler.asked = !handler.full;
      handler.active = false; // until the answer, after which all that is asked for comes
    }
    this.#told = true;
    this.#answered = false;
    this.#asked = since;
    return JSON.stringify({ on: this.name, since: since ?? undefined });
  }

  /** The server sends what comes after a position. */
  answer(from) {
    if (!this.waits) return;
    this.#answered = true;
    this.at = from;
    const skipped = this.#asked !== null && this.#asked.epoch !== from.epoch;
    for (const handler of [...this.handlers]) {
      handler.answered(from, skipped);
      this.due ||= !handler.active && !handler.full && !handler.ended;
    }
  }

  /** The server does not send it. */
  refuse(why) {
    if (!this.#told) return;
    this.#told = this.#answered = false;
    for (const handler of [...this.handlers]) {
      handler.active = false;
      if (handler.asked) handler.tell("refused", why, handler.at);
    }
  }

  /** A message, or a gap. */
  published({ offset, data, gap }) {
    if (!this.#answered) return;
    if (data === undefined) {
      const epoch = gap.epoch || this.at.epoch;
      this.at = { epoch, offset: gap.to };
      for (const handler of [...this.handlers]) if (handler.active) handler.miss(gap.from, this.at);
      return;
    }
    const at = (this.at = { epoch: this.at.epoch, offset });
    for (const handler of [...this.handlers]) if (handler.active) handler.take(data, at);
  }

  /** There is another connection: what was said holds no more. */
  lost() {
    this.due = true;
    this.#told = this.#answered = false;
    for (const handler of this.handlers) handler.active = false;
  }
}

/** A handler's place in a topic. Its twin in Go is subscription, in ../../client/subscription.go. */
class Handler {
  asked = false; // the server was asked for what comes after at
  active = false; // what comes next follows at
  full = false; // nothing is taken in
  ended = false;
  #tell;

  /** at is behind what was told, null for what comes from now on. */
  constructor(topic, at, tell) {
    this.topic = topic;
    this.at = at;
    this.#tell = tell;
  }

  tell(kind, value, position) {
    if (!this.ended) this.#tell(kind, value, position);
  }

  stand(at) {
    this.at = at;
    this.tell("at", undefined, at);
  }

  /** The server sends what comes after a position. skipped: not what it was asked for, since its history is another, of which it sends all. */
  answered(from, skipped) {
    if (this.at !== null) {
      if (!this.asked || this.full || (this.at.epoch !== from.epoch && !skipped)) return; // it is asked for another time
      if (this.at.epoch !== "") this.miss(this.at.offset + 1, from);
    }
    if (this.at === null || this.at.epoch === "") this.stand(from);
    this.active = !this.full;
  }

  take(data, at) {
    if (this.at.epoch === at.epoch && at.offset <= this.at.offset) return;
    this.at = at;
    this.tell("message", data, at);
  }

  /** What came up to a position can't be had any more. */
  miss(from, at) {
    const before = this.at;
    if (before.epoch === at.epoch && before.offset >= at.offset) return;
    this.at = at;
    const gap = before.epoch === at.epoch ? { from: Math.max(from, before.offset + 1), to: at.offset } : { epoch: at.epoch };
    this.tell("gap", gap, at);
  }
}
