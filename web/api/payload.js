import { fitsScratch } from "../shared/names.js";
import { uuid } from "../shared/uuid.js";

/** Why data can't be made into JSON: thrown is what JSON.stringify threw. */
export function notJSON(data, thrown) {
  return `the data can't be made into JSON: ${thrown === undefined ? `it is ${typeof data}` : (thrown?.message ?? thrown)}`;
}

/** What bytes in data become in JSON: {}, or an object whose first member is "0". */
export function mayHaveBytes(text) {
  return text.includes("{}") || text.includes('{"0":');
}

/** Whether there are bytes within data. */
export function hasBytes(data) {
  let found = false;
  JSON.stringify(data, (_, value) => {
    found ||= ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
    return value;
  });
  return found;
}

/** Where most pages put the key, if it is a number or a string without escapes. */
const KEY_IN_FRONT = /^\{"key":("[^"\\]+"|-?\d[\d.eE+-]*)[,}]/;

/**
 * In plain mode: the text of one frame, made of the data's JSON, the key, and
 * the name under which the reply comes. The key is what stands in the JSON: a
 * getter, a prototype or a toJSON may have put it there, or left it out.
 */
export function plain(text) {
  if (!text.startsWith("{")) return { problem: "in plain mode the data must be an object, since the key is put into it" };
  const front = KEY_IN_FRONT.exec(text);
  if (front !== null) return named(text, JSON.parse(front[1]));
  const object = text.includes('"key":') ? JSON.parse(text) : {}; // it may stand deeper
  const has = Object.hasOwn(object, "key");
  const key = has ? object.key : null;
  if (key === null || key === "") {
    const name = uuid();
    if (has) return named(JSON.stringify({ ...object, key: name }), name);
    return named(`{"key":"${name}"${text === "{}" ? "" : ","}${text.slice(1)}`, name);
  }
  if (typeof key !== "string" && typeof key !== "number") return { problem: "in plain mode the key must be a string or a number" };
  return named(text, key);
}

function named(text, key) {
  const name = String(key);
  return fitsScratch(name) ? { text, key, name } : { problem: "the key is too long" };
}
