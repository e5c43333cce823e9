import { STATE_CONNECTING } from "../shared/abi.js";
import { ClientHost } from "./client-host.js";
import { FIGURES, Line, repliesOf } from "../port/port.js";
import { Followers } from "./followers.js";
import { pack } from "../port/errors.js";

const later = new MessageChannel();
const acts = [];
later.port1.onmessage = () => acts.shift()();

/** Runs act behind the messages that have come already. */
function behind(act) {
  acts.push(act);
  later.port2.postMessage(null);
}

/**
 * One client in a worker, and the tabs that share it: gives each call of theirs a
 * slot of the one host, and each outcome to the tab that made the call.
 */
export class Shared {
  #host;
  #tabs = new Set();
  #calls = []; // by slot: {tab, slot, number, text, durable, reply}, or null; tab is null when it is gone
  #free = [];
  #replied = []; // calls whose replies the frame has that is being read
  #last = null; // the last change: its arguments, and when it was
  #questions = new Map(); // that no tab has answered: number → {number, text, tab, answer}
  #asked = 0;
  #gathering = false;
  #gone;
  /** What the tabs follow. */
  followers = new Followers(() => this.#host);

  /** config is that of the first tab; gone is called when there is none any more. */
  constructor(runtime, { url, asks, options }, gone) {
    this.#gone = gone;
    const call = (what) => async () => {
      const [value, problem] = await this.#ask(["ask", what]);
      if (problem !== null) throw new Error(problem);
      return value;
    };
    const all = asks.token ? { ...options, token: call("token") } : options;
    this.#host = new ClientHost(runtime, asks.url ? call("url") : url, all, {
      settle: (slot, reply, error) => this.#settle(slot, reply, error),
      parts: (slot, values) => this.#parts(this.#calls[slot], values),
      room: (slot, ...room) => {
        const { tab, slot: theirs } = this.#calls[slot];
        tab?.say("room", theirs, ...room);
      },
      changed: (detail, ended) => {
        this.#last = [detail, ended, performance.now()];
        this.#all("changed", detail, pack(ended));
      },
      topic: (...what) => this.followers.topic(...what),
      unmatched: ({ key, message }) => this.#all("unmatched", key, message),
      outbox: ({ key, data, reply, error }) => this.#ask(["outbox", { key, data }, reply, pack(error)]),
      hiding: () => [...this.#tabs].every(({ hidden }) => hidden),
      read: (text, frame) => this.#read(text, frame),
    });
  }

  // ---- tabs: see Tab

  add(tab) {
    const alone = this.#tabs.size > 0 && this.#first() === null;
    this.#tabs.add(tab);
    if (alone) this.#host.nudge();
    this.#putWaiting();
    if (this.#last === null) return;
    const [detail, ended, at] = this.#last;
    if (ended !== null) this.#host.reconnect(); // a tab that has just come hopes for better
    else if (detail.state !== STATE_CONNECTING) {
      const delay = Math.max(0, detail.delay - (performance.now() - at)); // what is left of it
      tab.say("changed", { ...detail, previous: STATE_CONNECTING, delay }, null);
    }
  }

  /** A tab has closed its client, or is gone: its calls end, but for durable ones of a tab that is gone. */
  remove(tab, gone) {
    const here = this.#tabs.delete(tab);
    this.followers.remove(tab);
    this.#putElsewhere(tab, !gone); // a tab that closes hears outcomes to the end
    if (!here) return;
    if (this.#tabs.size > 0) this.#cancel(tab, gone);
    else this.#end(tab, gone);
  }

  #cancel(tab, gone) {
    tab.closing = true;
    for (const own of tab.slots) {
      if ((own ?? null) === null) continue;
      const call = this.#calls[own];
      if (gone) call.tab = null;
      if (!gone || !call.durable) this.#host.abort(own, call.number); // its outcome is told in the next turn
    }
    if (!gone && tab.pending === 0) tab.say("closed");
  }

  async #end(tab, gone) {
    this.#gone();
    if (gone) return this.#host.leave();
    this.#tabs.add(tab); // it hears of the outcomes
    await this.#host.close();
    tab.say("closed");
  }

  submit(tab, slot, text, name, timeout, idempotent, durable, extra) {
    const own = this.#free.length > 0 ? this.#free.pop() : this.#calls.push(null) - 1;
    const call = (this.#calls[own] = { tab, slot, number: 0, text: durable ? text : "", durable, reply: undefined });
    call.number = this.#host.submit(own, text, name, timeout, idempotent, durable, extra);
    tab.slots[slot] = own;
    tab.pending++;
  }

  /** While calls are in flight, more of them may have come: they share a frame. A lone call waits for none. */
  gather() {
    if (this.#gathering || this.#calls.length === this.#free.length) return;
    this.#gathering = true;
    this.#host.beginTurn();
    behind(() => {
      this.#gathering = false;
      this.#host.endTurn();
    });
  }

  abort(tab, slot) {
    const own = tab.slots[slot] ?? null;
    if (own !== null) this.#host.abort(own, this.#calls[own].number);
  }

  /** Passes feed, end or took on, unless the call has ended. */
  pass(what, tab, slot, ...rest) {
    const own = tab.slots[slot] ?? null;
    if (own !== null) this.#host[what](own, ...rest);
  }

  #parts({ tab, slot }, values) {
    if (tab === null) return;
    tab.give(values.filter((value) => value instanceof Uint8Array), "parts", slot, values);
  }

  reconnect() {
    this.#host.reconnect();
  }

  drain() {
    return this.#host.drain();
  }

  nudge() {
    this.#host.nudge();
    this.#putWaiting();
  }

  hide() {
    this.#host.hide();
  }

  /** As long as one tab is in use, so is the connection. */
  pause(tab) {
    this.#putElsewhere(tab);
    this.followers.away(tab);
    if (this.#first() === null) this.#host.pause();
  }

  figures() {
    const stats = this.#host.stats();
    return FIGURES.map((name) => stats[name]);
  }

  // ---- questions to a page, one of which is whether it has heard of what is told but once

  /** Resolves to what a tab answers: the one that has been asked already, or any. */
  #ask(text, tab = null) {
    return new Promise((answer) => {
      const question = { number: ++this.#asked, text, tab, answer };
      this.#questions.set(question.number, question);
      if (tab === null) this.#put(question);
    });
  }

  /** If there is no tab, the next one is asked. */
  #put(question) {
    question.tab = this.#first();
    question.tab?.say(...question.text, question.number);
  }

  #putWaiting() {
    for (const question of this.#questions.values()) if (question.tab === null) this.#put(question);
  }

  /** A tab may answer no more. */
  #putElsewhere(tab, functions = false) {
    for (const question of this.#questions.values()) {
      if (question.tab === tab && (!functions || question.text[0] === "ask")) this.#put(question);
    }
  }

  answer(number, ...answer) {
    this.#questions.get(number)?.answer(answer);
    this.#questions.delete(number);
  }

  /** A tab that is in use, or null. */
  #first() {
    return [...this.#tabs].find(({ away }) => !away) ?? null;
  }

  // ---- outcomes

  #settle(own, reply, error) {
    const call = this.#calls[own];
    this.#calls[own] = null;
    this.#free.push(own);
    const { tab, slot } = call;
    if (tab !== null) {
      tab.slots[slot] = null;
      tab.pending--;
    }
    const told = this.#tell(call, reply, error);
    if (tab?.closing && tab.pending === 0) {
      this.#clone();
      tab.say("closed");
    }
    return told;
  }

  /** Of a durable call some tab must hear. */
  #tell(call, reply, error) {
    const { tab, slot, number, text, durable } = call;
    if (tab !== null && error === null && !durable) {
      call.reply = reply;
      this.#replied.push(call);
      return undefined;
    }
    this.#clone();
    const packed = pack(error);
    const hears = tab?.away ? null : tab; // one that is not in use may hear some day, or never
    let told, question;
    if (durable && !tab?.closing) {
      told = this.#ask(["outbox", { key: number, data: JSON.parse(text) }, reply, packed], hears);
      if (hears !== null) question = this.#asked;
    }
    tab?.say("settle", slot, reply, packed, question);
    return told;
  }

  /** A frame whose replies are all one tab's, as most are, crosses as the text it is. */
  #read(text, frame) {
    this.followers.read(text.length ?? text.byteLength);
    const calls = this.#replied;
    if (calls.length === 0) return;
    const [{ tab }] = calls;
    const replies = repliesOf(frame);
    if (typeof text !== "string" || replies.length !== calls.length || !calls.every((call, i) => call.tab === tab && Object.is(call.reply, replies[i]))) return this.#clone();
    this.#replied = [];
    tab.say("replies", calls.map(({ slot }) => slot), text);
  }

  #clone() {
    if (this.#replied.length === 0) return;
    for (const { tab, slot, reply } of this.#replied.splice(0)) tab.say("settle", slot, reply, null);
  }

  /** A page in the back/forward cache reads nothing, so it hears only what it must know. */
  #all(...what) {
    this.#clone();
    for (const tab of this.#tabs) if (!tab.away || what[0] === "changed") tab.say(...what);
  }
}

/** One tab of a Shared: the worker's end of the port in ../port/port.js. */
export class Tab {
  slots = []; // by the tab's: the host's, null or missing where no call is
  pending = 0; // calls in these
  followed = new Map(); // number of a handler → the number that the client knows
  hidden = false;
  closing = false;
  away = false; // in the back/forward cache
  #shared;
  #line;

  constructor(shared, port) {
    this.#shared = shared;
    this.#line = new Line(port, this.#methods, () => ["figures", ...shared.figures()]);
  }

  say(...what) {
    this.#line.say(...what);
  }

  give(bytes, ...what) {
    this.#line.give(bytes, ...what);
  }

  /** The page is gone. */
  gone() {
    this.#line.close();
    this.#shared.remove(this, true);
  }

  #methods = {
    submit: (...call) => this.#shared.submit(this, ...call),
    calls: (timeout, slots, texts) => {
      this.#shared.gather();
      texts.split("\n").forEach((text, i) => this.#shared.submit(this, slots[i], text, undefined, timeout, false, false));
    },
    follow: (...handler) => this.#shared.followers.follow(this, ...handler),
    unfollow: (number) => this.#shared.followers.unfollow(this, number),
    heard: (counts) => this.#shared.followers.heard(this, counts),
    feed: (...part) => this.#shared.pass("feed", this, ...part),
    end: (slot) => this.#shared.pass("end", this, slot),
    took: (...read) => this.#shared.pass("took", this, ...read),
    abort: (slot) => this.#shared.abort(this, slot),
    reconnect: () => this.#shared.reconnect(),
    look: () => this.say("figures", ...this.#shared.figures()),
    drain: () => this.#shared.drain().then(() => this.say("drained")),
    close: () => this.#shared.remove(this, false),
    nudge: () => {
      this.hidden = this.away = false;
      this.#shared.nudge();
      this.#shared.followers.back(this);
    },
    hide: () => {
      this.hidden = true;
      this.#shared.hide();
    },
    pause: () => {
      this.away = true;
      this.#shared.pause(this);
    },
    answer: (...answer) => this.#shared.answer(...answer),
  };
}
