// Those on the pages of the chaos tests that follow topics, and note what they
// are told: see follower_test.go for what the facts mean.
globalThis.followers = (() => {
  const topics = ["chaos/kept", "chaos/short", "chaos/prices"]; // as in topics_test.go
  const problems = [];

  /** Follows one topic: through many subscriptions, one after the other. */
  class Follower {
    #off = null; // ends the present subscription
    facts = [];
    at = null; // behind what it was told last

    /** heard() is called when there is more. */
    constructor(name, topic, heard = () => {}) {
      Object.assign(this, { name, topic, heard });
    }

    get follows() {
      return this.#off !== null;
    }

    /** Subscribes, where it has ended or, for the first time, with all that there is or with what comes from now on. */
    follow(api, all) {
      const { at } = this;
      if (at === null) this.facts.push({ what: "begun", from: Number(all) });
      let over = false;
      const told = (act) => (what, seen) => {
        if (over) problems.push(`${this.name} was told of ${this.topic} after it had left: ${JSON.stringify(what)}`);
        act(what, seen);
        this.heard();
      };
      const refused = (error) => problems.push(`${this.name} may not follow ${this.topic}: ${error.code}, ${error.message}`);
      const since = at ?? (all ? {} : null);
      const off = api.on(this.topic, told(this.#message), { since, gap: told(this.#gap), refused });
      this.#off = () => {
        off();
        over = true;
      };
    }

    leave() {
      this.#off?.();
      this.#off = null;
    }

    #message = (message, { topic, epoch, offset }) => {
      if (topic !== this.topic || message?.topic !== topic || message.n !== offset) {
        problems.push(`${this.name} was told ${JSON.stringify(message)} of ${topic}, as message ${offset} of ${this.topic}`);
      }
      this.at = { epoch, offset };
      const last = this.facts.at(-1);
      if (last?.what === "messages" && last.epoch === epoch && last.g === message.g && last.to + 1 === offset) last.to = offset;
      else this.facts.push({ what: "messages", epoch, g: message.g, from: offset, to: offset });
    };

    #gap = ({ from, to, epoch }) => {
      if (epoch === undefined) {
        this.facts.push({ what: "gap", from, to });
        if (this.at !== null) this.at = { ...this.at, offset: to };
      } else {
        this.facts.push({ what: "anew", epoch });
        this.at = { epoch, offset: 0 };
      }
    };
  }

  /** Has them come to the ends of their topics, or fail to in time, and resolves to what they were told. */
  const followed = async (all, ends, ms) => {
    await T.within(ms, () => all.every(({ topic, at }) => at?.epoch === ends[topic].Epoch && at.offset === ends[topic].Offset));
    for (const one of all) one.leave();
    return all.map(({ name, topic, facts }) => ({ name, topic, facts }));
  };

  return { topics, problems, Follower, followed };
})();
