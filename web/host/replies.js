/** Large replies that come at the same time. */
const MOST = 64;

/** Replies that come in pieces. */
export class Replies {
  #byKey = new Map(); // key → {slot, missing, isBytes, pieces}: missing is how many bytes have not come

  get size() {
    return this.#byKey.size;
  }

  has(key) {
    return this.#byKey.has(key);
  }

  /** So many bytes follow, of JSON or as they are; perhaps once more. One that nobody waits for is never complete. */
  begin(key, size, isBytes) {
    if (this.has(key)) return;
    if (this.size >= MOST) this.#byKey.delete(this.#byKey.keys().next().value);
    this.#byKey.set(key, { slot: -1, missing: size, isBytes, pieces: [] });
  }

  /** Takes the next piece, unless it is the last one. slot() asks for the call's slot, which is below 0 if the piece has come before. */
  add(key, piece, slot) {
    const reply = this.#byKey.get(key);
    if (piece.length >= reply.missing) return false;
    const found = slot();
    if (found >= 0) {
      reply.slot = found;
      reply.missing -= piece.length;
      reply.pieces.push(piece);
    }
    return true;
  }

  /** The whole reply, with its last piece. Throws if it is no JSON. */
  complete(key, last) {
    const { isBytes, pieces } = this.#byKey.get(key);
    this.#byKey.delete(key);
    pieces.push(last);
    if (isBytes) return joined(pieces);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return JSON.parse(pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode());
  }

  /** A call has ended. */
  delete(slot) {
    for (const [key, reply] of this.#byKey) if (reply.slot === slot) this.#byKey.delete(key);
  }

  clear() {
    this.#byKey.clear();
  }
}

function joined(pieces) {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.buffer;
}
