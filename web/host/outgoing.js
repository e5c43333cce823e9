import { ITEM_CANCEL, ITEM_SLOT, ITEM_WORDS } from "../shared/abi.js";
import { byteLength } from "./wire.js";

/** What the last word of an item has for a cancel: see Item in ../../internal/abi/abi.go. */
const CANCEL = 1;

/** Puts frames of sockjax.1 together, of what the engine wants sent. */
export class Outgoing {
  #texts;
  #exchanges;
  #prefix = "";
  #parts = null; // [at, count] of the next frame's

  /** texts are those of the slots. */
  constructor(texts, exchanges) {
    this.#texts = texts;
    this.#exchanges = exchanges;
  }

  /** There is another connection. */
  reset() {
    this.#prefix = "";
    this.#parts = null;
  }

  /** Puts a message in front of the next frame. */
  prefix(message) {
    this.#prefix += (this.#prefix && ",") + JSON.stringify(message);
  }

  /** Has the Parts that stand at an address of Go's memory go behind the items of the next frame. */
  parts(at, count) {
    this.#parts = [at, count];
  }

  /**
   * Makes a frame of the Items that stand at a word of Go's memory, or several if
   * it would have more than limit bytes. Calls send(text, bytes, key) for each:
   * bytes stand behind the text, and key is that of a call in the frame, 0 if
   * there is none.
   */
  frames(words, first, count, limit, send) {
    const messages = new Array(count); // of a series, its pieces
    const bytes = [];
    const special = this.#exchanges.size > 0;
    let series = false; // the one before goes on
    let last = 0; // request's key
    for (let i = 0, item = first; i < count; i++, item += ITEM_WORDS) {
      const key = words[item] + words[item + 1] * 2 ** 32;
      const kind = words[item + ITEM_CANCEL] & 0xffff;
      if (kind === CANCEL) {
        messages[i] = `{"cancel":${key}}`;
        continue;
      }
      last = key;
      const slot = words[item + ITEM_SLOT];
      if (kind !== 0 || (special && this.#exchanges.has(slot))) {
        messages[i] = this.#exchanges.request(slot, key, this.#texts[slot], kind !== 0, bytes);
        continue;
      }
      const text = this.#texts[slot];
      const next = item + ITEM_WORDS;
      const more =
        i + 1 < count && words[next] === words[item] + 1 && words[next + 1] === words[item + 1] &&
        (words[next + ITEM_CANCEL] & 0xffff) === 0 && !(special && this.#exchanges.has(words[next + ITEM_SLOT]));
      if (series) messages[i] = more ? text : `${text}]`;
      else messages[i] = more ? `[${key},${text}` : `{"key":${key},"data":${text}}`;
      series = more;
    }
    if (this.#prefix !== "") messages.unshift(this.#prefix);
    let text = messages.join();
    if (count > 1 && text.length * 3 > limit && byteLength(text) + 2 > limit) {
      // The engine counts small texts by the character: see countedSize.
      const half = count >> 1;
      const parts = this.#parts;
      this.#parts = null;
      this.frames(words, first, half, limit, send);
      this.#parts = parts;
      this.frames(words, first + half * ITEM_WORDS, count - half, limit, send);
      return;
    }
    if (this.#parts !== null) {
      const [at, n] = this.#parts;
      this.#parts = null;
      const more = [];
      this.#exchanges.parts(words, at / 4, n, this.#texts, more, bytes);
      text += (text && ",") + more.join();
      if (last === 0) last = words[at / 4] + words[at / 4 + 1] * 2 ** 32;
    }
    this.#prefix = "";
    send(`[${text}]`, bytes, last);
  }
}
