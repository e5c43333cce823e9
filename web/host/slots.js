/**
 * What never enters Go: for each call the text that was sent, in case it must
 * be sent again, its callback, and what is to be done when it ends. Go knows a
 * call by the number of its slot. Slots are used again, so that a call
 * allocates nothing here.
 */
export class Slots {
  texts = [];
  #callbacks = [];
  #cleanups = new Map(); // few calls have one
  #free = [];

  take(callback) {
    const slot = this.#free.length > 0 ? this.#free.pop() : this.texts.push("") - 1;
    this.#callbacks[slot] = callback ?? null;
    return slot;
  }

  /** Has act run when the slot is emptied, behind what was given before. */
  atRelease(slot, act) {
    const before = this.#cleanups.get(slot);
    const both = () => {
      before();
      act();
    };
    this.#cleanups.set(slot, before === undefined ? act : both);
  }

  /** Empties the slot and returns its callback, or null. */
  release(slot) {
    const callback = this.#callbacks[slot];
    this.texts[slot] = "";
    this.#callbacks[slot] = null;
    this.#free.push(slot);
    if (this.#cleanups.size > 0) this.#cleanUp(slot);
    return callback;
  }

  #cleanUp(slot) {
    const act = this.#cleanups.get(slot);
    this.#cleanups.delete(slot);
    act?.();
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
