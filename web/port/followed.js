/** What a page follows in a worker, so that another worker can go on where the last one has ended. */
export class Followed {
  #say;
  #hear;
  #all = new Map(); // number → {topic, since: the position behind what was heard}
  #heard = new Map(); // number → how much of it in this turn

  /** say(...) tells the worker; hear is topic() of the face: see port.js. */
  constructor(say, hear) {
    this.#say = say;
    this.#hear = hear;
  }

  follow(number, topic, since) {
    this.#all.set(number, { topic, since });
    this.#say("follow", number, topic, since);
  }

  unfollow(number) {
    if (this.#all.delete(number)) this.#say("unfollow", number);
  }

  /** There is a worker that knows nothing. */
  again() {
    this.#heard.clear();
    for (const [number, { topic, since }] of this.#all) this.#say("follow", number, topic, since);
  }

  close() {
    this.#all.clear();
  }

  topic(number, kind, value, position) {
    const own = this.#all.get(number);
    if (own === undefined) return;
    this.#hear(number, kind, value, position);
    own.since = position;
    if (this.#heard.size === 0) queueMicrotask(() => this.#tell());
    this.#heard.set(number, (this.#heard.get(number) ?? 0) + 1);
  }

  #tell() {
    if (this.#heard.size > 0) this.#say("heard", [...this.#heard]);
    this.#heard.clear();
  }
}
