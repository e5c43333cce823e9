// Compares byteLength of web/host/wire.js, which works in pieces, with an encoder
// that does not, for texts with every kind of character around where pieces end;
// and what outgoing gives to a socket with the text.
import assert from "node:assert/strict";
import { byteLength, outgoing } from "../../../web/host/wire.js";

const kinds = ["a", "é", "€", "😀", "\ud800", "\udc00", "\ud800😀"];
const encoder = new TextEncoder();
let texts = 0;
for (const fill of kinds) {
  for (const size of [0, 1, 16_380, 32_764]) {
    const start = fill.repeat(Math.ceil(size / fill.length)).slice(0, size);
    for (const a of kinds) {
      for (const b of kinds) {
        for (let pad = 0; pad < 6; pad++) {
          const text = start + "x".repeat(pad) + a + b + fill;
          assert.equal(byteLength(text), encoder.encode(text).length, JSON.stringify({ fill, size, pad, a, b }));
          texts++;
        }
      }
    }
  }
}

const MiB = 1024 * 1024;
for (const fill of kinds) {
  // Sizes go up and down: the memory is used again.
  for (const size of [4096, 65_536, 5000, MiB / 3 - 10, 100_000, MiB - 100, 4096]) {
    const text = fill.repeat(size / fill.length) + "x".repeat(size % fill.length);
    const whole = encoder.encode(text);
    const sent = outgoing(text);
    if (whole.length > MiB) assert.equal(sent, text);
    else assert.deepEqual(Buffer.from(sent), Buffer.from(whole), JSON.stringify({ fill, size }));
    texts++;
  }
}
for (const text of ["", "x".repeat(4095), "x".repeat(MiB + 1)]) assert.equal(outgoing(text), text);
console.log(texts);
