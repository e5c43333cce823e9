import { SEND_ALL } from "../shared/abi.js";

/** Milliseconds after which a congested socket is looked at again: it has no event for that. */
const BREATH = 4;

/**
 * What a client does when a turn of the page is over: it tells the page what
 * has happened, and has the engine send. This and the arrival of a frame
 * (frames.js) are where callbacks and listeners of the page run, since no Go
 * frame is on the stack there.
 */
export class Turns {
  /** What is to be told next: {slot, error} of a call that has failed, or {tell}, a function. */
  news = [];

  #host;
  #frames;
  #scheduled = false;
  #breathing = false;
  #drainers = [];

  constructor(host, frames) {
    this.#host = host;
    this.#frames = frames;
  }

  /** Has end run in a microtask: what a turn of the page sends shares frames. */
  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.end);
  }

  /** See Host. */
  begin() {
    this.#scheduled = true;
  }

  add(news) {
    this.news.push(news);
    this.schedule();
  }

  /** Resolves when nothing waits to be sent. */
  drain() {
    return new Promise((resolve) => {
      this.#drainers.push(resolve);
      this.schedule();
    });
  }

  end = () => {
    this.#scheduled = false;
    if (this.news.length > 0) this.#deliver();
    const { sending } = this.#frames;
    this.#host.topics.flush();
    this.#host.engine.flush(sending);
    if ((sending !== SEND_ALL || this.#frames.sending !== SEND_ALL) && !this.#breathing) {
      this.#breathing = true;
      setTimeout(this.#breathe, BREATH);
    }
    if (this.#drainers.length > 0 && this.#host.queued === 0) {
      for (const resolve of this.#drainers.splice(0)) resolve();
    }
  };

  #breathe = () => {
    this.#breathing = false;
    this.schedule();
  };

  #deliver() {
    // What a callback causes is told in the next turn.
    for (const { slot, error, tell } of this.news.splice(0)) {
      if (tell) tell();
      else this.#host.settle(slot, undefined, error);
    }
  }
}
