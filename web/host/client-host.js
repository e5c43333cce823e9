import { STATE_OPEN } from "../shared/abi.js";
import { Host } from "./host.js";
import { Recovery } from "../store/recovery.js";

/** The host of a client: it also sends what pages that are gone have left in the outbox, each session by a Host of its own. */
export class ClientHost extends Host {
  #recovery = null;
  #told = "";

  /** See ../port/port.js. */
  constructor(runtime, url, options, face) {
    super(runtime, url, options, {
      ...face,
      changed: (detail, ended) => {
        this.#told = detail.state;
        this.#look();
        face.changed(detail, ended);
      },
      nudged: () => this.#look(),
    });
    const { name } = options.outbox;
    if (options.protocol === "plain" || name === undefined) return;
    const patient = { ...options, queue: { calls: Infinity, bytes: Infinity } }; // the outbox has bounds of its own
    const connect = (session, ofSession) => new Host(runtime, url, patient, ofSession, session);
    this.#recovery = new Recovery(name, connect, (detail) => face.outbox(detail));
  }

  /** Each time that there is a server, or that the visitor comes from another tab, which may be gone. */
  #look() {
    if (this.#told === STATE_OPEN) this.#recovery?.look();
  }

  // ---- topics

  follow(number, topic, since) {
    this.topics.follow(number, topic, since);
  }

  unfollow(number) {
    this.topics.unfollow(number);
  }

  stats() {
    return { ...super.stats(), host: "page" };
  }

  async close() {
    await Promise.all([super.close(), this.#recovery?.close()]);
  }
}
