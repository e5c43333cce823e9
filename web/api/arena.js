/** Bytes of a block: pieces of a body are at most a quarter of it, so no more than that is left over. */
const BLOCK = 256 * 1024;

/**
 * The memory of a body's bytes from when they are read until the server has taken
 * them. Blocks are used again: memory that is new costs a page ten times as much
 * to fill as memory that it has filled before.
 */
export class Arena {
  #free = [];
  #full = []; // {block, end}: the block can be used again when the body was taken up to end
  #block = null;
  #used = 0; // bytes of it
  #end = 0; // where in the body its last bytes end

  /** Returns a copy of bytes that end there in the body, which keeps until they were taken. */
  keep(bytes, end) {
    if (this.#block === null || this.#used + bytes.length > this.#block.length) this.#turn(bytes.length);
    const copy = this.#block.subarray(this.#used, (this.#used += bytes.length));
    copy.set(bytes);
    this.#end = end;
    return copy;
  }

  /** The first n bytes of the body, JSON between them included, are no longer needed. */
  taken(n) {
    while (this.#full.length > 0 && this.#full[0].end <= n) this.#free.push(this.#full.shift().block);
  }

  #turn(least) {
    if (this.#block !== null) this.#full.push({ block: this.#block, end: this.#end });
    this.#block = (least <= BLOCK && this.#free.pop()) || new Uint8Array(Math.max(BLOCK, least));
    this.#used = 0;
  }
}
