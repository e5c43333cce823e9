import { checkTopic } from "./options.js";
import { refusal, report } from "../shared/errors.js";

/** What a page keeps of the topics that it follows: for each handler what it is to be told. The host knows it by its number. */
export class Topics {
  #host;
  #handlers = new Map(); // by number
  #numbers = 0;

  /** See Host in ../port/port.js. */
  attach(host) {
    this.#host = host;
  }

  /** Returns what ends it. */
  on(topic, handler, options, protocol) {
    const { since, signal, gap, refused } = checkTopic(topic, handler, options, protocol);
    if (signal?.aborted) return () => {};
    const number = ++this.#numbers;
    const off = () => {
      if (!this.#handlers.delete(number)) return;
      signal?.removeEventListener("abort", off);
      this.#host.unfollow(number);
    };
    this.#host.follow(number, topic, since ? { epoch: since.epoch ?? "", offset: since.offset ?? 0 } : null);
    this.#handlers.set(number, { topic, handler, gap, refused });
    signal?.addEventListener("abort", off, { once: true });
    return off;
  }

  /** Bound, as settle of Calls is. kind is that of topic() in ../port/port.js. */
  hear = (number, kind, value, position) => {
    const own = this.#handlers.get(number);
    if (own === undefined) return;
    try {
      if (kind === "message") own.handler(value, { topic: own.topic, ...position });
      else if (kind === "gap") own.gap?.(value);
      else if (kind === "refused") (own.refused ?? report)(refusal({ ...value, after: 0 }));
    } catch (thrown) {
      report(thrown);
    }
  };
}
