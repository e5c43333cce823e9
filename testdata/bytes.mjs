// Compares byteLength of web/wire.js, which works in pieces, with an encoder
// that does not, for texts with every kind of character around where pieces end.
import assert from "node:assert/strict";
import { byteLength } from "../web/wire.js";

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
console.log(texts);
