// Calls of the pages of TestChaos that have a streamed reply or a body, and what
// comes of their parts: see parts_test.go.
globalThis.exchanges = (() => {
  /** As in parts_test.go. */
  const byteAt = (id, i) => (i * 31 + (i >>> 8) * 17 + (i >>> 16) * 13 + (id % 256) * 7) & 255;

  const bytesOf = (id, from, n) => {
    const bytes = new Uint8Array(n);
    for (let i = 0; i < n; i++) bytes[i] = byteAt(id, from + i);
    return bytes;
  };

  /** Whether these are the bytes of the call, from a place on. */
  const are = (bytes, id, from) => bytes.every((byte, i) => byte === byteAt(id, from + i));

  /** What a call sends that is bytes alone: its id, and bytes. */
  const mirrored = (id, n) => {
    const bytes = new Uint8Array(8 + n);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(id));
    bytes.set(bytesOf(id, 0, n), 8);
    return bytes;
  };

  const isMirror = (reply, id, n) => {
    if (!(reply instanceof ArrayBuffer) || reply.byteLength !== 8 + n) return false;
    return new DataView(reply).getBigUint64(0) === BigInt(id) && are(new Uint8Array(reply, 8), id, 0);
  };

  /** How many parts, of what size, and how slow the handler is, in milliseconds each tenth part: see flow in exchange_test.go. */
  const flow = (below) => {
    const bytes = below(3) === 0;
    const large = below(8) === 0; // more than a window holds
    const n = below(large ? 60 : 30);
    return { n, bytes, size: bytes ? 1 + below(large ? 30_000 : 3_000) : below(large ? 8_000 : 500), pause: below(3) === 0 ? 1 + below(60) : 0 };
  };

  /** A body of these parts, in one of the forms that a body may have. It tells fed of what was taken of it. */
  const bodyOf = (id, { n, bytes, size }, fed, below, fails) => {
    const failing = fails ? below(n + 1) : -1;
    const part = (i) => {
      if (i === failing) throw new Error("the body fails, as it was asked to");
      if (!bytes) {
        fed.parts++;
        return { id, i, pad: "b".repeat(size) };
      }
      fed.bytes += size;
      return bytesOf(id, i * size, size);
    };
    const form = below(4);
    if (bytes && !fails && form < 2) {
      fed.bytes = n * size;
      const whole = bytesOf(id, 0, n * size);
      return form === 0 ? whole : new Blob([whole]);
    }
    if (form === 2) {
      let i = 0;
      return new ReadableStream({ pull: (to) => (i < n || i === failing ? to.enqueue(part(i++)) : to.close()) });
    }
    const slow = form === 3 ? 1 + below(20) : 0;
    return (async function* () {
      for (let i = 0; i < n || i === failing; i++) {
        if (slow > 0 && i % 8 === 7) await T.wait(slow);
        yield part(i);
      }
    })();
  };

  /** Reads a stream, and notes of its parts what became of them. Resolves to the error that the loop has thrown, or null. */
  const read = async (stream, { id, stream: got }, { size }, below, leaving) => {
    const slow = below(3) === 0 ? 1 + below(30) : 0;
    let read = 0;
    try {
      for await (const part of stream) {
        if (part instanceof Uint8Array) {
          if (!are(part, id, got.bytes)) got.wrong++;
          got.bytes += part.length;
        } else {
          const next = got.parts + got.lost;
          if (part?.id !== id || part.pad.length !== size) got.wrong++;
          if (part.i < next) got.twice++;
          else {
            got.lost += part.i - next;
            got.parts++;
          }
        }
        if (++read === leaving) return null;
        if (slow > 0 && read % 4 === 0) await T.wait(slow);
      }
    } catch (error) {
      return error;
    }
    return null;
  };

  return { flow, bodyOf, read, mirrored, isMirror };
})();
