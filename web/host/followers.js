/** So much may be on its way to a tab that has not heard it: messages, and characters of the frames that they came in. */
const MOST_UNHEARD = 1000;
const MOST_UNITS = 1024 * 1024;

/**
 * The handlers of tabs that share a client: each is one of the client's. A tab
 * that hears nothing, because it is frozen or in the back/forward cache, gets
 * nothing more until it does, and then goes on from there.
 */
export class Followers {
  #host;
  #all = new Map(); // by the number that the client knows: {tab, number, unheard, units}
  #numbers = 0;
  #fresh = new Set(); // who got something of the frame that is being read

  /** host returns the client's. */
  constructor(host) {
    this.#host = host;
  }

  follow(tab, number, topic, since) {
    const own = ++this.#numbers;
    this.#all.set(own, { tab, number, unheard: 0, units: 0 });
    tab.followed.set(number, own);
    this.#host().follow(own, topic, since);
    if (tab.away) this.#topics.hold(own);
  }

  unfollow(tab, number) {
    const own = tab.followed.get(number);
    if (own === undefined) return;
    tab.followed.delete(number);
    this.#all.delete(own);
    this.#host().unfollow(own);
  }

  /** The tab is gone. */
  remove(tab) {
    for (const number of [...tab.followed.keys()]) this.unfollow(tab, number);
  }

  /** From the client: see topic() in ../port/port.js. */
  topic(own, ...what) {
    const follower = this.#all.get(own);
    follower.tab.say("topic", follower.number, ...what);
    this.#fresh.add(follower);
    if (++follower.unheard >= MOST_UNHEARD) this.#topics.hold(own);
  }

  /** A frame of so many characters was read. */
  read(units) {
    for (const follower of this.#fresh) {
      follower.units += units;
      if (follower.units >= MOST_UNITS) this.#topics.hold(follower.tab.followed.get(follower.number));
    }
    this.#fresh.clear();
  }

  /** A tab has heard so much of each: [[number, count], …]. */
  heard(tab, counts) {
    for (const [number, count] of counts) {
      const own = tab.followed.get(number);
      const follower = this.#all.get(own);
      if (follower === undefined) continue;
      follower.unheard -= count;
      if (follower.unheard === 0) follower.units = 0;
      this.#resume(own, follower);
    }
  }

  /** The tab is in use again. */
  back(tab) {
    for (const own of tab.followed.values()) this.#resume(own, this.#all.get(own));
  }

  away(tab) {
    for (const own of tab.followed.values()) this.#topics.hold(own);
  }

  #resume(own, { tab, unheard, units }) {
    if (!tab.away && unheard < MOST_UNHEARD / 2 && units < MOST_UNITS) this.#topics.resume(own);
  }

  get #topics() {
    return this.#host().topics;
  }
}
