import { CAUSE_CLOSE, CAUSE_CRASHED, CAUSE_FAILED_TO_LOAD, CODE_CLOSED, CODE_CRASHED, CODE_OVERLOADED, CODE_TIMEOUT, FATE_UNKNOWN, FATE_UNSENT, STATE_CLOSED, STATE_CONNECTING } from "../shared/abi.js";
import { FIGURES, Line, PORT, PRESENT, repliesOf } from "./port.js";
import { GOOD_LIFE, LONGEST_TIMER, TRIES, delay } from "../shared/time.js";
import { SockjaxError, aborted } from "../shared/errors.js";
import { Followed } from "./followed.js";
import { hold } from "./lock.js";
import { linkTo } from "./link.js";
import { crossed, tooDeep, unpack } from "./errors.js";

/** Milliseconds that a worker may take to answer. */
const PATIENCE = 30_000;

/** A host in a worker: the page's end of the port. See port.js. */
export class RemoteHost {
  #kind;
  #files;
  #config;
  #face;
  #link = null;
  #line = null;
  #answered = 0; // when the worker has, 0 as long as it has not
  #waiting = new Map(); // slot → a call that waits for that
  #bytes = 0; // of these, about
  #orders = []; // others that do
  #taken = new Map(); // slot without an outcome → the fate that it has if the client is closed
  #aborted = new Map(); // slot of a call that the page has given up → what makes its error, of a fate
  #news = new Map(); // slot → error, of calls that end without the worker
  #figures = FIGURES.map(() => 0);
  #earlier = FIGURES.map(() => 0); // of workers that have ended
  #numbers = 0;
  #starts = 0; // in a row
  #crashes = 0;
  #timer;
  #state = STATE_CONNECTING;
  #ended = null;
  #again = false; // it was ended, and the worker may not know yet that it is not any more
  #drainers = [];
  #closing = null;
  #closed = () => {};
  #life = new AbortController(); // of the lock that shows the worker that this page lives
  #asked; // what the page gave as functions
  #followed;

  /** files are {worker, wasm}: their URLs. config is what a worker takes: see ../host/worker.js; asked are the functions of the page. */
  constructor(kind, files, config, asked, face) {
    this.#kind = kind;
    this.#files = files;
    this.#config = config;
    this.#asked = asked;
    this.#face = face;
    this.#followed = new Followed((...what) => this.#answered && this.#line.say(...what), face.topic);
    this.#start();
  }

  // ---- the port

  submit(slot, ...call) {
    const number = ++this.#numbers;
    this.#taken.set(slot, this.#ended ? FATE_UNSENT : FATE_UNKNOWN);
    if (this.#ended) {
      if (this.#closing && this.#link) return number; // it ends behind those before it
      this.#fail(slot, new SockjaxError(this.#ended.code, FATE_UNSENT, this.#ended.message));
    } else if (this.#answered) this.#submit(slot, ...call);
    else this.#wait(slot, call);
    return number;
  }

  refuse(slot, error) {
    this.#taken.set(slot, FATE_UNSENT);
    this.#fail(slot, error);
    return ++this.#numbers;
  }

  /** There is room for a body only once the worker has answered. */
  feed(slot, part, size) {
    if (!this.#talks(slot)) return;
    if (typeof part === "string") this.#line.say("feed", slot, part, size);
    else this.#line.give([(part = part.slice())], "feed", slot, part, size);
  }

  end(slot) {
    if (this.#talks(slot)) this.#line.say("end", slot);
  }

  took(slot, n) {
    if (this.#talks(slot)) this.#line.say("took", slot, n);
  }

  /** The worker has a call in that slot, as far as the page knows. */
  #talks(slot) {
    return this.#answered > 0 && this.#taken.has(slot) && !this.#news.has(slot);
  }

  abort(slot) {
    if (this.#unwait(slot)) this.#fail(slot, aborted(FATE_UNSENT));
    else if (this.#taken.has(slot) && !this.#closing) {
      this.#aborted.set(slot, aborted);
      this.#order("abort", slot);
    }
  }

  follow(...handler) {
    if (this.#closing) throw closed(FATE_UNSENT);
    this.#followed.follow(...handler);
  }

  unfollow(number) {
    this.#followed.unfollow(number);
  }

  reconnect() {
    if (this.#closing) throw new SockjaxError(CODE_CLOSED, FATE_UNSENT, "the client was closed: make a new one with connect()");
    this.#ended = null;
    if (this.#link !== null) {
      this.#again = true;
      return this.#order("reconnect");
    }
    this.#starts = 0;
    if (this.#state === STATE_CLOSED) this.#change(STATE_CONNECTING, "", "");
    this.#start();
  }

  drain() {
    if (this.#ended) return Promise.resolve(this.#closing); // nothing else waits
    return new Promise((resolve) => {
      this.#drainers.push(resolve);
      this.#order("drain");
    });
  }

  close() {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve;
      this.#ended = closed(FATE_UNSENT);
      this.#followed.close();
      this.#failWaiting(CODE_CLOSED, this.#ended.message);
      this.#line?.say("close"); // it may be starting
      if (!this.#answered) this.closed();
    });
    return this.#closing;
  }

  /** As of the worker's last turn. It is asked for newer ones each time. */
  stats() {
    if (this.#answered) this.#line.say("look");
    const figures = Object.fromEntries(FIGURES.map((name, i) => [name, this.#figures[i] + this.#earlier[i]]));
    figures.crashes += this.#crashes;
    return { ...figures, pending: this.#taken.size, host: this.#kind };
  }

  // ---- the page

  nudge() {
    this.#order("nudge");
  }

  hide() {
    this.#order("hide");
  }

  pause() {
    this.#order("pause");
  }

  // ---- from the worker: see Tab in ../host/tabs.js

  #methods = {
    hello: (life) => {
      this.#answered = performance.now();
      clearTimeout(this.#timer);
      this.#link.heard(life);
      for (const [slot, { call, due }] of [...this.#waiting]) {
        this.#unwait(slot);
        const [text, name, timeout, ...rest] = call;
        this.#submit(slot, text, name, due === undefined ? timeout : Math.max(1, due - performance.now()), ...rest);
      }
      this.#followed.again();
      for (const order of this.#orders.splice(0)) this.#line.say(...order);
    },
    refused: (why) => this.#giveUp(why),
    replies: (slots, text) => {
      const replies = repliesOf(JSON.parse(text));
      slots.forEach((slot, i) => this.#arrived(slot, replies[i], null));
    },
    settle: (slot, reply, error, question) => {
      this.#arrived(slot, reply, crossed(reply, error));
      this.#answer(question);
    },
    parts: (slot, values) => {
      if (this.#aborted.has(slot)) return;
      if (values !== undefined) return this.#face.parts(slot, values);
      this.#aborted.set(slot, tooDeep);
      this.#order("abort", slot);
    },
    room: (...room) => this.#face.room(...room),
    changed: (detail, ended) => {
      this.#state = detail.state;
      if (detail.state !== STATE_CLOSED) this.#again = false;
      if (!this.#closing) this.#ended = this.#again ? null : unpack(ended);
      this.#face.changed(detail, this.#ended);
      if (this.#ended && !this.#closing) this.#rest();
    },
    topic: (...what) => this.#followed.topic(...what),
    unmatched: (key, message) => this.#face.unmatched({ key, message }),
    outbox: (call, reply, error, question) => {
      this.#face.outbox({ ...call, reply, error: crossed(reply, error) });
      this.#answer(question);
    },
    drained: () => this.#drainers.shift()?.(),
    ask: async (what, question) => {
      try {
        const answer = await this.#asked[what]();
        this.#answer(question, typeof answer === "string" ? answer : "", null); // the worker says what it wants
      } catch (error) {
        this.#answer(question, "", String(error?.message || error));
      }
    },
    figures: (...figures) => (this.#figures = figures),
    closed: () => this.closed(),
  };

  // ---- from the link

  died(why) {
    const lived = this.#answered > 0;
    this.#starts = lived && performance.now() - this.#answered > GOOD_LIFE ? 0 : this.#starts + 1;
    this.#stop();
    if (this.#closing) return this.closed();
    if (!lived && this.#starts >= TRIES) return this.#giveUp(`sockjax: ${why}`);
    if (lived) {
      this.#crashes++;
      for (const slot of this.#taken.keys()) {
        if (!this.#waiting.has(slot)) this.#fail(slot, new SockjaxError(CODE_CRASHED, FATE_UNKNOWN, why));
      }
      for (const resolve of this.#drainers.splice(0)) resolve();
      this.#change(STATE_CONNECTING, CAUSE_CRASHED, why);
    }
    this.#timer = setTimeout(() => this.#start(), this.#starts === 0 ? 0 : delay(this.#starts));
  }

  // ---- itself

  async #start() {
    const life = `sockjax tab ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const link = (this.#link = this.#open());
    if (link === null) return;
    link.add(this);
    this.#timer = setTimeout(() => link.giveUp(`the worker at ${this.#files.worker} did not answer within ${PATIENCE / 1000} s`), PATIENCE);
    const locked = await hold(life, this.#life.signal);
    if (this.#link !== link) return;
    const port = link.open({ ...this.#config, version: PORT, wasm: this.#files.wasm, life: locked ? life : "" });
    this.#line = new Line(port, this.#methods);
  }

  #open() {
    try {
      return linkTo(this.#kind, this.#files.worker, this.#files.wasm);
    } catch (error) {
      this.#giveUp(`sockjax: failed to start the worker at ${this.#files.worker}: ${error.message}; a Content-Security-Policy must allow it in worker-src, and for host: "shared" it must be of this page's origin: the option workerURL says where it is`);
      return null;
    }
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#link?.remove(this);
    this.#line?.close();
    this.#link = this.#line = null;
    this.#answered = 0;
    for (let i = PRESENT; i < FIGURES.length; i++) this.#earlier[i] += this.#figures[i];
    this.#figures.fill(0);
  }

  /** Lets go of the worker, and of all that holds this host. */
  #rest() {
    this.#stop();
    this.#life.abort();
    this.#life = new AbortController();
  }

  #order(...order) {
    if (this.#answered) this.#line.say(...order);
    else this.#orders.push(order);
  }

  #giveUp(why) {
    this.#stop();
    this.#orders.length = 0;
    for (const resolve of this.#drainers.splice(0)) resolve();
    this.#failWaiting(CODE_CRASHED, why);
    this.#ended = new SockjaxError(CODE_CRASHED, FATE_UNSENT, why);
    queueMicrotask(() => this.#change(STATE_CLOSED, CAUSE_FAILED_TO_LOAD, why)); // the client may not have its host yet
  }

  #change(state, cause, reason) {
    const previous = this.#state;
    if (state === previous) return;
    this.#state = state;
    this.#face.changed({ state, previous, attempt: 0, delay: 0, closeCode: 0, cause, reason }, this.#ended);
  }

  closed() {
    this.#rest();
    for (const [slot, fate] of this.#taken) this.#fail(slot, closed(fate));
    for (const resolve of this.#drainers.splice(0)) resolve();
    queueMicrotask(() => {
      this.#change(STATE_CLOSED, CAUSE_CLOSE, "close() was called");
      this.#closed();
    });
  }

  /** Says that the page has heard; a worker that does not wait for it gives no question. */
  #answer(question, ...answer) {
    if (question !== undefined) this.#line?.say("answer", question, ...answer);
  }

  // ---- calls

  /** Ordinary calls in a row are one message: a text takes less to cross than many, and JSON has no line ends. */
  #submit(slot, text, name, timeout, idempotent, durable, extra) {
    if (extra !== undefined) return this.#line.give(extra.bytes ? [extra.bytes] : [], "submit", slot, text, name, timeout, idempotent, false, extra);
    if (name !== undefined || idempotent || durable) return this.#line.say("submit", slot, text, name, timeout, idempotent, durable);
    const { last } = this.#line;
    if (last?.[0] !== "calls" || last[1] !== timeout) return this.#line.say("calls", timeout, [slot], text);
    last[2].push(slot);
    last[3] += `\n${text}`;
  }

  /** An outcome that comes when the page has given up the call, or closed the client, is too late. */
  #arrived(slot, reply, error) {
    const late = (this.#aborted.size > 0 && this.#aborted.get(slot)) || (this.#closing && closed);
    if (late) this.#settle(slot, undefined, late(error?.fate === FATE_UNSENT ? FATE_UNSENT : FATE_UNKNOWN));
    else this.#settle(slot, reply, error);
  }

  #settle(slot, reply, error) {
    if (this.#aborted.size > 0) this.#aborted.delete(slot);
    if (this.#taken.delete(slot)) this.#face.settle(slot, reply, error);
  }

  /** Ends a call in a turn of its own. */
  #fail(slot, error) {
    if (this.#news.has(slot)) return;
    if (this.#news.set(slot, error).size > 1) return;
    queueMicrotask(() => {
      const news = this.#news;
      this.#news = new Map(); // what a callback causes is told in the next turn
      for (const [slot, error] of news) this.#settle(slot, undefined, error);
    });
  }

  #wait(slot, call) {
    const { 2: timeout } = call;
    const { calls, bytes } = this.#config.options.queue;
    const size = sizeOf(call);
    if (this.#waiting.size >= calls || this.#bytes + size > bytes) {
      return this.#fail(slot, new SockjaxError(CODE_OVERLOADED, FATE_UNSENT, "too much waits to be sent: the worker is not ready yet"));
    }
    this.#bytes += size;
    const waiting = { call, due: undefined, timer: undefined };
    if (timeout > 0) {
      waiting.due = performance.now() + timeout;
      waiting.timer = setTimeout(() => {
        this.#unwait(slot);
        this.#fail(slot, new SockjaxError(CODE_TIMEOUT, FATE_UNSENT, "no reply in time: the worker was not ready yet"));
      }, Math.min(timeout, LONGEST_TIMER));
    }
    this.#waiting.set(slot, waiting);
  }

  /** Takes a call out, if it waits. */
  #unwait(slot) {
    const waiting = this.#waiting.get(slot);
    if (waiting === undefined) return false;
    clearTimeout(waiting.timer);
    this.#bytes -= sizeOf(waiting.call);
    return this.#waiting.delete(slot);
  }

  #failWaiting(code, message) {
    for (const slot of [...this.#waiting.keys()]) {
      this.#unwait(slot);
      this.#fail(slot, new SockjaxError(code, FATE_UNSENT, message));
    }
  }
}

/** About the bytes of a call's data. */
const sizeOf = ([text, , , , , extra]) => extra?.bytes?.length ?? text.length;

const closed = (fate) => new SockjaxError(CODE_CLOSED, fate, "the client was closed");
