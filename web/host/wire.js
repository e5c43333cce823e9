import { FIRST_FRAME } from "../shared/abi.js";

/**
 * Texts as they are on the wire. PROTOCOL.md says what they mean. A frame of
 * sockjax.1 is put together in outgoing.js, since that is the hot path.
 */

const encoder = new TextEncoder();
const PIECE = 16 * 1024;
let scratch = new Uint8Array(3 * PIECE); // no character takes more

/** Characters from which bytes are quicker to send, and which scratch grows to hold: as many as a frame may have by default. */
const LONG = 4 * 1024;
const LONGEST = 1024 * 1024;

/**
 * What to give to a socket for the text of a frame: a long one as bytes.
 * Chromium takes new memory for each text and half as long again to fill it,
 * but reads bytes from where they are. They are valid until the next call.
 */
export function outgoing(text) {
  if (text.length < LONG || text.length > LONGEST) return text;
  const frame = scratchOf(Math.min(3 * text.length, LONGEST));
  const { read, written } = encoder.encodeInto(text, frame);
  return read === text.length ? frame.subarray(0, written) : text;
}

/** The bytes in front of a text with bytes behind it: its length. */
const PREFIX = 4;

/** What to give to a socket for the text of a frame and the bytes behind it. They are valid until the next call. */
export function withBytes(text, bytes) {
  const most = PREFIX + 3 * text.length + bytes.reduce((sum, { length }) => sum + length, 0);
  const frame = most > LONGEST ? new Uint8Array(most) : scratchOf(most);
  const { written } = encoder.encodeInto(text, frame.subarray(PREFIX));
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, written);
  let at = PREFIX + written;
  for (const part of bytes) {
    frame.set(part, at);
    at += part.length;
  }
  return frame.subarray(0, at);
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Takes such a frame apart: {text, bytes}. Throws if it is none. */
export function apart(buffer) {
  const length = new DataView(buffer).getUint32(0);
  const text = decoder.decode(new Uint8Array(buffer, PREFIX, length));
  return { text, bytes: new Uint8Array(buffer, PREFIX + length) };
}

function scratchOf(most) {
  if (scratch.length < most) scratch = new Uint8Array(Math.min(2 * most, LONGEST));
  return scratch;
}

/**
 * Bytes that text takes as UTF-8. In pieces: memory for all of it would cost
 * several times as much as encoding it.
 */
export function byteLength(text) {
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    let end = at + PIECE;
    if (text.codePointAt(end - 1) > 0xffff) end++; // the second half of a pair, which is one character
    bytes += encoder.encodeInto(text.slice(at, end), scratch).written;
    at = end;
  }
  return bytes;
}

/**
 * The size of a call's text that counts in the queue and for the limit of a
 * frame: exact for large texts. Small ones, which fit into any frame, count a
 * byte a character, since encoding each to count costs a twentieth of a call;
 * a frame of many is measured when it is put together.
 */
export function countedSize(text) {
  return text.length <= SMALL ? text.length : byteLength(text);
}

/** Three bytes a character at most: with the rest of its message that is below FIRST_FRAME. */
const SMALL = FIRST_FRAME / 4;

/** The key of a plain reply as a name, undefined if it has none. */
export function plainName(message) {
  const key = message?.key;
  return typeof key === "string" || typeof key === "number" ? String(key) : undefined;
}
