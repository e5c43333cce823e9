/**
 * Texts as they are on the wire. PROTOCOL.md says what they mean. A frame of
 * sockjax.1 is put together in hands.js, since that is the hot path.
 */

const encoder = new TextEncoder();

/** Bytes that text takes as UTF-8. */
export function byteLength(text) {
  // A loop is faster for short texts than the call of the encoder, and
  // allocates nothing; a long text is faster encoded.
  if (text.length > 256) return encoder.encode(text).length;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** The JSON of data, or an error to fail the call with. */
export function stringify(data) {
  let text;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    return { problem: `the data can't be made into JSON: ${cause?.message ?? cause}`, cause };
  }
  if (text === undefined) return { problem: `the data can't be made into JSON: it is ${typeof data}` };
  return { text };
}

/** In plain mode: the text of one frame and the name under which the reply comes. */
export function plain(data) {
  const { text, problem, cause } = stringify(data);
  if (problem) return { problem, cause };
  if (!text.startsWith("{")) return { problem: "in plain mode the data must be an object, since the key is put into it" };
  const key = data.key;
  if (key === undefined || key === null) {
    const name = uuid();
    const rest = text === "{}" ? "}" : `,${text.slice(1)}`;
    return { text: `{"key":"${name}"${rest}`, name };
  }
  if (typeof key !== "string" && !Number.isFinite(key)) return { problem: "in plain mode the key must be a string or a number" };
  return { text, name: String(key), key };
}

/** A random uuid. crypto.randomUUID exists on https pages only. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The key of a plain reply as a name, undefined if it has none. */
export function plainName(message) {
  const key = message?.key;
  return typeof key === "string" || typeof key === "number" ? String(key) : undefined;
}

/** A number of a peer's, 0 if it is none that counts anything. */
export function count(value) {
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
