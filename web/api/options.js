import { SUBPROTOCOL } from "../shared/abi.js";

/**
 * Defaults: the same numbers as in ../../internal/engine/options.go, which is what a Go
 * program gets; a test compares the two, and sockjax.d.ts with them.
 */
export const defaults = {
  host: "page",
  protocol: SUBPROTOCOL,
  heartbeat: { after: 25_000, timeout: 10_000 },
  reconnect: { min: 500, max: 20_000, attempts: Infinity },
  timeout: 10_000,
  queue: { calls: 10_000, bytes: 16 * 1024 * 1024 },
  outbox: { calls: 1_000, bytes: 16 * 1024 * 1024 },
};

const hosts = ["page", "worker", "shared"];

const presets = {
  seed: {
    protocol: "plain",
    heartbeat: { after: 45_000, timeout: 0 },
    reconnect: { min: 2_000, max: 2_000, attempts: 10 },
    timeout: 0,
  },
};

const known = [...Object.keys(defaults), "preset", "token", "name", "wasmURL", "workerURL"];

const ofCall = ["timeout", "signal", "idempotent", "durable", "body", "onprogress"];

/** Fills in defaults and presets. A wrong option is the page's mistake: TypeError. */
export function complete(options = {}) {
  if (options === null || typeof options !== "object") {
    throw new TypeError("sockjax: options must be an object");
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`sockjax: there is no option "${name}"; there are ${known.join(", ")}`);
    }
  }
  if (options.preset !== undefined && !Object.hasOwn(presets, options.preset)) {
    throw new TypeError(`sockjax: there is no preset "${options.preset}"; there is "seed"`);
  }
  const base = { ...defaults, ...presets[options.preset] };
  const all = {};
  for (const [name, value] of Object.entries(base)) {
    const given = options[name];
    all[name] = typeof value === "object" ? group(name, value, given) : (given ?? value);
  }
  all.queue.bytesBound = options.queue?.calls === undefined; // see Queue in ../../internal/engine/options.go
  all.outbox.name = nameOf("outbox.name", options.outbox?.name);
  if (all.protocol !== SUBPROTOCOL && all.protocol !== "plain") {
    throw new TypeError(`sockjax: protocol must be "${SUBPROTOCOL}" or "plain", not ${String(all.protocol)}`);
  }
  if (!hosts.includes(all.host)) throw new TypeError(`sockjax: host must be ${hosts.map((host) => `"${host}"`).join(", ")}, not ${String(all.host)}`);
  all.name = nameOf("name", options.name);
  duration("timeout", all.timeout);
  all.token = options.token;
  if (all.token !== undefined && typeof all.token !== "string" && typeof all.token !== "function") {
    throw new TypeError("sockjax: token must be a string, or a function that returns one");
  }
  if (all.token !== undefined && all.protocol === "plain") {
    throw new TypeError("sockjax: plain mode has no token");
  }
  return all;
}

function group(name, base, given = {}) {
  if (given === null || typeof given !== "object") {
    throw new TypeError(`sockjax: ${name} must be an object`);
  }
  const parts = name === "outbox" ? [...Object.keys(base), "name"] : Object.keys(base);
  for (const part of Object.keys(given)) {
    if (!parts.includes(part)) throw new TypeError(`sockjax: ${name} has no "${part}"; it has ${parts.join(", ")}`);
  }
  const all = {};
  for (const part of Object.keys(base)) {
    all[part] = given[part] ?? base[part];
    duration(`${name}.${part}`, all[part]);
  }
  return all;
}

function nameOf(option, name) {
  if (name === undefined || (typeof name === "string" && name !== "")) return name;
  throw new TypeError(`sockjax: ${option} must be a string that is not empty, not ${String(name)}`);
}

/** Checks the options of a call, and returns them, or undefined if there are none. */
export function checkCall(options) {
  if (options === undefined || options === null) return undefined;
  if (typeof options !== "object" || Array.isArray(options)) throw new TypeError("sockjax: the options of a call must be an object");
  if (typeof options.aborted === "boolean") throw new TypeError("sockjax: an AbortSignal must stand in the options of a call: { signal }");
  for (const name in options) {
    if (!ofCall.includes(name) && Object.hasOwn(options, name)) {
      throw new TypeError(`sockjax: a call has no option "${name}"; it has ${ofCall.join(", ")}`);
    }
  }
  const { timeout, signal, idempotent, durable, body, onprogress } = options;
  if (timeout !== undefined) duration("timeout", timeout);
  abortable(signal);
  if (onprogress !== undefined && onprogress !== null && typeof onprogress !== "function") {
    throw new TypeError(`sockjax: onprogress must be a function, not ${typeof onprogress}`);
  }
  flag("idempotent", idempotent);
  flag("durable", durable);
  if (durable && (body ?? null) !== null) throw new TypeError("sockjax: a call with a body can't be durable: a body can be read but once");
  return options;
}

const ofTopic = ["since", "gap", "refused", "signal"];

/** Checks what on() is given, and returns the options. */
export function checkTopic(topic, handler, options = {}, protocol) {
  if (protocol === "plain") throw new TypeError("sockjax: plain mode has no topics");
  if (typeof topic !== "string" || topic === "" || topic.length > LONGEST_TOPIC) {
    throw new TypeError(`sockjax: a topic must be a string of 1 to ${LONGEST_TOPIC} characters`);
  }
  if (typeof handler !== "function") throw new TypeError(`sockjax: the handler of a topic must be a function, not ${typeof handler}`);
  if (options === null || typeof options !== "object") throw new TypeError("sockjax: the options of a topic must be an object");
  for (const name of Object.keys(options)) {
    if (!ofTopic.includes(name)) throw new TypeError(`sockjax: a topic has no option "${name}"; it has ${ofTopic.join(", ")}`);
  }
  const { since, gap, refused, signal } = options;
  abortable(signal);
  for (const [name, value] of Object.entries({ gap, refused })) {
    if (value !== undefined && typeof value !== "function") throw new TypeError(`sockjax: ${name} must be a function, not ${typeof value}`);
  }
  if (since === undefined || since === null) return options;
  const { epoch = "", offset = 0 } = since;
  if (typeof since !== "object" || typeof epoch !== "string" || epoch.length > LONGEST_TOPIC || !Number.isSafeInteger(offset) || offset < 0) {
    throw new TypeError("sockjax: since must be { epoch, offset }, as a handler gets them");
  }
  return options;
}

/** Characters of a topic's name, so that it fits into every frame. Servers take less. */
const LONGEST_TOPIC = 4096;

function abortable(signal) {
  if (signal !== undefined && signal !== null && !(typeof signal.aborted === "boolean" && typeof signal.addEventListener === "function")) {
    throw new TypeError("sockjax: signal must be an AbortSignal");
  }
}

function flag(name, value) {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`sockjax: ${name} must be true or false, not ${String(value)}`);
}

/** Checks a number of milliseconds, calls or bytes. */
function duration(name, value) {
  if (typeof value !== "number" || !(value >= 0)) {
    throw new TypeError(`sockjax: ${name} must be a number, 0 or more, not ${String(value)}`);
  }
}
