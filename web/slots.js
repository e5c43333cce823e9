/**
 * What never enters Go: for each call the text that was sent, in case it must
 * be sent again, its callback, and what is to be done when it ends. Go knows a
 * call by the number of its slot. Slots are used again, so that a call
 * allocates nothing here.
 */
export class Slots {
  texts = [];
  callbacks = [];
  cleanups = [];
  #free = [];

  take(callback) {
    const slot = this.#free.length > 0 ? this.#free.pop() : this.texts.length;
    this.texts[slot] = "";
    this.callbacks[slot] = callback ?? null;
    this.cleanups[slot] = null;
    return slot;
  }

  /** Has act run when the slot is emptied, behind what was given before. */
  atRelease(slot, act) {
    const before = this.cleanups[slot];
    const both = () => {
      before();
      act();
    };
    this.cleanups[slot] = before === null ? act : both;
  }

  /** Empties the slot and returns its callback, or null. */
  release(slot) {
    const callback = this.callbacks[slot];
    const cleanup = this.cleanups[slot];
    this.texts[slot] = "";
    this.callbacks[slot] = null;
    this.cleanups[slot] = null;
    this.#free.push(slot);
    if (cleanup !== null) cleanup();
    return callback;
  }

  get capacity() {
    return this.texts.length;
  }

  get used() {
    return this.texts.length - this.#free.length;
  }

  /** The numbers of the slots that hold a call. */
  taken() {
    const free = new Set(this.#free);
    return [...this.texts.keys()].filter((slot) => !free.has(slot));
  }
}
