import { CLOSE_ABNORMAL, CLOSE_UNSUPPORTED } from "../shared/abi.js";
import { outgoing, withBytes } from "./wire.js";

/** A key that no call has. */
const ANSWERED = -1;

/**
 * Whether long frames leave as bytes, which is quicker. Something on the way
 * may take texts only, and close with 1003. Where no such frame was answered,
 * it is worth another connection with texts alone; the calls of the frame go
 * again there, since the server knows the session: no bytes are sent before
 * its welcome.
 */
export class Binary {
  #refused = false;
  #welcomed = false;
  #key = 0; // of a call in the connection's first such frame

  /** There is another connection. */
  reset() {
    this.#welcomed = false;
    this.#key = 0;
  }

  welcomed() {
    this.#welcomed = true;
  }

  /** What to give to the socket for the text of a frame. key is that of a call in it, 0 if there is none. */
  encode(text, key) {
    if (!this.#welcomed || this.#refused || key === 0) return text;
    const data = outgoing(text);
    if (data !== text && this.#key === 0) this.#key = key;
    return data;
  }

  /** The same for a frame with bytes behind its text, for which there is no other form. */
  encodeBytes(text, bytes, key) {
    if (this.#key === 0) this.#key = key;
    return withBytes(text, bytes);
  }

  /** No binary frame will pass. */
  get refused() {
    return this.#refused;
  }

  /** The server has said something of a call. */
  answered(key) {
    if (key === this.#key) this.#key = ANSWERED;
  }

  /** Returns what the end of the connection means to an engine. */
  ended({ code, reason }) {
    if (code !== CLOSE_UNSUPPORTED || this.#key <= 0) return { code, reason: reason || "the connection ended without a reason" };
    this.#refused = true;
    return { code: CLOSE_ABNORMAL, reason: `the server, or something on the way to it, takes no binary frames: there will be none (${code}${reason && `: ${reason}`})` };
  }
}
